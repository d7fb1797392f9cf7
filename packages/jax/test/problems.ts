import { type Array as JaxArray, lax, numpy as np } from '@jax-js/jax';
import { adam, addNoise, averagedPrediction, crossRegularize } from '../src';

export const [rows, inputs, hidden] = [12, 4, 5];

/** Numbers of uneven sizes, the same in both frameworks. */
export const numbers = (n: number, phase: number) =>
  Float32Array.from({ length: n }, (_, i) => Math.sin(1.7 * i + phase));
export const array = (n: number[], phase: number) =>
  np.array(
    numbers(
      n.reduce((a, b) => a * b, 1),
      phase,
    ),
    { shape: n },
  );

/** A classifier with separate noise, on batches of random numbers. */
export function classifier() {
  const forward = (params: any, sigma: any, x: JaxArray, key: JaxArray, antithetic = false) => {
    const h = addNoise(np.dot(x, params.first), sigma.hidden, key, { antithetic });
    return np.dot(np.maximum(h, 0), params.second);
  };
  const crossEntropy = (logits: JaxArray, y: JaxArray) => {
    const shifted = logits.ref.sub(lax.stopGradient(np.max(logits, 1, { keepdims: true })));
    const logSum = np.log(np.sum(np.exp(shifted.ref), 1, { keepdims: true }));
    return np.negative(np.mean(np.sum(shifted.sub(logSum).mul(y), 1)));
  };
  const method = crossRegularize<any, any, any>({
    trainLoss: (params, sigma, { x, y }, key) => crossEntropy(forward(params, sigma, x, key), y),
    regularizationLoss(params, sigma, { x, y }, key, samples) {
      const average = averagedPrediction(
        (copies, own, antithetic) => forward(params, sigma, copies, own, antithetic),
        x,
        key,
        { samples, averaging: 'logits' },
      );
      return crossEntropy(average, y);
    },
    optimizer: adam({ learningRate: 0.01 }),
    every: 2,
    min: 0.03,
  });
  const params = () => ({ first: array([inputs, hidden], 1), second: array([hidden, 3], 2) });
  const batch = (phase: number) => {
    const labels = Array.from({ length: rows }, (_, i) => (i + phase) % 3);
    return {
      x: array([rows, inputs], phase),
      y: np.array(labels.map((label) => [0, 1, 2].map((k) => Number(k === label)))),
    };
  };
  return { method, params, batch, forward };
}
