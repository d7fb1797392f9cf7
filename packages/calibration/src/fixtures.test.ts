import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import {
  accuracy,
  brierDecomposition,
  brierScore,
  expectedCalibrationError,
  maximumCalibrationError,
  negativeLogLikelihood,
  softmax,
  temperatureScaling,
  vectorScaling,
} from './index';

// Written by scripts/fixtures.py from scikit-learn, netcal, torchmetrics and SciPy.
const reference = JSON.parse(
  readFileSync(new URL('../test/fixtures/reference.json', import.meta.url), 'utf8'),
);

describe.each<any>(reference.cases)('agrees with independent implementations: $name', (expected) => {
  const { logits, labels, classes } = expected;
  const probabilities = softmax(logits, classes);

  test('accuracy, negative log-likelihood, Brier score (scikit-learn)', () => {
    expect(accuracy(probabilities, labels)).toBeCloseTo(expected.accuracy, 12);
    expect(negativeLogLikelihood(probabilities, labels)).toBeCloseTo(expected.nll, 12);
    expect(brierScore(probabilities, labels)).toBeCloseTo(expected.brier, 12);
  });

  test('expected calibration error (netcal; torchmetrics, in float32)', () => {
    expect(expectedCalibrationError(probabilities, labels)).toBeCloseTo(expected.ece.netcal, 12);
    expect(expectedCalibrationError(probabilities, labels)).toBeCloseTo(expected.ece.torchmetrics, 6);
    expect(expectedCalibrationError(probabilities, labels, { strategy: 'quantile' })).toBeCloseTo(
      expected.ece.mass,
      12,
    );
    expect(expectedCalibrationError(probabilities, labels, { mode: 'classwise' })).toBeCloseTo(
      expected.ece.classwise,
      12,
    );
    expect(
      expectedCalibrationError(probabilities, labels, { mode: 'classwise', strategy: 'quantile' }),
    ).toBeCloseTo(expected.ece.classwiseMass, 12);
  });

  test('maximum calibration error (torchmetrics, netcal)', () => {
    expect(maximumCalibrationError(probabilities, labels)).toBeCloseTo(expected.mce.torchmetrics, 6);
    expect(maximumCalibrationError(probabilities, labels, { mode: 'classwise' })).toBeCloseTo(
      expected.mce.classwise,
      12,
    );
  });

  test("Murphy's decomposition (NumPy)", () => {
    const { reliability, resolution, uncertainty } = brierDecomposition(probabilities, labels);
    expect(reliability).toBeCloseTo(expected.brierDecomposition.reliability, 12);
    expect(resolution).toBeCloseTo(expected.brierDecomposition.resolution, 12);
    expect(uncertainty).toBeCloseTo(expected.brierDecomposition.uncertainty, 12);
  });

  test('temperature scaling (SciPy, bounded scalar minimization)', () => {
    const scaling = temperatureScaling(logits, labels);
    expect(scaling.temperature / expected.temperature).toBeCloseTo(1, 6);
    const nll = negativeLogLikelihood(scaling.apply(logits), labels);
    expect(nll).toBeLessThanOrEqual(expected.temperatureNll + 1e-14);
    expect(nll).toBeCloseTo(expected.temperatureNll, 12);
  });

  test('vector scaling (SciPy, BFGS)', () => {
    const scaling = vectorScaling(logits, labels);
    expect(scaling.converged).toBe(true);
    scaling.weights.forEach((weight, k) => {
      expect(weight).toBeCloseTo(expected.vector.weights[k], 5);
    });
    scaling.biases.forEach((bias, k) => {
      expect(bias).toBeCloseTo(expected.vector.biases[k], 5);
    });
    expect(negativeLogLikelihood(scaling.apply(logits), labels)).toBeCloseTo(expected.vector.nll, 11);
  });
});
