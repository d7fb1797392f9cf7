import { expect, test } from 'vitest';
import type { Array64 } from './float64/array64';
import { float64 as fw } from './float64/float64';
import { averagePredictions, checkAveraging, StreamingMoments } from './monteCarlo';

test('averaged logits are the log of the averaged softmax', () => {
  const logits = fw.normal([5, 4, 3], 1);
  const averaged = averagePredictions(fw, logits, 'logits');
  for (let row = 0; row < 4; row++) {
    for (let column = 0; column < 3; column++) {
      let mean = 0;
      for (let k = 0; k < 5; k++) {
        const exps = [0, 1, 2].map((c) => Math.exp(logits.data[(k * 4 + row) * 3 + c]));
        mean += exps[column] / (exps[0] + exps[1] + exps[2]) / 5;
      }
      expect(Math.exp(averaged.data[row * 3 + column])).toBeCloseTo(mean, 12);
    }
  }
});

test('averaged sigmoid logits are the logit of the averaged sigmoid, also at the ends of the float64 range', () => {
  const logits = fw.mul(fw.normal([5, 4, 3], 1), fw.array(3));
  const averaged = averagePredictions(fw, logits, 'sigmoidLogits');
  for (let i = 0; i < 12; i++) {
    const p = [0, 1, 2, 3, 4].reduce((sum, k) => sum + 1 / (1 + Math.exp(-logits.data[k * 12 + i])) / 5, 0);
    expect(averaged.data[i]).toBeCloseTo(Math.log(p / (1 - p)), 10);
  }
  // ½ (e^−100 + e^−90) has the logit log ½ (e^−100 + e^−90) to every digit, where 1 − p is 1; likewise near p = 1.
  const far = averagePredictions(fw, fw.array([-100, 100, -90, 90], [2, 2]), 'sigmoidLogits');
  const expected = -90 + Math.log((1 + Math.exp(-10)) / 2);
  expect(far.data[0]).toBeCloseTo(expected, 10);
  expect(far.data[1]).toBeCloseTo(-expected, 10);
});

test('wrong averaging: softmax logits of a single class are refused, because their softmax is always 1', () => {
  expect(() => averagePredictions(fw, fw.normal([5, 4, 1], 1), 'logits')).toThrow(
    "averaging: is 'logits' for an output of one unit, whose softmax is always 1. Use 'sigmoidLogits'",
  );
});

test('streamed moments do not depend on the chunks', () => {
  const data = fw.add(fw.normal([12, 3], 2), fw.array(1e6));
  const moments = (...chunks: number[]) => {
    const stream = new StreamingMoments<Array64>(fw);
    let at = 0;
    for (const k of chunks) {
      stream.add(fw.array(data.data.slice(at * 3, (at + k) * 3), [k, 3]));
      at += k;
    }
    return stream.finish();
  };
  const whole = moments(12);
  for (const chunked of [moments(5, 7), moments(1, 1, 10), moments(...new Array<number>(12).fill(1))]) {
    chunked.mean.data.forEach((v, i) => {
      expect(v).toBeCloseTo(whole.mean.data[i], 6);
    });
    chunked.variance.data.forEach((v, i) => {
      expect(v / whole.variance.data[i]).toBeCloseTo(1, 6);
    });
  }
  const column = [0, 1, 2].map((c) => {
    const values = Array.from({ length: 12 }, (_, k) => data.data[k * 3 + c] - 1e6);
    const mean = values.reduce((a, b) => a + b) / 12;
    return values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / 11;
  });
  expect(whole.variance.data[1]).toBeCloseTo(column[1], 6);
  expect(() => new StreamingMoments(fw).finish()).toThrow('no sample was added');
});

test('an unknown kind of averaging is refused', () => {
  expect(() => checkAveraging('output', 'probs')).toThrow(
    `output: must be 'probabilities', 'logits', 'sigmoidLogits' or 'mean'`,
  );
});
