import '@crossreg/tfjs-wasm';
import { fashionMnist } from '@crossreg/datasets';
import { NoiseStream, tfjs, withNoise } from '@crossreg/tfjs';
import { fillGaussian, fillUniform } from '@crossreg/tfjs/internal';
import { crossRegularization, injectNoise, predict, toInferenceModel } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import * as data from '@tensorflow/tfjs-data';
import { beforeAll, describe, expect, test } from 'vitest';
import { augmentReference, nothing } from '../test/reference';
import { augment } from './augment';
import { augmentationLayers, injectAugmentation } from './injectAugmentation';
import { LearnableAugmentation, type LearnableAugmentationOptions } from './learnableAugmentation';
import { draws, kinds, type Range, type RangeKind, rawOf } from './ranges';

beforeAll(() => tf.setBackend('wasm'));

const images = (shape: [number, number, number, number], seed = 1) =>
  tf.randomUniform(shape, 0, 1, 'float32', seed) as tf.Tensor4D;
const built = (options: LearnableAugmentationOptions, shape = [2, 9, 8, 3]) => {
  const layer = new LearnableAugmentation(options);
  layer.build(shape);
  return layer;
};
const seeded = (layer: LearnableAugmentation, x: tf.Tensor4D, seed = 1) =>
  withNoise(new NoiseStream(seed), () => layer.augment(x));
const numbers = (x: tf.Tensor) => [...x.dataSync()];

const everything: LearnableAugmentationOptions = {
  translateX: 1.3,
  translateY: 0.8,
  rotate: 20,
  shear: 12,
  scale: 0.3,
  brightness: 0.2,
  contrast: 0.4,
  saturation: 0.5,
  noise: 0.1,
};

describe('gradients of all ranges agree with finite differences', () => {
  test.each([
    ['uniform', 'constant', [3, 9, 8, 3]],
    ['normal', 'edge', [2, 7, 11, 4]],
    ['uniform', 'reflect', [4, 6, 5, 4]],
    ['normal', 'wrap', [2, 12, 9, 3]],
    ['uniform', 'wrap', [3, 8, 10, 1]],
  ] as const)('%s draws, mode %s, images %j', (distribution, fillMode, shape) => {
    for (const fillValue of fillMode === 'constant' ? [0, 0.4] : [0]) {
      const x = images([...shape], 3);
      const { saturation, ...grey } = everything;
      const options = { ...(shape[3] === 1 ? grey : everything), distribution, fillMode, fillValue };
      const layer = built(options, [...shape]);
      const weights = images(x.shape, 4);
      const loss = () => tf.tidy(() => tf.sum(tf.mul(weights, seeded(layer, x))));
      for (const rho of layer.regularizationParameters()) {
        const kind = rho.name.split('/')[1] as RangeKind;
        const [gradient] = numbers(tfjs.valueAndGradients(loss, [rho.variable]).gradients[0]);
        // In float64, where a step can be small enough that no pixel crosses a kink of the interpolation.
        const range = layer.ranges[kind] as Range;
        const raw = rawOf(range);
        const at = (r: number) => {
          const value = range.min! + (range.max! - range.min!) / (1 + Math.exp(-r));
          return reference(layer, x, weights, { [kind]: value });
        };
        const h = 1e-6;
        const expected = (at(raw + h) - at(raw - h)) / (2 * h);
        expect(Math.abs(expected), rho.name).toBeGreaterThan(1e-3);
        expect(Math.abs(gradient - expected), rho.name).toBeLessThan(2e-3 * (1 + Math.abs(expected)));
      }
    }
  });
});

