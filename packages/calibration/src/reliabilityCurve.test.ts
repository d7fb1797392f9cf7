import { expect, test } from 'vitest';
import { reliabilityCurve } from './reliabilityCurve';

const probabilities = [
  [0.9, 0.1],
  [0.3, 0.7],
  [0.6, 0.4],
];
const labels = [0, 0, 1];

test('for the most probable class', () => {
  const curve = reliabilityCurve(probabilities, labels, { bins: 2 });
  expect(curve).toHaveLength(1);
  expect(curve[0]).toMatchObject({ lower: 0.5, upper: 1, count: 3, accuracy: 1 / 3 });
  expect(curve[0].confidence).toBeCloseTo((0.9 + 0.7 + 0.6) / 3, 14);
});

test('for one class', () => {
  const curve = reliabilityCurve(probabilities, labels, { bins: 2, class: 1 });
  expect(curve.map(({ count, accuracy }) => [count, accuracy])).toEqual([
    [2, 0.5],
    [1, 0],
  ]);
  expect(() => reliabilityCurve(probabilities, labels, { class: 2 })).toThrow(
    /class: must be an integer from 0 to 1, but is 2/,
  );
});
