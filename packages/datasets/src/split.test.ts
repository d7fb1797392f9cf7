import fc from 'fast-check';
import { expect, test } from 'vitest';
import { sampleStratified, split } from './split';

const labelled = (labels: number[]) => ({
  rows: Float32Array.from({ length: labels.length * 2 }, (_, i) => i),
  labels: Uint8Array.from(labels),
  shape: [labels.length, 2],
  names: ['a', 'b'],
});
const arrayOfLabels = fc.array(fc.integer({ min: 0, max: 4 }), { minLength: 2, maxLength: 60 });

test('two disjoint parts make up the whole and keep the proportions of classes to the nearest row', () => {
  fc.assert(
    fc.property(
      arrayOfLabels,
      fc.double({ min: 0, max: 1, noNaN: true }),
      fc.nat(),
      (labels, share, seed) => {
        const size = 1 + Math.floor(share * 0.999 * (labels.length - 1));
        const [rest, part] = split(labelled(labels), { size, seed });
        expect(part.shape).toEqual([size, 2]);
        expect(rest.shape).toEqual([labels.length - size, 2]);
        const ids = [...rest.rows, ...part.rows].filter((x) => x % 2 === 0).map((x) => x / 2);
        expect(ids.sort((a, b) => a - b)).toEqual(labels.map((_, i) => i));
        part.labels.forEach((label, i) => {
          expect(labels[part.rows[2 * i] / 2]).toBe(label);
          expect(part.rows[2 * i + 1]).toBe(part.rows[2 * i] + 1);
        });
        for (let label = 0; label < 5; label++) {
          const exact = (labels.filter((l) => l === label).length * size) / labels.length;
          const got = part.labels.filter((l) => l === label).length;
          expect(Math.abs(got - exact)).toBeLessThan(1);
        }
        expect(part.names).toEqual(['a', 'b']);
      },
    ),
    { seed: 1 },
  );
});

test('works with a fraction, with a seed and without labels', () => {
  const data = { features: Float64Array.from({ length: 100 }, (_, i) => i), shape: [100, 1] };
  const [rest, part] = split(data, { fraction: 0.1, seed: 3 });
  expect([rest.shape, part.shape]).toEqual([
    [90, 1],
    [10, 1],
  ]);
  expect(split(data, { fraction: 0.1, seed: 3 })).toEqual([rest, part]);
  expect(split(data, { fraction: 0.1, seed: 4 })[1]).not.toEqual(part);
});

test('every row is drawn equally often', () => {
  const labels = Array.from({ length: 20 }, (_, i) => (i < 10 ? 0 : 1));
  const counts = new Array(20).fill(0);
  const draws = 2000;
  for (let seed = 0; seed < draws; seed++) for (const i of sampleStratified(labels, 8, seed)) counts[i]++;
  // Binomial(2000, 0.4), standard deviation 21.9: 5 deviations on 20 counts err once in 87,000 sets of seeds.
  for (const count of counts) expect(Math.abs(count - 0.4 * draws)).toBeLessThan(5 * 21.9);
});

test('no class comes first in either part', () => {
  const labels = Array.from({ length: 40 }, (_, i) => (i < 10 ? 0 : 1));
  const first = { rest: 0, part: 0 };
  const draws = 2000;
  for (let seed = 0; seed < draws; seed++) {
    const [rest, part] = split(labelled(labels), { size: 8, seed });
    first.rest += rest.labels[0] === 0 ? 1 : 0;
    first.part += part.labels[0] === 0 ? 1 : 0;
  }
  // Binomial(2000, 1/4), standard deviation 19.4: 5 deviations on two counts err once in 870,000 sets of seeds.
  for (const count of Object.values(first)) expect(Math.abs(count - draws / 4)).toBeLessThan(5 * 19.4);
});

test('bad sizes are refused', () => {
  const data = labelled([0, 1, 0, 1]);
  expect(() => split(data, {})).toThrow(/either size or fraction/);
  expect(() => split(data, { size: 1, fraction: 0.5 })).toThrow(/either size or fraction/);
  expect(() => split(data, { size: 4 })).toThrow(/size: .* 1 to 3, but is 4/);
  expect(() => split(data, { fraction: 1 })).toThrow(/fraction: .* but is 1/);
  expect(() => split(data, { size: 1, seed: -1 })).toThrow(/seed: .* -1/);
  expect(() => split({ shape: [4, 1] }, { size: 1, stratified: true })).toThrow(/the data set has no labels/);
});

test('labels that are not one a row cannot be stratified', () => {
  const several = { shape: [2, 1], x: Float32Array.of(5, 6), labels: Uint8Array.of(0, 1, 1, 0) };
  expect(() => split(several, { size: 1 })).toThrow('labels: has 4 numbers for 2 rows');
  const [rest, part] = split(several, { size: 1, stratified: false });
  for (const { x, labels } of [rest, part]) expect([...labels]).toEqual(x[0] === 5 ? [0, 1] : [1, 0]);
});
