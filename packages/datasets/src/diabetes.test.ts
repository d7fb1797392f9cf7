import { expect, test } from 'vitest';
import { diabetes } from './diabetes';

test('442 patients in original units', async () => {
  const { features, targets, shape, featureNames } = await diabetes();
  expect(shape).toEqual([442, 10]);
  expect(featureNames).toEqual(['age', 'sex', 'bmi', 'bp', 's1', 's2', 's3', 's4', 's5', 's6']);
  expect([...features.subarray(0, 10)]).toEqual([59, 2, 32.1, 101, 157, 93.2, 38, 4, 4.8598, 87]);
  expect([targets[0], targets[441]]).toEqual([151, 57]);
  expect(targets.reduce((a, b) => a + b) / 442).toBeCloseTo(152.13348416289594, 10);
  // Column means, by scikit-learn 1.9.1.
  const means = [
    48.51809954751131, 1.4683257918552035, 26.37579185520364, 94.64701357466065, 189.14027149321268,
  ];
  means.forEach((mean, j) => {
    let sum = 0;
    for (let i = 0; i < 442; i++) sum += features[i * 10 + j];
    expect(sum / 442).toBeCloseTo(mean, 9);
  });
});

test('scaled as in the paper: the same numbers as scikit-learn', async () => {
  const { features } = await diabetes({ scaled: true });
  const first = [0.038075906433423026, 0.05068011873981862, 0.061696206518683294, 0.0218723855140367];
  const last = [0.17381578478910462, -0.03949338287409329, -0.00422151393810765, 0.0030644094143684884];
  first.forEach((value, j) => {
    expect(features[j]).toBeCloseTo(value, 13);
  });
  last.forEach((value, j) => {
    expect(features[441 * 10 + 6 + j]).toBeCloseTo(value, 13);
  });
});