/** Σ weights · augmented image in float64, at the given ranges, with the draws of {@link seeded}. */
function reference(
  layer: LearnableAugmentation,
  x: tf.Tensor4D,
  weights: tf.Tensor,
  changed: Partial<Record<RangeKind, number>>,
): number {
  const [batch, height, width, channels] = x.shape;
  const stream = new NoiseStream(1);
  const [key, , noiseKey] = [stream.next(), stream.next(), stream.next()];
  const u = new Float32Array(batch * draws.length);
  if (layer.distribution === 'uniform') fillUniform(u, key, [batch, draws.length]);
  else fillGaussian(u, key, [batch, draws.length]);
  const range = (kind: RangeKind) => changed[kind] ?? layer.ranges[kind]?.initial ?? 0;
  const [values, w, area] = [x.dataSync(), weights.dataSync(), height * width * channels];
  const epsilon = new Float32Array(values.length);
  fillGaussian(epsilon, noiseKey, x.shape);
  let sum = 0;
  for (let b = 0; b < batch; b++) {
    const amounts = { ...nothing };
    draws.forEach((draw, i) => {
      const v = u[b * draws.length + i];
      const reach = kinds[draw].unit === 'factor' ? Math.log(1 + range(draw)) : range(draw);
      amounts[draw] = reach * (layer.distribution === 'uniform' ? 2 * v - 1 : v);
    });
    const image = values.slice(b * area, (b + 1) * area);
    const size = [height, width, channels] as const;
    augmentReference(image, size, amounts, layer.fillMode, layer.fillValue).forEach((v, p) => {
      const i = b * area + p;
      const noise = p % channels === 3 ? 0 : range('noise') * epsilon[i];
      sum += (v + noise) * w[i];
    });
  }
  return sum;
}

test('zero ranges are the identity, exactly, and stay zero', () => {
  const zero = Object.fromEntries(Object.keys(everything).map((kind) => [kind, 0]));
  const x = images([2, 9, 8, 3]);
  const layer = built(zero);
  expect(numbers(seeded(layer, x))).toEqual(numbers(x));
  for (const { variable } of layer.regularizationParameters()) {
    const loss = () => tf.sum(tf.square(seeded(layer, x)));
    expect(numbers(tfjs.valueAndGradients(loss, [variable]).gradients[0])[0]).toBeCloseTo(0, 30);
  }
});

test('ranges are in their units, each image has a separate draw, and flips have their probability', async () => {
  const layer = built({ translate: 2, rotate: { initial: 10, max: 45 } });
  const values = await layer.values();
  expect(values.translate).toBeCloseTo(2, 5);
  expect(values.rotate).toBeCloseTo(10, 4);
  const twice = tf.concat([images([1, 9, 8, 3]), images([1, 9, 8, 3])]) as tf.Tensor4D;
  const [a, b] = tf.split(seeded(layer, twice), 2).map(numbers);
  expect(a).not.toEqual(b);
  const flipping = built({ horizontalFlip: 0.3 }, [2000, 1, 2, 1]);
  const x = tf.tile(tf.tensor4d([0, 1], [1, 1, 2, 1]), [2000, 1, 1, 1]) as tf.Tensor4D;
  const flipped = numbers(seeded(flipping, x)).filter((v, i) => i % 2 === 0 && v === 1).length / 2000;
  // Five standard errors.
  expect(Math.abs(flipped - 0.3)).toBeLessThan(5 * Math.sqrt((0.3 * 0.7) / 2000));
});

test('units: ranges have the same effect on images from 0 to 255, from −1 to 1 and from 0 to 1', () => {
  const x = images([3, 9, 8, 3]);
  const unit = numbers(seeded(built({ ...everything, fillValue: 0.4 }, x.shape), x));
  for (const valueRange of [
    [0, 255],
    [-1, 1],
  ] as const) {
    const [black, white] = valueRange;
    const to = (v: number) => black + (white - black) * v;
    const layer = built({ ...everything, valueRange, fillValue: to(0.4) }, x.shape);
    const scaled = tf.add(tf.mul(x, white - black), black) as tf.Tensor4D;
    numbers(seeded(layer, scaled)).forEach((v, i) => {
      expect(Math.abs(v - to(unit[i])) / (white - black)).toBeLessThan(1e-4);
    });
  }
});

