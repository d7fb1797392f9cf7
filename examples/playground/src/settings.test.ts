import { expect, test } from 'vitest';
import { fields, fromHash, readSettings, toHash } from './settings';

test('a link restores the settings', () => {
  const settings = {
    ...readSettings('toy', () => null),
    ...({ data: 'spirals', points: 333, flipped: 7, both: true, speed: '30', view: 'spread' } as const),
  };
  expect(fromHash(toHash('toy', settings))).toEqual({ tab: 'toy', settings });
});

test('a link cannot set values that the page does not allow', () => {
  const { tab, settings } = fromHash(
    '#tab=nowhere&points=1e9&flipped=-3&layers=2.6&width=&data=<b>&seed=NaN',
  );
  expect(tab).toBe('toy');
  const { points, layers, width, data, seed } = fields.toy;
  expect(settings).toMatchObject({
    points: points.max,
    flipped: 0,
    layers: 3,
    width: width.initial,
    data: data.initial,
    seed: seed.initial,
  });
  expect(layers.max).toBe(5);
});
