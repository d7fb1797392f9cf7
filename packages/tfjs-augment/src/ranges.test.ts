import { expect, test } from 'vitest';
import { bijectorOf, draws, kinds, parseRange, rangeKinds, rawOf } from './ranges';

test('true gives the default of the kind; a number gives the start', () => {
  expect(parseRange('rotate', true)).toEqual({
    initial: 30,
    min: 0,
    max: 180,
    bijector: 'bounded',
    trainable: true,
  });
  expect(parseRange('shear', 5)).toEqual({
    initial: 5,
    min: 0,
    max: 60,
    bijector: 'bounded',
    trainable: true,
  });
  expect(parseRange('scale', { initial: 0.3, bijector: 'exp', trainable: false })).toEqual({
    initial: 0.3,
    bijector: 'exp',
    trainable: false,
  });
});

test('the raw weight of a bounded range is the logit of its position between the bounds', () => {
  const range = parseRange('rotate', { initial: 30, min: 10, max: 50 });
  // Halfway: the logit of ½.
  expect(rawOf(range)).toBeCloseTo(0, 12);
  expect(rawOf(parseRange('rotate', { initial: 40, min: 10, max: 50 }))).toBeCloseTo(Math.log(3), 12);
  expect(bijectorOf(range).range).toEqual([10, 50]);
});

test('with exp the raw weight is the logarithm, and there are no bounds', () => {
  const range = parseRange('noise', { initial: 0.05, bijector: 'exp' });
  expect(rawOf(range)).toBeCloseTo(Math.log(0.05), 12);
  expect(bijectorOf(range).range[1]).toBe(Number.POSITIVE_INFINITY);
});

test('0 switches a range off for good, with a raw weight of −∞, unless min lies above it', () => {
  expect(rawOf(parseRange('translate', 0))).toBe(Number.NEGATIVE_INFINITY);
  expect(() => parseRange('translate', { initial: 0, min: 0.5 })).toThrow(
    'translate.initial: must lie between min (0.5) and max (16), bounds excluded, but is 0',
  );
});

test.each([
  ['rotate', 'much', 'rotate: must be true, a number (degrees) or { initial'],
  ['rotate', null, 'rotate: must be true, a number (degrees)'],
  ['rotate', -1, 'rotate.initial: '],
  ['rotate', Number.NaN, 'rotate.initial: '],
  ['rotate', 200, 'rotate.initial: must lie between min (0) and max (180)'],
  ['rotate', { initial: 5, min: 8, max: 8 }, 'rotate.max: '],
  ['rotate', { initial: 5, bijector: 'log' }, 'rotate.bijector: must be bounded or exp or softplus'],
  ['rotate', { initial: 5, bijector: 'exp', max: 9 }, "rotate.bijector: 'exp' has no bounds"],
  ['scale', { start: 5 }, 'start'],
] as const)('%s: %j is refused', (kind, option, message) => {
  expect(() => parseRange(kind, option as never)).toThrow(message);
});

test('every default lies within its bounds, and every draw belongs to a kind', () => {
  for (const kind of rangeKinds) expect(parseRange(kind, true).initial).toBe(kinds[kind].initial);
  expect(new Set(rangeKinds.flatMap((kind) => [...kinds[kind].draws]))).toEqual(new Set(draws));
});
