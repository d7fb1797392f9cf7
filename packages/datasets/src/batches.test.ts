import { expect, test } from 'vitest';
import { batches } from './batches';

const data = { x: Float32Array.from({ length: 14 }, (_, i) => i), shape: [7, 2] };

test('in order, with the remainder', () => {
  const walked = [...batches(data, { batchSize: 3 })];
  expect(walked.map(({ shape }) => shape[0])).toEqual([3, 3, 1]);
  expect(walked.flatMap(({ x }) => [...x])).toEqual([...data.x]);
});

test('shuffled rows stay intact, and each comes once', () => {
  const walked = [...batches(data, { batchSize: 2, seed: 5 })].flatMap(({ x }) => [...x]);
  expect(walked).not.toEqual([...data.x]);
  for (let i = 0; i < 14; i += 2) expect(walked[i + 1]).toBe(walked[i] + 1);
  expect([...walked].sort((a, b) => a - b)).toEqual([...data.x]);
});

test('the remainder can be dropped', () => {
  expect([...batches(data, { batchSize: 3, dropRemainder: true })].map(({ shape }) => shape[0])).toEqual([
    3, 3,
  ]);
});

test('a batch size outside the data set is refused', () => {
  expect(() => [...batches(data, { batchSize: 8 })]).toThrow(/^batchSize: must be .* 1 to 7, but is 8/);
});
