import { expect, test } from 'vitest';
import { createSchedule, expectedOverhead, isRegularizationStep } from './schedule';

test('ρ steps follow every `every`-th training step after the warm-up', () => {
  const due = (options: object) =>
    Array.from({ length: 12 }, (_, step) => step).filter((step) =>
      isRegularizationStep(createSchedule(options), step),
    );
  expect(due({ every: 4 })).toEqual([3, 7, 11]);
  expect(due({ every: 4, warmUp: 5 })).toEqual([8]);
  expect(due({ every: 1, warmUp: 10 })).toEqual([10, 11]);
});

test('the cost falls as samples over every', () => {
  expect(expectedOverhead(createSchedule({ every: 20, samples: 3 }))).toBeCloseTo(0.1);
  expect(expectedOverhead(createSchedule({ every: 20, samples: 3 }), 0.5)).toBeCloseTo(0.05);
});