test.each([
  [{ brightness: true }, 255, /valueRange: of .* is \[0, 1\], but .* to 25\d.*Give valueRange: \[0, 255\]/],
  [
    { noise: true, valueRange: [0, 255] as const },
    1,
    /is \[0, 255\], but .* to (0.99|1).*Give valueRange: \[0, 1\]/,
  ],
  [{ brightness: true }, -1, /but pixels .* range from (-0.99|-1).*Give valueRange: \[-1, 1\]/],
  [{ brightness: true, valueRange: [0, 255] as const }, 255, undefined],
  [{ noise: true }, 1, undefined],
  [{ rotate: true }, 255, undefined],
] as [LearnableAugmentationOptions, number, RegExp | undefined][])(
  'pixel scale: %j on images up to %d',
  async (options, largest, refusal) => {
    const x = tf.mul(images([16, 9, 8, 3]), largest) as tf.Tensor4D;
    const y = tf.oneHot(tf.range(0, 16, 1, 'int32'), 16).cast('float32');
    const network = () =>
      tf.sequential({
        layers: [
          tf.layers.flatten({ inputShape: [9, 8, 3] }),
          tf.layers.dense({ units: 16, activation: 'softmax' }),
        ],
      });
    const model = injectAugmentation(network(), options);
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    const held = [tf.reverse(x, 0), tf.reverse(y, 0)] as [tf.Tensor, tf.Tensor];
    const cross = crossRegularization({ regularizationData: held, every: 1, samples: 2 });
    const [weights, { numTensors }] = [model.getWeights().map(numbers), tf.memory()];
    const run = cross.trainOnBatch(model, x, y);
    if (!refusal) {
      await run;
      expect(cross.history.step).toEqual([1]);
      return;
    }
    await expect(run).rejects.toThrow(refusal);
    expect(model.getWeights().map(numbers)).toEqual(weights);
    expect(tf.memory().numTensors).toBe(numTensors);
  },
);

test('transparency is warped but not recoloured', () => {
  const x = tf.concat([images([2, 6, 6, 3]), tf.fill([2, 6, 6, 1], 0.5)], 3) as tf.Tensor4D;
  const layer = built({ brightness: 0.3, contrast: 0.5, saturation: 1, noise: 0.2 }, x.shape);
  const out = tf.split(seeded(layer, x), [3, 1], 3);
  expect(new Set(numbers(out[1]))).toEqual(new Set([0.5]));
  expect(numbers(out[0])).not.toEqual(numbers(tf.split(x, [3, 1], 3)[0]));
});

test('nothing leaks', () => {
  const [x, layer] = [images([2, 9, 8, 3]), built(everything)];
  seeded(layer, x).dispose();
  const before = tf.memory().numTensors;
  seeded(layer, x).dispose();
  expect(tf.memory().numTensors).toBe(before);
});

test.each([
  [{}, 'options: has no kind of augmentation'],
  [{ rotate: -1 }, 'rotate.initial: must be a finite number of at least 0, but is -1'],
  [{ rotate: 200 }, 'rotate.initial: must lie between min (0) and max (180)'],
  [{ rotate: { bijector: 'square' } }, 'rotate.bijector: must be bounded or exp or softplus'],
  [{ rotate: { bijector: 'exp', max: 4 } }, 'rotate.bijector: '],
  [{ rotate: 'much' }, 'rotate: must be true, a number (degrees)'],
  [{ translate: 1, translateX: 1 }, 'translate: sets one range for x and y'],
  [{ verticalFlip: 2 }, 'verticalFlip: must be a probability'],
  [{ rotate: 1, fillMode: 'mirror' }, 'fillMode: must be "constant", "edge", "reflect", "wrap"'],
  [{ rotate: 1, fillValue: Number.NaN }, 'fillValue: '],
  [{ rotate: 1, distribution: 'cauchy' }, 'distribution: '],
])('refuses %j', (options, message) => {
  expect(() => new LearnableAugmentation(options as never)).toThrow(message);
});

test('refuses inputs that are not images', () => {
  expect(() => built({ rotate: 1 }, [2, 9])).toThrow('input: of');
  expect(() => built({ rotate: 1 }, [2, 9, 9, 2])).toThrow('1, 3 or 4 channels');
  expect(() => built({ saturation: 1 }, [2, 9, 9, 1])).toThrow(
    'saturation: is given, but images with one channel have no saturation',
  );
});

