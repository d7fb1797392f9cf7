import { NoiseStream, withNoise } from '@crossreg/tfjs';
import { injectNoise } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import * as data from '@tensorflow/tfjs-data';
import { beforeAll, expect, test } from 'vitest';
import { augment } from './augment';
import { augmentationLayers, injectAugmentation } from './injectAugmentation';
import { LearnableAugmentation } from './learnableAugmentation';

beforeAll(() => tf.setBackend('cpu'));

const batch = (count: number) => tf.randomUniform([count, 5, 5, 1], 0, 1, 'float32', 1) as tf.Tensor4D;
const layer = () => {
  const made = new LearnableAugmentation({ translate: 2 });
  made.build([null, 5, 5, 1]);
  return made;
};
const dataset = (elements: object[]) => data.array(elements as never);

test('batches are augmented by the stream of the seed, and targets stay unchanged', async () => {
  const [x, y] = [batch(3), tf.tensor1d([0, 1, 2])];
  const one = layer();
  const [element] = (await augment(dataset([{ xs: x, ys: y }]), one, { seed: 4 }).toArray()) as any[];
  const expected = withNoise(new NoiseStream(4), () => one.augment(x));
  expect(element.xs.dataSync()).toEqual(expected.dataSync());
  expect(element.xs.dataSync()).not.toEqual(x.dataSync());
  expect(element.ys.dataSync()).toEqual(y.dataSync());
});

test('a single image is augmented as a batch of one', async () => {
  const x = batch(1);
  const one = layer();
  const image = tf.squeeze(x, [0]);
  const [element] = (await augment(dataset([{ xs: image, ys: 0 }]), one, { seed: 4 }).toArray()) as any[];
  expect(element.xs.shape).toEqual([5, 5, 1]);
  expect(element.xs.dataSync()).toEqual(withNoise(new NoiseStream(4), () => one.augment(x)).dataSync());
});

test('of several named tensors, the one under `input` is augmented', async () => {
  const xs = { image: batch(2), size: tf.tensor2d([[1], [2]]) };
  const [element] = (await augment(dataset([{ xs, ys: 0 }]), layer(), {
    seed: 4,
    input: 'image',
  }).toArray()) as any[];
  expect(element.xs.image.dataSync()).not.toEqual(xs.image.dataSync());
  expect(element.xs.size.dataSync()).toEqual(xs.size.dataSync());
});

test('from then on, the layer leaves the images of a training call unchanged', () => {
  const [one, x] = [layer(), batch(2)];
  const apply = () => (one.apply(x, { training: true }) as tf.Tensor).dataSync();
  expect(apply()).not.toEqual(x.dataSync());
  augment(dataset([]), one);
  expect(apply()).toEqual(x.dataSync());
});

test('that holds for its copy in a model with noise, too: images were augmented twice there', () => {
  const plain = tf.sequential({
    layers: [
      tf.layers.flatten({ inputShape: [5, 5, 1] }),
      tf.layers.dense({ units: 4, activation: 'relu' }),
      tf.layers.dense({ units: 1 }),
    ],
  });
  const augmented = injectAugmentation(plain, { translate: 2 });
  const [given] = augmentationLayers(augmented);
  const [copy] = augmentationLayers(injectNoise(augmented));
  const [other] = augmentationLayers(injectAugmentation(plain, { translate: 2 }));
  const x = batch(2);
  const leaves = (one: LearnableAugmentation) =>
    tf
      .equal(one.apply(x, { training: true }) as tf.Tensor, x)
      .all()
      .dataSync()[0] === 1;
  expect([given, copy, other].map(leaves)).toEqual([false, false, false]);
  augment(dataset([]), given);
  expect([given, copy, other].map(leaves)).toEqual([true, true, false]);
});

test('values that are not a data set, a layer or an image are refused', async () => {
  expect(() => augment([] as never, layer())).toThrow('dataset: must be a tf.data.Dataset');
  expect(() => augment(dataset([]), {} as never)).toThrow('layer: must be a LearnableAugmentation');
  const flat = augment(dataset([{ xs: tf.zeros([2, 3]), ys: 0 }]), layer());
  await expect(flat.toArray()).rejects.toThrow('dataset: must yield { xs, ys }, where xs is an image');
});
