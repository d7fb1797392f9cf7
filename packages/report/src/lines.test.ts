import { expect, test } from 'vitest';
import { blockMeans, lossLines, parameterLines, thinned, trainingLines } from './lines';
import { kindOf } from './parameterKinds';

const run = {
  record: {
    step: [2, 4],
    loss: [Number.NaN, 1],
    rho: {
      dense_noise: { value: [1, 0.5], gradient: [0, 0] },
      'augment/rotate': { value: [10, 5], gradient: [0, 0] },
      l2: { value: [4, 6], gradient: [0, 0] },
      'dense/kernel/l1': { value: [2, 1], gradient: [0, 0] },
    },
    skipped: 1,
  },
  status: {},
};

test('kinds of parameters are recognized by their names; ranges and levels are drawn relative to their start', () => {
  expect(Object.keys(run.record.rho).map(kindOf)).toEqual(['noise', 'augmentation', 'norm', 'norm']);
  expect(parameterLines(run, 'noise')).toEqual([
    {
      name: 'dense_noise',
      points: [
        [2, 1],
        [4, 0.5],
      ],
    },
  ]);
  expect(parameterLines(run, 'augmentation')[0]).toEqual({
    name: 'rotate',
    points: [
      [2, 1],
      [4, 0.5],
    ],
  });
  expect(parameterLines(run, 'norm').map(({ points }) => points[1][1])).toEqual([1.5, 0.5]);
});

test('noise of a layer whose name has a slash, as in DenseNet of Keras, is noise', () => {
  const names = [
    'conv1/relu_noise',
    'conv1/learnable_noise_2',
    'conv1/relu/l2',
    'conv1/augment/noise',
    'conv1/mine',
  ];
  expect(names.map(kindOf)).toEqual(['noise', 'noise', 'norm', 'augmentation', 'norm']);
});

test('a level that starts at 0 is drawn relative to its first value above 0 (the line was missing)', () => {
  const rho = { l2: { value: [0, 2, 3], gradient: [0, 0, 0] } };
  const record = { step: [1, 2, 3], loss: [1, 1, 1], rho, skipped: 0 };
  expect(parameterLines({ record, status: {} }, 'norm')[0].points.map(([, value]) => value)).toEqual([
    0, 1, 1.5,
  ]);
});

test('a skipped step has no point', () => {
  expect(lossLines(run)).toEqual({ dots: [[4, 1]], line: { name: 'regularization loss', points: [[4, 1]] } });
});

test('a long path keeps its first and last point, and at most 401', () => {
  const points = Array.from({ length: 9_999 }, (_, i): [number, number] => [i, i]);
  const few = thinned(points);
  expect(few.length).toBeLessThanOrEqual(401);
  expect([few[0], few.at(-1)]).toEqual([points[0], points.at(-1)]);
});

test('each block has its mean at its last step, also an incomplete one', () => {
  expect(
    blockMeans(
      [
        [1, 1],
        [2, 3],
        [3, 5],
      ],
      2,
    ),
  ).toEqual([
    [2, 2],
    [3, 5],
  ]);
  expect(trainingLines({ plain: Float32Array.of(2, 1) })[0].points).toEqual([
    [1, 2],
    [2, 1],
  ]);
  expect(trainingLines({ none: [], diverged: [Number.NaN], plain: [1] }).map(({ name }) => name)).toEqual([
    'plain',
  ]);
});
