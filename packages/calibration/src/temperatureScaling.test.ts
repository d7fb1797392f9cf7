import { expect, test } from 'vitest';
import { softmax } from './softmax';
import { temperatureScaling } from './temperatureScaling';

test('one example of each kind: solved by hand', () => {
  // Right in 3 of 4, always with logit difference 2: the best probability is 3/4, so 2 / T = log 3.
  const scaling = temperatureScaling(
    [
      [2, 0],
      [2, 0],
      [2, 0],
      [2, 0],
    ],
    [0, 0, 0, 1],
  );
  expect(scaling.temperature).toBeCloseTo(2 / Math.log(3), 12);
  expect(scaling.atBound).toBe(false);
  expect(scaling.apply([2, 0])[0]).toBeCloseTo(0.75, 12);
});

test('scaling the logits scales the temperature', () => {
  const logits = [1, 0, 0, 2, 0.5, 0, 1, 3, 0, 1];
  const labels = [0, 1, 1, 1, 0];
  const one = temperatureScaling(logits, labels).temperature;
  for (const factor of [0.05, 10, 30]) {
    const scaled = logits.map((z) => z * factor);
    expect(temperatureScaling(scaled, labels).temperature / (one * factor)).toBeCloseTo(1, 10);
  }
});

test('logits of very different size converge too', () => {
  const logits = [500, 0, -300, 0, 0.01, 0, 20, 0, 0, 400];
  const labels = [0, 1, 1, 1, 0];
  const { temperature, atBound } = temperatureScaling(logits, labels);
  expect(atBound).toBe(false);
  const loss = (t: number) =>
    -labels.reduce(
      (sum, label, i) =>
        sum +
        Math.log(
          softmax(
            logits.map((z) => z / t),
            2,
          )[2 * i + label],
        ),
      0,
    );
  expect(loss(temperature)).toBeLessThanOrEqual(loss(temperature * 1.001));
  expect(loss(temperature)).toBeLessThanOrEqual(loss(temperature / 1.001));
});

test('without an interior minimum, the bound is returned and reported', () => {
  expect(
    temperatureScaling(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 1],
    ),
  ).toMatchObject({ atBound: true });
  expect(
    temperatureScaling(
      [
        [1, 0],
        [0, 1],
      ],
      [0, 1],
    ).temperature,
  ).toBeCloseTo(0.001, 12);
  expect(
    temperatureScaling(
      [
        [1, 0],
        [0, 1],
      ],
      [1, 0],
    ).temperature,
  ).toBeCloseTo(1000, 9);
});

test('constant logits leave T at 1, because every T gives the same probabilities (it was 0.001)', () => {
  const flat = [
    [1, 1, 1],
    [0.1 + 0.2, 0.3, 0.3],
    [-7, -7, -7],
  ];
  const scaling = temperatureScaling(flat, [1, 0, 2]);
  expect(scaling).toMatchObject({ temperature: 1, atBound: false });
  expect([...scaling.apply([[5, 5, 5]])]).toEqual([1 / 3, 1 / 3, 1 / 3]);
  expect(temperatureScaling([0, 0], [1, 0]).temperature).toBe(1);
});

test('one logit per example, solved by hand: right in 3 of 4, always with logit 2', () => {
  const scaling = temperatureScaling([2, 2, -2, 2], [1, 1, 0, 0]);
  expect(scaling.temperature).toBeCloseTo(2 / Math.log(3), 12);
  const [up, down] = scaling.apply([2, -2]);
  expect(up).toBeCloseTo(0.75, 12);
  expect(down).toBeCloseTo(0.25, 12);
  expect([...scaling.apply([[2000], [-2000]])]).toEqual([1, 0]);
  expect(() => temperatureScaling([2, -2], [0, 2])).toThrow(
    'labels[1]: must be a class index from 0 to 1, but is 2',
  );
});

test.each<[string, any, RegExp]>([
  ['wider rows', [[1, 2, 3]], /must hold 2 numbers in every row, but row 0 has 3/],
  ['narrower rows', [[1], [2]], /must hold 2 numbers in every row, but row 0 has 1/],
  ['half a row', [1, 2, 3], /not a multiple/],
  ['NaN', [[1, Number.NaN]], /must be finite, but example 0, class 1 has NaN/],
  ['text', [['1', '2']], /must be a number, but is "1"/],
])('apply refuses %s', (_, logits, message) => {
  expect(() =>
    temperatureScaling(
      [
        [2, 0],
        [0, 1],
      ],
      [0, 0],
    ).apply(logits),
  ).toThrow(message);
});
