import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { currentNoise, NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LearnableAugmentation } from './learnableAugmentation';

/** The part of a `tf.data.Dataset` that is used. */
interface Mappable {
  map(transform: (element: any) => any): any;
}

export interface AugmentOptions {
  /** Seed of the draws. Default: the stream of `currentNoise()`, as for a layer. */
  seed?: number;
  /** The name of the images if `xs` is an object of tensors. */
  input?: string;
}

/**
 * A `tf.data.Dataset` of `{ xs, ys }`, as `fitDataset` takes it, whose images are augmented by a layer. Each element is
 * augmented with the ranges that the layer has at that time. `xs` is one image, a batch of images, or an object that holds them
 * under `input`.
 *
 * Keep the layer in the model, where the ρ steps learn its ranges. From now on, the layer leaves training images unchanged,
 * because they are already augmented.
 *
 * @throws ArgumentError for a data set without `map`, or (when read) elements without images.
 */
export function augment<D extends Mappable>(
  dataset: D,
  layer: LearnableAugmentation,
  options: AugmentOptions = {},
): D {
  checkOptions('augment', options, { seed: 1, input: 1 });
  const { seed, input } = options;
  if (typeof dataset?.map !== 'function' || Array.isArray(dataset)) {
    throw new ArgumentError(
      'dataset',
      `must be a tf.data.Dataset, but is ${show(dataset)}. Use tf.data.zip({ xs, ys }).`,
    );
  }
  if (typeof layer?.augment !== 'function') {
    throw new ArgumentError(
      'layer',
      `must be a LearnableAugmentation, but is ${show(layer)}. Take it from augmentationLayers(model).`,
    );
  }
  const stream = seed === undefined ? undefined : new NoiseStream(seed);
  layer.augmentsInPipeline = true;
  const images = (x: unknown): tf.Tensor => {
    if (!(x instanceof tf.Tensor) || (x.rank !== 3 && x.rank !== 4)) {
      throw new ArgumentError(
        'dataset',
        `must yield { xs, ys }, where xs is an image [height, width, channels] or a batch of images` +
          `${input === undefined ? '' : ` under ${show(input)}`}, but has ${show(x)}. Convert other elements with map() first.`,
      );
    }
    return withNoise(stream ?? currentNoise(), () =>
      x.rank === 4
        ? layer.augment(x as tf.Tensor4D)
        : tf.tidy(() => tf.squeeze(layer.augment(tf.expandDims(x) as tf.Tensor4D), [0])),
    );
  };
  return dataset.map((element: { xs: unknown; ys: unknown }) => {
    const xs = element?.xs;
    if (input === undefined) return { ...element, xs: images(xs) };
    const named = xs as Record<string, unknown>;
    return { ...element, xs: { ...named, [input]: images(named?.[input]) } };
  });
}
