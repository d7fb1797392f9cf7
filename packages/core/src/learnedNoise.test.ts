import { expect, test } from 'vitest';
import { softplus } from './bijector';
import type { Array64 } from './float64/array64';
import { float64 as fw } from './float64/float64';
import { type Averaging, averagePredictions, logSumExp } from './monteCarlo';
import { deriveSeed } from './random';
import { regularizationParameter } from './regularizationParameter';

// The ρ gradient of method.md §3, ∂/∂ρ of the loss of the K-sample averaged prediction, against central differences.
const [examples, inputs, hidden, outputs, samples] = [5, 3, 4, 3, 6];
const x = fw.normal([examples, inputs], 1);
const weights = [fw.normal([inputs, hidden], 2), fw.normal([hidden, outputs], 3)];
const target = fw.normal([examples, outputs], 4);
const classes = fw.array([1, 0, 0, 0, 1, 0, 0, 0, 1, 1, 0, 0, 0, 1, 0], [examples, outputs]);

/** A network with noise on its hidden units, averaged over K draws that are the same at every call. */
function averaged(sigma: Array64, averaging: Averaging): Array64 {
  const passes = Array.from({ length: samples }, (_, k) => {
    const epsilon = fw.normal([examples, hidden], deriveSeed(5, k));
    const u = fw.add(fw.matMul(x, weights[0]), fw.mul(sigma, epsilon));
    const out = fw.matMul(fw.softplus(u), weights[1]);
    return averaging === 'probabilities' ? fw.exp(fw.sub(out, logSumExp(fw, out, [1]))) : out;
  });
  return averagePredictions(fw, fw.stack(passes), averaging);
}
const negativeLogLikelihood = (logProbabilities: Array64) =>
  fw.mul(fw.sum(fw.mul(classes, logProbabilities)), fw.array(-1 / examples));
const losses: Record<Averaging, (prediction: Array64) => Array64> = {
  logits: negativeLogLikelihood,
  probabilities: (p) => negativeLogLikelihood(fw.log(p)),
  sigmoidLogits: (z) => fw.mul(fw.sum(fw.sub(fw.softplus(z), fw.mul(classes, z))), fw.array(1 / examples)),
  mean(prediction) {
    const error = fw.sub(prediction, target);
    return fw.sum(fw.mul(error, error));
  },
};

test.each([
  ['classifier on logits', 'logits', 'one σ', []],
  ['classifier on logits', 'logits', 'a σ for each channel', [hidden]],
  ['classifier on probabilities', 'probabilities', 'one σ', []],
  ['classifier on probabilities', 'probabilities', 'a σ for each channel', [hidden]],
  ['several labels on logits', 'sigmoidLogits', 'one σ', []],
  ['several labels on logits', 'sigmoidLogits', 'a σ for each channel', [hidden]],
  ['regressor', 'mean', 'one σ', []],
  ['regressor', 'mean', 'a σ for each channel', [hidden]],
] as const)('%s (%s), %s: ∂L/∂ρ agrees with central differences', (_, averaging, __, shape) => {
  const raw = fw.variable(fw.normal(shape, 6));
  const rho = regularizationParameter(fw, { name: 'sigma', variable: raw, bijector: softplus });
  const loss = () => losses[averaging](averaged(rho.value(), averaging));
  const { gradients } = fw.valueAndGradients(loss, rho.wrt);
  const gradient = rho.gradient(gradients);
  raw.data.forEach((at, i) => {
    const [above, below] = [1e-5, -1e-5].map((h) => {
      raw.data[i] = at + h;
      return loss().data[0];
    });
    raw.data[i] = at;
    const difference = (above - below) / 2e-5;
    expect(Math.abs(gradient.data[i] - difference)).toBeLessThan(1e-7 * (1 + Math.abs(difference)));
    expect(Math.abs(difference)).toBeGreaterThan(1e-4);
  });
});
