/**
 * Sizes of the experiments. `smoke` shows in a minute that everything works, on images that the packages ship. The results in
 * this repository are from `small`. `full` is all of CIFAR-10 with networks of a quarter of the paper's width, for 30 epochs;
 * it takes hours on two cores. `paper` has the paper's networks and needs a GPU.
 *
 * - `images`: of the training part, of which `held` are held out; `test`: of the test part.
 * - `steps` of `batchSize` with Adam at `rate`; every `interval` steps the model is evaluated and a checkpoint is written.
 * - `samples`: K of the averaged prediction at the end; `monitoring`: test images and K while it trains.
 * - `growing`: training images in each stage of the growing-data experiment. All stages have the same number of steps.
 * - `population`: the number of models in population-based training. They are compared every interval.
 */
export const profiles = {
  smoke: {
    data: 'fashionMnist',
    inputShape: [28, 28, 1],
    images: 300,
    held: 60,
    heldSizes: [30],
    test: 200,
    batchSize: 32,
    steps: 24,
    interval: 8,
    rate: 1e-3,
    samples: 2,
    monitoring: { images: 50, samples: 2 },
    seeds: [1],
    population: 2,
    growing: [50, 100, 200],
    networks: {
      vgg: { network: 'vgg', blocks: [[4], [8]], dense: 16 },
      residual: { network: 'wideResidual', stem: 4, stages: [{ width: 8, blocks: 2, strides: 4 }] },
      transformer: { network: 'transformer', patch: 7, width: 8, heads: 2, blocks: 1, hidden: 16 },
    },
  },
  small: {
    data: 'cifar10',
    inputShape: [32, 32, 3],
    images: 5000,
    held: 500,
    heldSizes: [25, 50, 100],
    test: 4000,
    batchSize: 64,
    steps: 1400,
    interval: 140,
    rate: 1e-3,
    samples: 8,
    monitoring: { images: 400, samples: 4 },
    seeds: [1, 2, 3],
    population: 4,
    growing: [1000, 2000, 5000, 10000],
    networks: {
      vgg: { network: 'vgg', blocks: [[16], [32], [64, 64]], dense: 64 },
      residual: {
        network: 'wideResidual',
        stem: 16,
        stages: [
          { width: 32, blocks: 2, strides: 2 },
          { width: 64, blocks: 2, strides: 2 },
        ],
      },
      transformer: { network: 'transformer', patch: 4, width: 48, heads: 4, blocks: 3, hidden: 96 },
    },
  },
  full: {
    data: 'cifar10',
    inputShape: [32, 32, 3],
    images: 50000,
    held: 500,
    heldSizes: [250],
    test: 10000,
    batchSize: 128,
    steps: 11580,
    interval: 386,
    rate: 1e-3,
    samples: 16,
    monitoring: { images: 1000, samples: 4 },
    seeds: [1, 2, 3],
    population: 4,
    growing: [5000, 10000, 25000, 49500],
    networks: {
      vgg: {
        network: 'vgg',
        blocks: [
          [16, 16],
          [32, 32],
          [64, 64, 64],
          [128, 128, 128],
          [128, 128, 128],
        ],
        dense: 128,
      },
      residual: {
        network: 'wideResidual',
        stem: 16,
        stages: [
          { width: 16, blocks: 2, strides: 1 },
          { width: 32, blocks: 2, strides: 2 },
          { width: 64, blocks: 2, strides: 2 },
        ],
      },
      transformer: { network: 'transformer', patch: 4, width: 96, heads: 4, blocks: 4, hidden: 192 },
    },
  },
  paper: {
    data: 'cifar10',
    inputShape: [32, 32, 3],
    images: 50000,
    held: 500,
    heldSizes: [250, 1000, 5000],
    test: 10000,
    batchSize: 128,
    steps: 60000,
    interval: 390,
    rate: 1e-3,
    samples: 16,
    monitoring: { images: 2000, samples: 4 },
    seeds: [1, 2, 3],
    population: 8,
    growing: [5000, 10000, 25000, 49500],
    networks: {
      vgg: {
        network: 'vgg',
        blocks: [
          [64, 64],
          [128, 128],
          [256, 256, 256],
          [512, 512, 512],
          [512, 512, 512],
        ],
        dense: 512,
      },
      residual: {
        network: 'wideResidual',
        stem: 16,
        stages: [
          { width: 64, blocks: 2, strides: 1 },
          { width: 128, blocks: 2, strides: 2 },
          { width: 256, blocks: 2, strides: 2 },
        ],
      },
      transformer: { network: 'transformer', patch: 4, width: 192, heads: 6, blocks: 6, hidden: 384 },
    },
  },
};
