import { expect, test } from 'vitest';
import { createSchedule, elapsedShare, expectedOverhead, isRegularizationStep } from './schedule';

test('ρ steps follow every `every`-th training step after the warm-up', () => {
  const due = (options: object) =>
    Array.from({ length: 12 }, (_, step) => step).filter((step) =>
      isRegularizationStep(createSchedule(options), step),
    );
  expect(due({ every: 4 })).toEqual([3, 7, 11]);
  expect(due({ every: 4, warmUp: 5 })).toEqual([8]);
  expect(due({ every: 1, warmUp: 10 })).toEqual([10, 11]);
});

test('the cost is proportional to samples / every', () => {
  expect(expectedOverhead(createSchedule({ every: 20, samples: 3 }))).toBeCloseTo(0.1);
  expect(expectedOverhead(createSchedule({ every: 20, samples: 3 }), 0.5)).toBeCloseTo(0.05);
});

test("'auto' takes a ρ step after each of the first 20 training steps, ever fewer up to step 400, then one in 20", () => {
  const schedule = createSchedule();
  const due = Array.from({ length: 2000 }, (_, step) => step).filter((step) =>
    isRegularizationStep(schedule, step),
  );
  expect(due.slice(0, 20)).toEqual(Array.from({ length: 20 }, (_, i) => i));
  const intervals = due.slice(1).map((step, i) => step - due[i]);
  // An interval is a twentieth of the time that has passed, to whole steps.
  intervals.forEach((interval, i) => {
    expect(Math.abs(interval - Math.min(20, Math.max(1, due[i + 1] / 20)))).toBeLessThan(2);
  });
  expect(due.filter((step) => step < 150).length).toBe(60);
  expect(due.filter((step) => step >= 400).length).toBe(80);
});

test('a warm-up puts off the whole schedule', () => {
  const [plain, late] = [createSchedule(), createSchedule({ warmUp: 30 })];
  for (let step = 0; step < 500; step++) {
    expect(isRegularizationStep(late, step + 30)).toBe(isRegularizationStep(plain, step));
  }
  expect(isRegularizationStep(late, 29)).toBe(false);
});

test('the shares of training time add up to its logarithm', () => {
  let sum = 0;
  let count = 0;
  const schedule = createSchedule();
  for (let step = 0; step < 20_000; step++) {
    if (isRegularizationStep(schedule, step)) sum += elapsedShare(schedule, count++);
  }
  expect(sum / Math.log(20_020 / 20)).toBeGreaterThan(0.95);
  expect(sum / Math.log(20_020 / 20)).toBeLessThan(1);
});

test("the cost of 'auto' falls with the length of the run, to that of one ρ step in 20", () => {
  const cost = (steps: number) => expectedOverhead(createSchedule(), 1, steps);
  expect(cost(20)).toBeCloseTo((2 / 3) * 4);
  expect(cost(1e7)).toBeCloseTo(expectedOverhead(createSchedule({ every: 20 })), 3);
});

test('every is a number or auto', () => {
  expect(() => createSchedule({ every: 'often' as never })).toThrow(
    "must be 'auto' or an integer of at least 1",
  );
  expect(() => createSchedule({ every: 0 })).toThrow("Leave it out for 'auto'");
});