function classifier() {
  return tf.sequential({
    layers: [
      tf.layers.averagePooling2d({ poolSize: 2, inputShape: [28, 28, 1] }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 16, activation: 'relu' }),
      tf.layers.dense({ units: 10, activation: 'softmax' }),
    ],
  });
}

describe('in a model', () => {
  let x: tf.Tensor4D;
  let y: tf.Tensor;
  beforeAll(async () => {
    const { train } = await fashionMnist({ train: 200, test: 10, seed: 1 });
    x = tf.tensor4d(train.images, train.shape as never);
    y = tf.oneHot(tf.tensor1d(train.labels, 'int32'), 10).cast('float32');
  });
  const options = { translate: 2, rotate: { initial: 10, max: 60 } };

  test('is inactive in a plain prediction, active in an averaged one and in training', () => {
    const model = classifier();
    const augmented = injectAugmentation(model, options);
    const [plain, through] = [model.predict(x), augmented.predict(x)] as tf.Tensor[];
    expect(numbers(through)).toEqual(numbers(plain));
    const averaged = predict(augmented, x, { samples: 4 });
    expect(numbers(tf.max(averaged.variance))[0]).toBeGreaterThan(0);
    const training = augmented.apply(x, { training: true }) as tf.Tensor;
    expect(numbers(training)).not.toEqual(numbers(plain));
  });

  test('the callback learns the ranges, together with noise, and the optimizer of fit leaves them alone', async () => {
    const augmented = injectAugmentation(classifier(), options);
    augmented.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    const cross = crossRegularization({
      regularizationData: [x.slice(100), y.slice(100)],
      noise: { initialSigma: 0.3 },
      every: 1,
      samples: 2,
    });
    const [layer] = augmentationLayers(augmented);
    const before = await layer.values();
    await augmented.fit(x.slice(0, 96), y.slice(0, 96), { batchSize: 32, callbacks: cross, verbose: 0 });
    const { rho, step, skipped } = cross.history;
    expect(step).toEqual([1, 2, 3]);
    expect(skipped).toBe(0);
    expect(Object.keys(rho)).toHaveLength(3);
    expect(Object.keys(rho)).toContain(`${layer.name}/rotate`);
    const after = await layer.values();
    expect(after.rotate).not.toBe(before.rotate);
    expect(after.translate).not.toBe(before.translate);
    cross.dispose();

    const still = await layer.values();
    await augmented.fit(x, y, { batchSize: 100, verbose: 0 });
    expect(await layer.values()).toEqual(still);
  });

  test('non-finite new values: ranges of 0 stay off beside one that is learned, under Adam', async () => {
    const augmented = injectAugmentation(classifier(), {
      translate: 2,
      rotate: 0,
      brightness: 0,
      contrast: { initial: 0, bijector: 'exp' },
      noise: { initial: 0, bijector: 'softplus' },
    });
    augmented.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    const cross = crossRegularization({
      regularizationData: [x.slice(100), y.slice(100)],
      every: 1,
      samples: 2,
    });
    await augmented.fit(x.slice(0, 96), y.slice(0, 96), { batchSize: 32, callbacks: cross, verbose: 0 });
    const { translate, ...off } = await augmentationLayers(augmented)[0].values();
    expect(off).toEqual({ rotate: 0, brightness: 0, contrast: 0, noise: 0 });
    expect(translate).not.toBeCloseTo(2, 4);
    expect(cross.history.skipped).toBe(0);
    expect(cross.history.loss.every(Number.isFinite)).toBe(true);
    cross.dispose();
  });

  test('a training step computes no gradient of the warp, a ρ step does', async () => {
    const augmented = injectAugmentation(classifier(), options);
    augmented.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    const kernels = async (f: () => Promise<unknown>) =>
      (await tf.profile(f as never)).kernels.map(({ name }) => name);
    const batch = [x.slice(0, 32), y.slice(0, 32)] as const;
    const training = await kernels(() => augmented.trainOnBatch(...batch));
    expect(training.filter((name) => name === 'CrossregWarp')).toHaveLength(1);
    expect(training).not.toContain('CrossregWarpGradient');
    const regularizationData: [tf.Tensor, tf.Tensor] = [x.slice(100), y.slice(100)];
    const cross = crossRegularization({ regularizationData, every: 1, samples: 2 });
    expect(await kernels(() => cross.trainOnBatch(augmented, ...batch))).toContain('CrossregWarpGradient');
    cross.dispose();
  });

  test('training the original model instead of the returned one is refused by name', async () => {
    const model = classifier();
    injectAugmentation(model, options);
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    const cross = crossRegularization({ regularizationData: [x.slice(100), y.slice(100)] });
    await expect(cross.trainOnBatch(model, x.slice(0, 8), y.slice(0, 8))).rejects.toThrow(
      'was given to injectAugmentation, which returned a new model',
    );
  });

  test('toInferenceModel refuses the layer, because stock layers cannot reproduce its draws', () => {
    const model = injectNoise(injectAugmentation(classifier(), options));
    expect(() => toInferenceModel(model)).toThrow(
      'is a LearnableAugmentation, whose random draws stock layers cannot reproduce',
    );
  });

  test('is saved and loaded with its ranges, also with injected noise', async () => {
    const model = injectNoise(injectAugmentation(classifier(), { ...options, horizontalFlip: 0.5 }));
    let saved: tf.io.ModelArtifacts | undefined;
    await model.save(
      tf.io.withSaveHandler(async (artifacts) => {
        saved = artifacts;
        return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
      }),
    );
    const loaded = await tf.loadLayersModel(tf.io.fromMemory(saved as tf.io.ModelArtifacts));
    const [ours, theirs] = [model, loaded].map((m) => augmentationLayers(m)[0]);
    expect(theirs.getConfig()).toEqual(ours.getConfig());
    const [a, b] = [model, loaded].map((m) => numbers(predict(m, x.slice(0, 8), { samples: 2 }).mean));
    b.forEach((v, i) => {
      expect(v).toBeCloseTo(a[i], 5);
    });
  });

  test('augments a tf.data pipeline, once, with the ranges of the layer in the model', async () => {
    const augmented = injectAugmentation(classifier(), options);
    augmented.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    const [layer] = augmentationLayers(augmented);
    const single = data.zip({
      xs: data.array(tf.unstack(x.slice(0, 64))),
      ys: data.array(tf.unstack(y.slice(0, 64))),
    } as never) as data.Dataset<tf.TensorContainer>;
    const read = async () => {
      const [first] = await augment(single, layer, { seed: 5 }).take(1).toArray();
      return numbers((first as { xs: tf.Tensor }).xs);
    };
    expect(await read()).toEqual(await read());
    expect(await read()).not.toEqual(numbers(x.slice(0, 1)));
    expect(numbers(layer.call(x, { training: true }))).toEqual(numbers(x));
    const cross = crossRegularization({
      regularizationData: [x.slice(100), y.slice(100)],
      every: 1,
      samples: 2,
    });
    const batches = augment(single, layer, { seed: 5 }).batch(32);
    await augmented.fitDataset(batches as never, { epochs: 1, callbacks: cross as never, verbose: 0 });
    expect(cross.history.step).toEqual([1, 2]);
    expect((await layer.values()).rotate).not.toBeCloseTo(10, 3);
  });

  test('refuses a model or data set without images', async () => {
    expect(() => injectAugmentation({} as never, options)).toThrow('model: must be a tf.LayersModel');
    const flat = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [3] })] });
    expect(() => injectAugmentation(flat, options)).toThrow('input: must name one input that takes images');
    const layer = built(options, [2, 28, 28, 1]);
    expect(() => augment({} as never, layer)).toThrow('dataset: must be a tf.data.Dataset');
    const numbersOnly = data.array([{ xs: tf.scalar(1), ys: tf.scalar(1) }]);
    await expect(
      augment(numbersOnly as never as data.Dataset<tf.TensorContainer>, layer).toArray(),
    ).rejects.toThrow('dataset: must yield { xs, ys }');
  });
});
