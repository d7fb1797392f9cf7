import { fixed, law } from './data.mjs';

/** The training digits are upright. The regularization and test digits are under the law. */
const upright = { source: 'mnist', moved: ['regularization', 'test'] };
/** All digits under the law, each once. */
const underLaw = { source: 'mnist', moved: ['training', 'regularization', 'test'] };

const times = (factor, ranges) =>
  Object.fromEntries(Object.entries(ranges).map(([kind, v]) => [kind, factor * v]));

const small = { translate: 1, rotate: 5, shear: 5 };
const large = { translate: 4, rotate: 30, shear: 15 };
/** The defaults until commit 9c1626d. All tables but those of `fashion` and `cifar10` were made with them. */
const former = { every: 20, learningRate: 0.02, estimator: 'average' };
const fast = { every: 10, learningRate: 0.05, estimator: 'average' };
const floor = {
  translate: { initial: 1, min: 0.25 },
  rotate: { initial: 5, min: 2 },
  shear: { initial: 5, min: 2 },
};

/** No augmentation, the same trained on the regularization images too, and learned ranges. */
const comparison = (augmentation, { cross = {}, ...options } = {}) => ({
  plain: options,
  'plain, all images': { ...options, trainOn: 'both' },
  learned: { ...options, augmentation, cross },
});

/** Fixed ranges, as multiples of the law. Each network is also measured with predictions averaged over other ranges. */
const multiples = (factors) =>
  Object.fromEntries(
    factors.map((m) => [
      `× ${m}`,
      {
        augmentation: fixed(times(m, law)),
        averageOver: Object.fromEntries([0, 0.25, 0.5, 0.75, 1].map((k) => [`× ${k}`, times(k, law)])),
      },
    ]),
  );

/** By name: `data` (options of `prepare`), seeds, training steps, and methods by name (options of `trainAndEvaluate`). */
export const experiments = {
  /** Initial ranges and learning rates, on seeds that are used for nothing else. */
  starts: {
    data: upright,
    seeds: [11, 12, 13],
    steps: 2000,
    methods: {
      'small, fast': { augmentation: small, cross: fast },
      'small, defaults': { augmentation: small, cross: former },
      'large, fast': { augmentation: large, cross: fast },
      'large, defaults': { augmentation: large, cross: former },
      'small, fast, warm-up': { augmentation: small, cross: { ...fast, warmUp: 300 } },
      'small, fast, floor': { augmentation: floor, cross: fast },
    },
  },
  'law-upright': {
    data: upright,
    seeds: [1, 2, 3],
    steps: 2000,
    methods: comparison(large, { cross: former }),
  },
  'law-everywhere': {
    data: underLaw,
    seeds: [1, 2, 3],
    steps: 2000,
    methods: comparison(large, { cross: former }),
  },
  'grid-upright': {
    data: upright,
    seeds: [1, 2, 3],
    steps: 2000,
    methods: multiples([0, 0.5, 0.75, 1, 1.25, 1.5, 2]),
  },
  'grid-everywhere': {
    data: underLaw,
    seeds: [1, 2, 3],
    steps: 2000,
    methods: multiples([0, 0.25, 0.5, 0.75, 1]),
  },
  /** The law has no shear. Here it is added to the law, and to half of it. */
  'grid-shear': {
    data: upright,
    seeds: [1, 2, 3],
    steps: 2000,
    methods: Object.fromEntries(
      [1, 0.5].flatMap((m) =>
        [0, 5, 10, 15].map((shear) => [
          `× ${m}, shear ${shear}°`,
          { augmentation: fixed({ ...times(m, law), shear }) },
        ]),
      ),
    ),
  },
  /** ρ steps that account for the effect of the ranges on θ. The packages do not do this. */
  'look-ahead': {
    data: upright,
    seeds: [1, 2, 3],
    steps: 2000,
    methods: {
      'large, response only': { augmentation: large, lookAhead: {} },
      'small, response only, fast': { augmentation: small, lookAhead: fast },
    },
  },
  /** Sixes and nines, none of them moved. Turned by 180°, each becomes the other. */
  harmful: {
    data: { source: 'sixNine', classes: 2 },
    seeds: [1, 2, 3],
    steps: 1000,
    methods: {
      'from 150°': { augmentation: { rotate: 150 }, cross: fast },
      'from 90°, at least 30°': { augmentation: { rotate: { initial: 90, min: 30 } }, cross: fast },
    },
  },
  /** Digits turned by 10° to one side or the other. The side is the class, so every further turn hides it. */
  leaning: {
    data: { source: 'mnist', classes: 2, lean: 10 },
    seeds: [1, 2, 3],
    steps: 1000,
    methods: {
      learned: { augmentation: { rotate: 30, translate: 4 }, cross: fast },
      'at least 5°': { augmentation: { rotate: { initial: 30, min: 5 }, translate: 4 }, cross: fast },
    },
  },
  fashion: {
    data: { source: 'fashion' },
    seeds: [1, 2, 3],
    steps: 2000,
    methods: comparison({ translate: 4, rotate: 30, scale: 0.2 }),
  },
  cifar10: {
    data: { source: 'cifar10' },
    seeds: [1, 2, 3],
    steps: 2000,
    methods: comparison({ translate: 4, rotate: 30, scale: 0.2 }, { filters: [16, 32] }),
  },
};
