import { elapsedShare as coreShare, rhoStepTime as coreTime } from '@crossreg/core/internal';
import { defaultDevice, init, numpy as np } from '@jax-js/jax';
import { beforeAll, expect, test } from 'vitest';
import { adam, sgd } from '.';
import { elapsedShare, type GradientTransformation, rhoStepTime } from './optimizer';

beforeAll(async () => {
  await init('wasm');
  defaultDevice('wasm');
});

/** The path of one number x under gradients 2x. */
function walk(optimizer: GradientTransformation, steps: number): number[] {
  let x = np.array([1, -3]);
  let state = optimizer.init(x.ref);
  return Array.from({ length: steps }, () => {
    let updates: typeof x;
    [updates, state] = optimizer.update(x.ref.mul(2), state, x.ref);
    x = x.add(updates);
    return (x.ref.js() as number[])[1];
  });
}

test('adam is Adam', () => {
  let [x, m, v] = [-3, 0, 0];
  const expected = Array.from({ length: 30 }, (_, i) => {
    const [g, t] = [2 * x, i + 1];
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    x -= (0.1 * (m / (1 - 0.9 ** t))) / (Math.sqrt(v / (1 - 0.999 ** t)) + 1e-8);
    return x;
  });
  walk(adam({ learningRate: 0.1 }), 30).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 4);
  });
});

test('sgd with momentum is the heavy ball, with a rate that a schedule gives', () => {
  let [x, v] = [-3, 0];
  const expected = Array.from({ length: 10 }, (_, i) => {
    v = 0.5 * v + 2 * x;
    x -= (0.1 / (i + 1)) * v;
    return x;
  });
  const optimizer = sgd({
    learningRate: (step) => np.reciprocal(step.astype(np.float32).add(1)).mul(0.1),
    momentum: 0.5,
  });
  walk(optimizer, 10).forEach((value, i) => {
    expect(value).toBeCloseTo(expected[i], 5);
  });
  expect(walk(sgd({ learningRate: 0.25 }), 2)).toEqual([-1.5, -0.75]);
});

test.each(['auto', 1, 7] as const)('the pace of σ is that of core (every: %s)', (every) => {
  const steps = [...Array(90).keys(), 200, 1000, 20_000];
  const [shares, times] = [elapsedShare, rhoStepTime].map(
    (of) => of(every, np.array(Int32Array.from(steps))).js() as number[],
  );
  steps.forEach((step, i) => {
    expect(Math.abs(shares[i] / coreShare({ every }, step) - 1)).toBeLessThan(2e-3);
    expect(Math.abs(times[i] / coreTime({ every }, step) - 1)).toBeLessThan(2e-3);
  });
});
