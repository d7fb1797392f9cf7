import { expect, test } from 'vitest';
import { sentence } from './sentence';

const at = (step: number, plain: number, cross: number) => ({
  step,
  losses: { plain: { heldOut: 9, test: plain }, cross: { heldOut: 9, test: cross } },
  sigma: [],
});

test.each([
  [
    1200,
    0.8,
    0.4,
    'After 1,200 steps, on 500 unseen points, the plain network’s loss is 0.80, the cross-regularized one’s 0.40: 50% lower.',
  ],
  [
    1,
    0.6,
    0.8,
    'After 1 step, on 500 unseen points, the plain network’s loss is 0.60, the cross-regularized one’s 0.80: here the plain one is 25% lower.',
  ],
  [
    50,
    0.6,
    0.61,
    'After 50 steps, on 500 unseen points, the plain network’s loss is 0.60, the cross-regularized one’s 0.61: about the same so far.',
  ],
])('after %d steps with losses %d and %d, it names the better network', (step, plain, cross, said) => {
  expect(sentence(at(step, plain, cross), '500 unseen points')).toBe(said);
});

test('nothing is claimed before the first step, or if a loss is not finite', () => {
  expect(sentence(at(0, 0.7, 0.7), '500 unseen points')).toMatch(/^Not trained yet/);
  expect(sentence(at(9, Number.NaN, 0.7), '500 unseen points')).toMatch(/not finite/);
});
