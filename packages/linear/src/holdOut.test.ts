import { expect, test } from 'vitest';
import { pair, splitExamples } from './holdOut';

const count = 10;
const x = Array.from({ length: count }, (_, i) => [i, -i]);
const y = Array.from({ length: count }, (_, i) => 100 + i);
/** Which examples a part has, by their first column; each with its own target. */
const rows = ({ x: table, y: targets }: { x: { data: Float64Array }; y: { data: Float64Array } }) => {
  const found = Array.from(targets.data, (_, i) => table.data[2 * i]);
  expect(Array.from(targets.data)).toEqual(found.map((i) => 100 + i));
  return found;
};
const sorted = (numbers: number[]) => [...numbers].sort((a, b) => a - b);
const all = Array.from({ length: count }, (_, i) => i);

test('by default five folds: every example is validation data once and training data otherwise; in the end all are trained on', () => {
  const { training, splits } = splitExamples(x, y);
  expect(rows(training)).toEqual(all);
  expect(splits).toHaveLength(5);
  expect(sorted(splits.flatMap(({ validation }) => rows(validation)))).toEqual(all);
  for (const one of splits) {
    expect(rows(one.validation)).toHaveLength(2);
    expect(sorted([...rows(one.training), ...rows(one.validation)])).toEqual(all);
  }
});

test('folds by number: examples with the same number are in one fold', () => {
  const folds = all.map((i) => (i < 3 ? 7 : i % 2));
  const { splits } = splitExamples(x, y, { folds });
  expect(splits.map(({ validation }) => rows(validation))).toEqual([
    [4, 6, 8],
    [3, 5, 7, 9],
    [0, 1, 2],
  ]);
});

test('a share of the examples, chosen by the seed, is held out; the coefficients are trained on the rest', () => {
  const { training, splits } = splitExamples(x, y, { split: 0.3, seed: 1 });
  const [held] = splits.map(({ validation }) => rows(validation));
  expect(held).toHaveLength(3);
  expect(sorted([...rows(training), ...held])).toEqual(all);
  const again = splitExamples(x, y, { split: 0.3, seed: 1 });
  expect(rows(again.splits[0].validation)).toEqual(held);
  const seeds = [2, 3, 4].map((seed) => rows(splitExamples(x, y, { split: 0.3, seed }).splits[0].validation));
  expect(seeds.some((other) => String(other) !== String(held))).toBe(true);
});

test('with held-out data from the caller, all examples given to fit are trained on', () => {
  const { training, splits } = splitExamples(x, y, { regularizationData: [[[3, 4]], [103]] });
  expect(rows(training)).toEqual(all);
  expect(rows(splits[0].validation)).toEqual([3]);
});

test.each([
  [{ split: 0.2, folds: 5 }, 'split, folds: are given together'],
  [{ split: 0 }, 'split: is 0, which leaves nothing on one side of 10 examples'],
  [{ split: 0.99 }, 'split: is 0.99, which leaves nothing on one side of 10 examples'],
  [{ split: '0.2' }, 'split: is "0.2"'],
  [{ folds: 1 }, 'folds: must be an integer of at least 2'],
  [{ folds: 11 }, 'folds: is 11, but there are 10 examples'],
  [{ folds: [0, 1] }, 'folds: has 2 numbers for 10 examples'],
  [{ folds: all.map(() => 3) }, 'folds: puts all'],
  [{ folds: all.map((i) => i / 2) }, 'folds: is 0.5 at row 1. Number the folds 0, 1, 2'],
  [{ seed: 0.5 }, 'seed: must be a whole number'],
  [{ regularizationData: [[[1]], [1]] }, 'regularizationData: has 1 columns, but the training data have 2'],
  [
    { regularizationData: [[[1, 2]], [[1, 2]]] },
    'regularizationData: has 2 targets, but the training data have 1',
  ],
  [{ share: 0.2 }, 'share'],
])('%j is refused', (options, message) => {
  expect(() => splitExamples(x, y, options as never)).toThrow(message);
});

test('X and y of different lengths, and held-out data other than a pair, are refused', () => {
  expect(() => splitExamples(x, y.slice(1))).toThrow(
    'y: has 9 examples, but X has 10. Both must have the same number.',
  );
  expect(() => pair([1] as never)).toThrow('regularizationData: must be [X, y]');
  expect(pair([1, 2])).toEqual([1, 2]);
});
