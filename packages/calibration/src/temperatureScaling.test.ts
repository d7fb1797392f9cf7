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

test('without a minimum inside, the bound is given and named', () => {
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
  expect(
    temperatureScaling(
      [
        [1, 1],
        [1, 1],
      ],
      [1, 0],
    ).atBound,
  ).toBe(true);
});
