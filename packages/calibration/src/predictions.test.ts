import { expect, test } from 'vitest';
import { readLogits, readProbabilities } from './predictions';

test.each<[string, any, any, RegExp]>([
  ['nothing', [], [], /labels: .* at least one example/],
  ['no array', undefined, [0], /probabilities: must be an array .* but is undefined/],
  ['logits', [2.5, -1], [0], /must lie in \[0, 1\], but example 0, class 0 has 2.5.*softmax/],
  ['NaN', [0.5, 0.5, Number.NaN, 0.5], [0, 1], /example 1, class 0 .* NaN/],
  ['sigmoid outputs', [[0.9, 0.8]], [0], /must sum to 1 .* sum to 1\.7\d* for example 0.*\[1 − p, p\]/],
  ['one column', [0.1, 0.9], [0, 1], /at least two classes.*\[1 − p, p\]/],
  ['one-hot labels', [[0.5, 0.5]], [[1, 0]], /labels\[0\]: must be a class index from 0 to 1/],
  ['flat one-hot labels', [0.5, 0.5], [1, 0, 0], /not a multiple of 3. Labels are class indices/],
  ['a label too large', [[0.5, 0.5]], [2], /labels\[0\]: .* from 0 to 1, but is 2/],
  ['a label between', [[0.5, 0.5]], [0.5], /labels\[0\]: .* 0\.5/],
  ['too few rows', [[0.5, 0.5]], [0, 1], /has 1 rows, but there are 2 labels/],
  ['ragged rows', [[0.5, 0.5], [1]], [0, 0], /2 numbers in every row, but row 1 has 1/],
])('refuses %s', (_, probabilities, labels, message) => {
  expect(() => readProbabilities(probabilities, labels)).toThrow(message);
});

test('accepts sums with the rounding of float16', () => {
  expect(readProbabilities([[0.501, 0.5]], [0]).classes).toBe(2);
});

test('infinite logits are refused', () => {
  expect(() => readLogits([[0, Number.NEGATIVE_INFINITY]], [0])).toThrow(
    /must be finite, but example 0, class 1 has -Infinity.*logitsOf/,
  );
});
