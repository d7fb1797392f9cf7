import { expect, test } from 'vitest';
import { float64 } from './float64/float64';
import { noisePace } from './noisePace';
import { createSchedule, isRegularizationStep, type Schedule } from './schedule';

/** log σ after `steps` training steps under a gradient of constant sign. */
function walk(every: Schedule['every'], steps: number, sign: number): number {
  const schedule = createSchedule({ every });
  const raw = float64.variable(float64.array(0));
  const optimizer = noisePace(schedule)(float64, [raw]);
  for (let step = 0; step < steps; step++) {
    if (isRegularizationStep(schedule, step)) optimizer.step([float64.array(sign)]);
  }
  return raw.data[0];
}

test.each(['auto', 1, 5] as const)(
  'σ falls by one nat in an e-fold of training time (every: %s)',
  (every) => {
    for (const steps of [200, 1000, 5000]) {
      const time = (t: number) => Math.log((t + 20) / 20);
      // The sum of Δt / (t + 20) is below its integral by at most the first, largest terms.
      expect(-walk(every, steps, 1) / time(steps)).toBeGreaterThan(0.9);
      expect(-walk(every, steps, 1) / time(steps)).toBeLessThan(1.001);
    }
  },
);

test('σ climbs four times as far', () => {
  expect(walk('auto', 500, -1) / -walk('auto', 500, 1)).toBeCloseTo(4, 6);
});

test('the same path at any interval: what counts is the time, not the number of ρ steps', () => {
  expect(walk(1, 2000, 1) / walk(4, 2000, 1)).toBeGreaterThan(0.97);
  expect(walk(1, 2000, 1) / walk(4, 2000, 1)).toBeLessThan(1.03);
});
