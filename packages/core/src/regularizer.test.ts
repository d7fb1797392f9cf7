import { expect, test } from 'vitest';
import { customRegularizer } from './customRegularizer';
import type { Array64 } from './float64/array64';
import { float64 as fw } from './float64/float64';
import { groupLasso } from './groupLasso';
import { l1Norm } from './l1Norm';
import { l2Norm } from './l2Norm';
import type { NormScope } from './projection';
import type { Regularizer } from './regularizer';
import { differencePenalty, smoothness } from './smoothness';

/** log Σ cosh w: smooth, convex, with no retraction in closed form. */
const logCosh = customRegularizer({
  name: 'log cosh',
  value: (any, weights) =>
    weights
      .map((w) => any.sum(any.log(any.add(any.exp(w), any.exp(any.mul(w, any.array(-1)))))))
      .reduce((a, b) => any.add(a, b)),
});

const weights = (seed = 1) => [fw.normal([6, 3], seed), fw.normal([6, 2], seed + 1)];
const all: [string, Regularizer, NormScope, Array64[]][] = [
  ['l2', l2Norm(), 'group', weights()],
  ['l2 per unit', l2Norm(), 'unit', [fw.normal([6, 3], 1), fw.normal([2, 3], 2)]],
  ['l1', l1Norm(), 'group', weights()],
  ['l1 per unit', l1Norm(), 'unit', [fw.normal([2, 3, 3], 1)]],
  ['groupLasso', groupLasso(), 'group', weights()],
  ['group of units', groupLasso({ axis: -1 }), 'group', weights()],
  ['group of arrays', groupLasso({ axis: 'array' }), 'group', weights()],
  ['smoothness', smoothness(differencePenalty(6)), 'group', weights()],
  ['smoothness per unit', smoothness(differencePenalty(6, 3)), 'unit', [fw.normal([6, 3], 1)]],
  ['custom', logCosh, 'group', weights()],
];
const norm = (r: Regularizer, ws: readonly Array64[], per: NormScope = 'group') => [
  ...r.value(fw, ws, per).data,
];
const flat = (xs: readonly Array64[]) => xs.flatMap((x) => [...x.data]);

test.each(all)('%s: the gradient agrees with central differences', (_, regularizer, per, ws) => {
  const gradient = regularizer.gradient(fw, ws, per);
  const sum = () => norm(regularizer, ws, per).reduce((a, b) => a + b);
  ws.forEach(({ data }, i) => {
    data.forEach((at, j) => {
      const [above, below] = [1e-6, -1e-6].map((h) => {
        data[j] = at + h;
        return sum();
      });
      data[j] = at;
      expect(gradient[i].data[j]).toBeCloseTo((above - below) / 2e-6, 6);
    });
  });
});

test.each(all)('%s: a retraction lands on the level, from both sides', (_, regularizer, per, ws) => {
  for (const factor of [0.5, 0.98, 1, 1.02, 2]) {
    const level = fw.mul(regularizer.value(fw, ws, per), fw.array(factor));
    // A single Newton-like retraction is for short distances only; the others reach the level from anywhere.
    if (regularizer === logCosh && (factor < 0.9 || factor > 1.9)) continue;
    const back = regularizer.retract(fw, ws, level, per);
    norm(regularizer, back, per).forEach((value, unit) => {
      expect(Math.abs(value / level.data[unit] - 1)).toBeLessThan(1e-12);
    });
    // Weights near their level do not move far.
    if (factor === 1) {
      flat(back).forEach((v, i) => {
        expect(v).toBeCloseTo(flat(ws)[i], 9);
      });
    }
  }
});

test.each(all)('%s: zero weights, and a level at its lower bound, have a result', (_, r, per, ws) => {
  const zeros = ws.map(({ data, shape }) => fw.array(new Float64Array(data.length), shape));
  if (r !== logCosh) expect(flat(r.gradient(fw, zeros, per))).toEqual(flat(zeros));
  const level = fw.mul(r.value(fw, ws, per), fw.array(0));
  expect(flat(r.retract(fw, zeros, fw.add(level, fw.array(1)), per))).toEqual(flat(zeros));
  for (const least of [r.lowerBound, 0]) {
    const back = r.retract(fw, ws, fw.add(level, fw.array(least)), per);
    expect(flat(back).every(Number.isFinite)).toBe(true);
    if (r !== logCosh) {
      for (const value of norm(r, back, per)) expect(Math.abs(value - least)).toBeLessThan(1e-12);
    }
  }
});

