import { NoiseStream, seedNoise, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { type HookedNoise, hookNoise } from './hookNoise';
import { injectNoise } from './injectNoise';

beforeAll(() => tf.setBackend('cpu'));

const random = (seed: number) => tf.initializers.randomNormal({ mean: 0.3, stddev: 0.5, seed });
const dense = (units: number, seed: number, options: object = {}) =>
  tf.layers.dense({ units, kernelInitializer: random(seed), ...options });

const networks: Record<string, () => { model: tf.LayersModel; positions: string[] }> = {
  'a convolutional chain': () => ({
    model: tf.sequential({
      layers: [
        tf.layers.conv2d({
          inputShape: [6, 6, 2],
          filters: 3,
          kernelSize: 3,
          activation: 'relu',
          kernelInitializer: random(1),
          name: 'conv',
        }),
        tf.layers.depthwiseConv2d({
          kernelSize: 3,
          activation: 'elu',
          depthwiseInitializer: random(2),
          name: 'depthwise',
        }),
        tf.layers.flatten(),
        dense(4, 3, { name: 'linear_part' }),
        tf.layers.batchNormalization({ gammaInitializer: random(4) }),
        tf.layers.leakyReLU({ name: 'leaky' }),
        dense(3, 5, { activation: 'softmax' }),
      ],
    }),
    positions: ['conv_noise', 'depthwise_noise', 'leaky_noise'],
  }),
  'nested models, one of them shared, with layers of the same name': () => {
    const nested = (seed: number) =>
      tf.sequential({
        layers: [
          dense(4, seed, { inputShape: [4], name: `linear${seed}` }),
          tf.layers.activation({ activation: 'tanh', name: `tanh${seed}` }),
          dense(4, seed + 1, { activation: 'relu', name: `relu${seed}` }),
        ],
      });
    const [first, second] = [nested(1), nested(3)];
    const x = tf.input({ shape: [4] });
    const y = second.apply(first.apply(first.apply(x))) as tf.SymbolicTensor;
    return {
      model: tf.model({ inputs: x, outputs: dense(2, 9).apply(y) as tf.SymbolicTensor }),
      positions: ['tanh1_noise', 'relu1_noise', 'tanh3_noise', 'relu3_noise'],
    };
  },
  'two inputs, two outputs and a shared layer': () => {
    const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
    const shared = dense(5, 1, { activation: 'relu', name: 'shared' });
    const joined = tf.layers.add().apply([a, b].map((x) => shared.apply(x) as tf.SymbolicTensor));
    const hidden = dense(5, 3, { activation: 'sigmoid', name: 'hidden' }).apply(joined) as tf.SymbolicTensor;
    return {
      model: tf.model({
        inputs: [a, b],
        outputs: [4, 5].map((seed) => dense(2, seed).apply(hidden) as tf.SymbolicTensor),
      }),
      positions: ['shared_noise', 'hidden_noise'],
    };
  },
};

const inputsOf = (model: tf.LayersModel) => {
  const xs = model.inputs.map(({ shape }, i) =>
    tf.randomNormal([8, ...(shape.slice(1) as number[])], 0, 1, 'float32', 7 + i),
  );
  return xs.length === 1 ? xs[0] : xs;
};
const targetsOf = (model: tf.LayersModel) => {
  const ys = model.outputs.map(({ shape }, i) =>
    tf.randomUniform([8, ...(shape.slice(1) as number[])], 0, 1, 'float32', 17 + i),
  );
  return ys.length === 1 ? ys[0] : ys;
};
const numbers = (tensors: tf.Tensor | tf.Tensor[]) => [tensors].flat().map((y) => [...y.dataSync()]);
const predictions = (model: tf.LayersModel, x: tf.Tensor | tf.Tensor[], seed = 1) =>
  withNoise(new NoiseStream(seed), () => numbers(model.predict(x)));
const weightsOf = (model: tf.LayersModel) => numbers(model.getWeights());
const sigmas = (hook: HookedNoise) => numbers(hook.layers.map((layer) => layer.sigma()));
const compile = (model: tf.LayersModel) =>
  model.compile({ optimizer: tf.train.momentum(0.05, 0.9), loss: 'meanSquaredError' });

describe.each(Object.entries(networks))('%s', (_, make) => {
  test('has noise in the same places as injectNoise, with the same numbers for the same stream', () => {
    const { model, positions } = make();
    const x = inputsOf(model);
    const hook = hookNoise(model, { initialSigma: 0.7 });
    expect(hook.layers.map(({ name }) => name)).toEqual(positions);
    const noisy = predictions(model, x);
    expect(noisy).not.toEqual(predictions(model, x, 2));
    expect(noisy).toEqual(predictions(hook.toModel(), x));
  });

  test('σ = 0 and unhooking both restore the function bit for bit', () => {
    const { model } = make();
    const x = inputsOf(model);
    const plain = predictions(model, x);
    const silent = hookNoise(model, { initialSigma: 0 });
    predictions(model, x).forEach((values, i) => {
      values.forEach((value, j) => {
        expect(value).toBeCloseTo(plain[i][j], 5);
      });
    });
    silent.unhook();
    silent.unhook();
    expect(predictions(model, x)).toEqual(plain);
    expect(model.layers.some((layer) => Object.hasOwn(layer, 'call'))).toBe(false);
  });

  test('training a compiled model moves weights and statistics as in the explicit model, and never σ', async () => {
    const train = async (model: tf.LayersModel) => {
      for (let step = 0; step < 3; step++) {
        // trainOnBatch awaits before its forward pass, so the pass runs outside a withNoise.
        seedNoise(step);
        await model.trainOnBatch(inputsOf(model), targetsOf(model));
      }
    };
    const { model } = make();
    compile(model);
    const hook = hookNoise(model, { initialSigma: 0.5 });
    const before = sigmas(hook);
    await train(model);
    expect(sigmas(hook)).toEqual(before);

    const explicit = injectNoise(make().model, { initialSigma: 0.5 });
    compile(explicit);
    await train(explicit);
    expect(weightsOf(hook.toModel())).toEqual(weightsOf(explicit));
  });

  test('inference changes nothing, and leaves no tensor behind', () => {
    const { model } = make();
    const hook = hookNoise(model);
    const x = inputsOf(model);
    const before = weightsOf(hook.toModel());
    tf.dispose(model.predict(x));
    const { numTensors } = tf.memory();
    for (let i = 0; i < 3; i++) tf.dispose(model.predict(x));
    expect(tf.memory().numTensors).toBe(numTensors);
    expect(weightsOf(hook.toModel())).toEqual(before);
  });

  test('the configuration remains that of the model without noise', () => {
    const { model } = make();
    const [config, names] = [model.toJSON(), model.weights.map(({ name }) => name)];
    hookNoise(model);
    tf.dispose(model.predict(inputsOf(model)));
    expect(model.toJSON()).toBe(config);
    expect(model.weights.map(({ name }) => name)).toEqual(names);
  });
});

test('the gradient of a loss reaches σ through the hook', () => {
  const { model } = networks['two inputs, two outputs and a shared layer']();
  const hook = hookNoise(model);
  const inputs = inputsOf(model);
  const loss = (raw: number) => {
    hook.layers[0].rho.assign(tf.scalar(raw));
    return withNoise(new NoiseStream(3), () => {
      const outputs = model.predict(inputs) as tf.Tensor[];
      return tf.addN(outputs.map((y) => tf.sum(tf.square(y)))) as tf.Scalar;
    });
  };
  hook.layers[0].rho.assign(tf.scalar(0));
  const { grads } = tf.engine().gradients(() => loss(0), [hook.layers[0].rho]);
  const h = 1e-2;
  const difference = (loss(h).dataSync()[0] - loss(-h).dataSync()[0]) / (2 * h);
  expect(Math.abs(difference)).toBeGreaterThan(0.1);
  expect(grads[0].dataSync()[0] / difference).toBeCloseTo(1, 1);
});

test('a linear layer has the noise on its output', () => {
  const { model } = networks['a convolutional chain']();
  const hook = hookNoise(model, { layers: ['linear_part'] });
  const x = inputsOf(model);
  expect(hook.layers.map(({ name }) => name)).toEqual(['linear_part_noise']);
  expect(predictions(model, x)).toEqual(predictions(hook.toModel(), x));
});

test('a layer keeps its activation if the activation throws', () => {
  const model = tf.sequential({
    layers: [dense(3, 1, { inputShape: [2], activation: 'relu', name: 'first' }), dense(1, 2)],
  });
  hookNoise(model);
  const config = model.toJSON();
  expect(() => model.layers[0].apply(tf.zeros([1, 5]))).toThrow();
  expect(() => model.layers[0].call(tf.zeros([1, 5]), {})).toThrow();
  expect(model.toJSON()).toBe(config);
});

test('a model can be hooked once at a time, and disposal frees the noise alone', () => {
  const { model } = networks['a convolutional chain']();
  const x = inputsOf(model);
  const plain = predictions(model, x);
  const { numTensors } = tf.memory();
  const hook = hookNoise(model);
  expect(() => hookNoise(model)).toThrow('model: already has noise hooked into "conv". Call unhook() first.');
  hook.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(predictions(model, x)).toEqual(plain);
  const again = hookNoise(model);
  expect(again.layers).toHaveLength(3);
  const weights = model.weights.map((weight) => weight.read());
  again.dispose();
  again.dispose();
  model.dispose();
  expect(weights.every(({ isDisposed }) => isDisposed)).toBe(true);
});

test('a model that was refused frees its weights', () => {
  const { numTensors } = tf.memory();
  const model = tf.sequential({ layers: [dense(2, 1, { inputShape: [2], activation: 'relu' })] });
  expect(() => hookNoise(model, { layers: () => false })).toThrow('has no place for noise');
  model.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

class Unregistered extends tf.layers.Layer {
  static className = 'UnregisteredOfHookNoise';
  override call(inputs: tf.Tensor | tf.Tensor[]) {
    return tf.tidy(() => tf.mul([inputs].flat()[0], 2));
  }
}

test('what injectNoise refuses, and a custom layer that cannot be rebuilt, is refused, and nothing is hooked', () => {
  expect(() => hookNoise({} as never)).toThrow('model: must be a tf.LayersModel');
  const model = tf.sequential({
    layers: [
      dense(3, 1, { inputShape: [2], activation: 'relu' }),
      new Unregistered({ name: 'own' }),
      dense(1, 2),
    ],
  });
  expect(() => hookNoise(model, { layers: ['own'] })).toThrow('layers: chooses "own", whose class');
  expect(hookNoise(model).layers).toHaveLength(1);
});
