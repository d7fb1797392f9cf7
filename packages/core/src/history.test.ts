import { expect, test } from 'vitest';
import type { Array64 } from './float64/array64';
import { float64 } from './float64/float64';
import type { Framework } from './framework';
import { RegularizationHistory } from './history';
import { regularizationParameter } from './regularizationParameter';

/** The reference framework, which counts the variables that are alive and the reads. */
function counting() {
  const alive = new Set<Array64>();
  let reads = 0;
  const framework: Framework<Array64> = {
    ...float64,
    variable(x) {
      const made = float64.variable(x);
      alive.add(made);
      return made;
    },
    dispose(xs) {
      for (const x of [xs].flat() as Array64[]) alive.delete(x);
      float64.dispose(xs);
    },
    read(x) {
      reads += 1;
      return float64.read(x);
    },
  };
  return { framework, alive, reads: () => reads };
}

/** A history of two parameters, one of them an array. */
function prepared() {
  const { framework: fw, alive, reads } = counting();
  const [one, two] = [float64.variable(float64.array(0)), float64.variable(float64.array([0, Math.log(3)]))];
  const history = new RegularizationHistory(fw, [
    regularizationParameter(fw, { name: 'one', variable: one }),
    regularizationParameter(fw, { name: 'two', variable: two }),
  ]);
  const record = (step: number, loss: number, finite = 1) =>
    fw.tidy(() => history.record(step, fw.array(loss), fw.array(finite), [fw.array(0.5), fw.array([1, -4])]));
  return { fw, alive, reads, history, record, one };
}

test('numbers stay on the device until they are read, and are then read together: means of values, sums of gradients', async () => {
  const { history, record, alive, reads, one } = prepared();
  record(20, 1.5);
  one.data[0] = Math.log(2);
  record(40, 1.25);
  expect(reads()).toBe(0);
  expect(history.step).toEqual([]);
  expect(alive.size).toBe(2);
  await history.flush();
  expect(alive.size).toBe(0);
  expect(history.toJSON()).toEqual({
    step: [20, 40],
    loss: [1.5, 1.25],
    rho: {
      // exp of the raw values when it was noted: 1, then 2; the mean of 1 and 3.
      one: { value: [1, expect.closeTo(2, 14)], gradient: [0.5, 0.5] },
      two: { value: [expect.closeTo(2, 14), expect.closeTo(2, 14)], gradient: [-3, -3] },
    },
    skipped: 0,
  });
  expect(JSON.parse(JSON.stringify(history))).toEqual(history.toJSON());
});

test('steps that were not taken are counted', async () => {
  const { history, record } = prepared();
  record(1, Number.NaN, 0);
  record(2, 1);
  record(3, Number.POSITIVE_INFINITY, 0);
  await history.flush();
  await history.flush();
  expect(history.skipped).toBe(2);
  expect(history.loss).toEqual([Number.NaN, 1, Number.POSITIVE_INFINITY]);
});

test('every parameter has a status', async () => {
  const { history, record } = prepared();
  expect(history.status()).toMatchObject({ one: { status: 'no steps' }, two: { status: 'no steps' } });
  for (let i = 0; i < 5; i++) record(i, 1);
  await history.flush();
  // Five steps are fewer than the window of twenty.
  expect(history.status()).toMatchObject({
    one: { status: 'undetermined' },
    two: { status: 'undetermined' },
  });
});

test('a record replaces all earlier and pending numbers; parameters that it lacks begin empty', async () => {
  const { history, record, alive } = prepared();
  record(1, 9);
  await history.flush();
  record(2, 9);
  const saved = {
    step: [5],
    loss: [0.5],
    rho: { one: { value: [2], gradient: [1] }, gone: { value: [1], gradient: [1] } },
    skipped: 3,
  };
  history.loadRecord(saved);
  expect(alive.size).toBe(0);
  await history.flush();
  expect(history.toJSON()).toEqual({
    ...saved,
    rho: { one: saved.rho.one, two: { value: [], gradient: [] } },
  });
  record(6, 0.25);
  await history.flush();
  expect(history.step).toEqual([5, 6]);
  // A copy: the record of the earlier run is unchanged.
  expect(saved.rho.one.value).toEqual([2]);
  expect(saved.step).toEqual([5]);
});

test('dispose frees pending numbers', () => {
  const { history, record, alive } = prepared();
  record(1, 1);
  history.dispose();
  expect(alive.size).toBe(0);
});

test('the record of a long run is loaded (200,000 ρ steps were more than a call takes arguments)', () => {
  const { history } = prepared();
  const path = Array.from({ length: 200_000 }, (_, i) => i);
  history.loadRecord({ step: path, loss: path, rho: { one: { value: path, gradient: path } }, skipped: 0 });
  expect([history.step.length, history.loss.length, history.rho.one.value.length]).toEqual([2e5, 2e5, 2e5]);
  // Its own record, too.
  history.loadRecord(history);
  expect(history.step).toEqual(path);
});