/** The projection on the ℓ1 ball of Duchi et al. 2008, by sorting: independent of the Newton steps under test. */
function projectByLength(lengths: number[], radius: number): number[] {
  const sorted = [...lengths].sort((a, b) => b - a);
  let [sum, threshold] = [0, 0];
  sorted.forEach((length, i) => {
    sum += length;
    if (length > (sum - radius) / (i + 1)) threshold = (sum - radius) / (i + 1);
  });
  return lengths.map((length) => Math.max(length - threshold, 0));
}

test('L1 from outside is the Euclidean projection on the ball, with exact zeros', () => {
  for (const count of [1, 7, 300, 20_000]) {
    for (const share of [0.001, 0.1, 0.5, 0.9]) {
      const w = fw.normal([count], count);
      const radius = share * l1Norm().value(fw, [w]).data[0];
      const [back] = l1Norm({ steps: 12 }).retract(fw, [w], fw.array(radius));
      const expected = projectByLength([...w.data].map(Math.abs), radius);
      // One comparison for all: an `expect` for each number takes seconds.
      const off = expected.filter((length, i) => Math.abs(Math.abs(back.data[i]) - length) > 1e-10);
      const zeros = expected.filter((length, i) => (length === 0) !== (back.data[i] === 0));
      const turned = expected.filter((_, i) => back.data[i] * w.data[i] < 0);
      expect([off, zeros, turned]).toEqual([[], [], []]);
    }
  }
});

test('with fewer steps the level is exact, and repeated retractions converge to the nearest point', () => {
  const w = fw.normal([20_000], 8);
  const radius = 0.01 * norm(l1Norm(), [w])[0];
  const exact = l1Norm({ steps: 12 }).retract(fw, [w], fw.array(radius))[0];
  const zeros = (x: Array64) => x.data.filter((v) => v === 0).length;
  const [near] = l1Norm().retract(fw, [w], fw.array(radius));
  expect(norm(l1Norm(), [near])[0] / radius).toBeCloseTo(1, 12);
  expect(zeros(near)).toBeLessThan(zeros(exact));
  // It undoes a training step, which five steps nearly do.
  const moved = fw.add(exact, fw.mul(fw.normal([20_000], 9), fw.array(1e-3)));
  const [a, b] = [5, 12].map((steps) => l1Norm({ steps }).retract(fw, [moved], fw.array(radius))[0]);
  expect(Math.max(...a.data.map((v, i) => Math.abs(v - b.data[i])))).toBeLessThan(1e-5);
});

test.each(all)('%s: a weight that is not finite changes no other', (_, regularizer, per, ws) => {
  const level = fw.mul(regularizer.value(fw, ws, per), fw.array(0.9));
  for (const bad of [Number.NaN, Number.POSITIVE_INFINITY]) {
    const broken = ws.map((w, i) =>
      fw.array(
        [...w.data].map((v, j) => (i + j === 0 ? bad : v)),
        w.shape,
      ),
    );
    const back = regularizer.retract(fw, broken, level, per);
    flat(back)
      .slice(1)
      .forEach((v, i) => {
        // In a group norm, the block of that weight is affected too.
        if (regularizer.name === 'groupLasso' && !Number.isFinite(v)) return;
        expect(v).toBeCloseTo(flat(broken)[i + 1], 12);
      });
  }
});

test('the group retraction is the projection of the block lengths, and zeroes whole blocks', () => {
  const w = fw.normal([50, 4], 3);
  const lengths = (x: Array64) =>
    Array.from({ length: 50 }, (_, i) => Math.hypot(...x.data.slice(4 * i, 4 * i + 4)));
  const radius = 0.3 * lengths(w).reduce((a, b) => a + b);
  const [back] = groupLasso().retract(fw, [w], fw.array(radius));
  const expected = projectByLength(lengths(w), radius);
  expect(expected.filter((length) => length === 0).length).toBeGreaterThan(5);
  lengths(back).forEach((length, i) => {
    expect(length).toBeCloseTo(expected[i], 10);
    if (expected[i] === 0) expect(length).toBe(0);
  });
});

