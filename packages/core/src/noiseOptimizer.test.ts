import { expect, test } from 'vitest';
import { float64 } from './float64/float64';
import { noiseOptimizer } from './noiseOptimizer';
import { fillNormal } from './random';
import { createSchedule, isRegularizationStep, type Schedule } from './schedule';

/** log σ after `steps` training steps under a gradient of constant sign. */
function walk(every: Schedule['every'], steps: number, sign: number): number {
  const schedule = createSchedule({ every });
  const raw = float64.variable(float64.array(0));
  const optimizer = noiseOptimizer(schedule)(float64, [raw]);
  for (let step = 0; step < steps; step++) {
    if (isRegularizationStep(schedule, step)) optimizer.step([float64.array(sign)]);
  }
  return raw.data[0];
}

test.each(['auto', 1, 5] as const)(
  'σ falls by two nats in an e-fold of training time (every: %s)',
  (every) => {
    for (const steps of [200, 1000, 5000]) {
      const time = (t: number) => Math.log((t + 20) / 20);
      // The sum of Δt / (t + 20) is below its integral by at most the first, largest terms.
      expect(-walk(every, steps, 1) / 2 / time(steps)).toBeGreaterThan(0.9);
      expect(-walk(every, steps, 1) / 2 / time(steps)).toBeLessThan(1.001);
    }
  },
);

test('σ climbs twice as far where gradients agree', () => {
  const from = (sign: number) => walk('auto', 1900, sign) - walk('auto', 440, sign);
  expect(from(-1) / -from(1)).toBeCloseTo(2, 6);
});

test('before a network can overfit, σ hardly climbs: with the square of the steps, by two nats until step 400', () => {
  // The clock t starts at 20: the integral of 4 t / 400² is 2 (t² − 20²) / 400².
  const climb = (steps: number) => (2 * ((steps + 20) ** 2 - 20 ** 2)) / 400 ** 2;
  for (const steps of [100, 200, 380]) {
    expect(walk('auto', steps, -1) / climb(steps)).toBeGreaterThan(0.9);
    expect(walk('auto', steps, -1) / climb(steps)).toBeLessThan(1.1);
  }
});

test('late in a run σ climbs by the time itself: four nats in 2,000 steps, and falls by its logarithm', () => {
  const from = (sign: number) => walk('auto', 42_000, sign) - walk('auto', 40_000, sign);
  expect(from(-1)).toBeCloseTo(4, 2);
  expect(from(1)).toBeCloseTo(-2 * Math.log(42 / 40), 2);
});

test('gradients that are all noise do not raise σ', () => {
  const schedule = createSchedule();
  const finals = Array.from({ length: 40 }, (_, seed) => {
    const raw = float64.variable(float64.array(0));
    const optimizer = noiseOptimizer(schedule)(float64, [raw]);
    const noise = fillNormal(new Float64Array(300), seed);
    for (const g of noise) optimizer.step([float64.array(g)]);
    return raw.data[0];
  });
  const mean = finals.reduce((sum, v) => sum + v, 0) / finals.length;
  const spread = Math.sqrt(finals.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 39 / 40);
  // 300 ρ steps are 4,800 training steps, 5.5 e-folds: steps up of fixed weight would gain several nats.
  expect(mean).toBeLessThan(0.3 + 3 * spread);
});

test('the same path at any interval: what counts is the time, not the number of ρ steps', () => {
  expect(walk(1, 2000, 1) / walk(4, 2000, 1)).toBeGreaterThan(0.97);
  expect(walk(1, 2000, 1) / walk(4, 2000, 1)).toBeLessThan(1.03);
});
