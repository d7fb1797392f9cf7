import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { augmentationLayers, injectAugmentation } from './injectAugmentation';
import { LearnableAugmentation } from './learnableAugmentation';

beforeAll(() => tf.setBackend('cpu'));

const network = () =>
  tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [6, 5, 1],
        filters: 2,
        kernelSize: 3,
        kernelInitializer: tf.initializers.glorotNormal({ seed: 1 }),
      }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, kernelInitializer: tf.initializers.glorotNormal({ seed: 2 }) }),
    ],
  });

test('a plain prediction equals that of the original model, which shares the variables', () => {
  const model = network();
  const augmented = injectAugmentation(model, { rotate: true, translate: 2 });
  const x = tf.randomUniform([3, 6, 5, 1], 0, 1, 'float32', 1);
  const before = (model.predict(x) as tf.Tensor).dataSync();
  expect((augmented.predict(x) as tf.Tensor).dataSync()).toEqual(before);
  const [kernel] = model.layers[2].getWeights();
  model.layers[2].setWeights([tf.mul(kernel, 2), model.layers[2].getWeights()[1]]);
  expect((augmented.predict(x) as tf.Tensor).dataSync()).toEqual((model.predict(x) as tf.Tensor).dataSync());
  expect(augmented.trainableWeights).toHaveLength(model.trainableWeights.length);
});

test('of several inputs, the one with images or the named one is augmented', () => {
  const make = (name: string) => {
    const [image, numbers] = [tf.input({ shape: [4, 4, 1], name }), tf.input({ shape: [3] })];
    const both = tf.layers
      .concatenate()
      .apply([tf.layers.flatten().apply(image) as tf.SymbolicTensor, numbers]) as tf.SymbolicTensor;
    return tf.model({
      inputs: [image, numbers],
      outputs: tf.layers.dense({ units: 1 }).apply(both) as tf.SymbolicTensor,
    });
  };
  expect(injectAugmentation(make('only'), { rotate: 5 }).inputs).toHaveLength(2);
  expect(injectAugmentation(make('image'), { rotate: 5, input: 'image' }).inputs[0].shape).toEqual([
    null,
    4,
    4,
    1,
  ]);
  expect(() => injectAugmentation(make('other'), { rotate: 5, input: 'picture' })).toThrow(
    'input: must name one input that takes images',
  );
});

test('models without images or without an input shape, and values that are not a model, are refused', () => {
  const flat = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [3] })] });
  expect(() => injectAugmentation(flat, { rotate: 5 })).toThrow(
    'input: must name one input that takes images',
  );
  const unbuilt = tf.sequential();
  expect(() => injectAugmentation(unbuilt, { rotate: 5 })).toThrow('has no input shape yet');
  expect(() => injectAugmentation({} as never, { rotate: 5 })).toThrow('model: must be a tf.LayersModel');
  expect(() => injectAugmentation(network(), { turn: 5 } as never)).toThrow('turn');
});

test('layers are found once each, in order, also in nested models', () => {
  const inner = injectAugmentation(network(), { rotate: 5 });
  const input = tf.input({ shape: [6, 5, 1] });
  const outer = new LearnableAugmentation({ translate: 1 });
  const once = inner.apply(outer.apply(input)) as tf.SymbolicTensor;
  const twice = inner.apply(input) as tf.SymbolicTensor;
  const model = tf.model({ inputs: input, outputs: [once, twice] });
  expect(augmentationLayers(model)).toEqual([outer, ...augmentationLayers(inner)]);
  expect(augmentationLayers(network())).toEqual([]);
});