test('L1 from inside keeps zeros and signs; a coordinate that would cross zero stops there', () => {
  const grown = l1Norm().retract(fw, [fw.array([1, 0, -2])], fw.array(5))[0];
  expect([...grown.data]).toEqual([2, 0, -3]);
  const shrunk = l1Norm().retract(fw, [fw.array([1, 0.1, -2])], fw.array(1.5))[0];
  // 1 − τ + 2 − τ = 1.5 with τ = 0.75 > 0.1.
  [0.25, 0, -1.25].forEach((v, i) => {
    expect(shrunk.data[i]).toBeCloseTo(v, 12);
  });
  expect(shrunk.data[1]).toBe(0);
});

test('each output unit has a separate level', () => {
  const w = fw.array([3, 1, 4, 0, 0, 0], [2, 3]); // columns (3, 0), (1, 0), (4, 0)
  const [back] = l2Norm().retract(fw, [w], fw.array([1, 2, 8]), 'unit');
  expect([...back.data]).toEqual([1, 2, 8, 0, 0, 0]);
  expect(norm(l1Norm(), [fw.array([3, 1, -4, -1, 2, 0], [2, 3])], 'unit')).toEqual([4, 3, 4]);
});

test('smoothness does not move the null space', () => {
  const line = [0, 1, 2, 3, 4, 5].map((i) => 3 - 2 * i);
  const penalty = smoothness(differencePenalty(6));
  const rough = fw.normal([6], 5);
  const w = fw.array([...rough.data].map((v, i) => v + line[i]));
  const level = 0.25 * norm(penalty, [w])[0];
  const [back] = penalty.retract(fw, [w], fw.array(level));
  // The straight line that fits best is the part in the null space.
  const fit = (values: Float64Array) => {
    const mean = values.reduce((a, b) => a + b) / 6;
    const slope = values.reduce((sum, v, i) => sum + v * (i - 2.5), 0) / 17.5;
    return [mean, slope];
  };
  fit(back.data).forEach((v, i) => {
    expect(v).toBeCloseTo(fit(w.data)[i], 10);
  });
  // A straight line is on the level set {R = 0} only, so it stays.
  const straight = penalty.retract(fw, [fw.array(line)], fw.array(1))[0];
  straight.data.forEach((v, i) => {
    expect(v).toBeCloseTo(line[i], 10);
  });
});

test('bad regularizers are refused by name', () => {
  expect(() => smoothness({ matrix: [1, 2, 3], size: 2 })).toThrow(
    'matrix: has 3 numbers, but size 2 needs 4',
  );
  expect(() => smoothness({ matrix: [1, 2, 3, 1], size: 2 })).toThrow(
    'not symmetric, or not finite, at (0, 1)',
  );
  expect(() => smoothness({ matrix: [1, Number.NaN, 3, 1], size: 2 })).toThrow('not finite');
  expect(() => smoothness({ matrix: [1, 0, 0, 1], size: 2, nullSpace: [[1, 1]] })).toThrow(
    'nullSpace: has a vector that S does not map to zero',
  );
  expect(() => smoothness(differencePenalty(6)).value(fw, [fw.array([1, 2])])).toThrow(
    'weights: have shape [2]. Give 6 rows',
  );
  expect(() => differencePenalty(2, 2)).toThrow('size: must be an integer of at least 3');
  expect(() => groupLasso({ axis: 0.5 })).toThrow("axis: must be an integer or 'array', but is 0.5");
  expect(() => groupLasso().value(fw, [fw.array([1, 2])])).toThrow('axis: is -2, but an array has shape [2]');
  expect(() => customRegularizer({ value: 3 as never })).toThrow('value: must be a function');
  expect(() => customRegularizer({ value: () => null as never, steps: 0 })).toThrow('steps: must be');
});
