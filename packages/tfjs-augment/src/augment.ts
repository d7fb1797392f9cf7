import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { currentNoise, NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import type { LearnableAugmentation } from './learnableAugmentation';

/** What is used of a `tf.data.Dataset`. */
interface Mappable {
  map(transform: (element: any) => any): any;
}

export interface AugmentOptions {
  /** Of the draws. Default: the stream of `currentNoise()`, as for a layer. */
  seed?: number;
  /** The name of the images where `xs` is tensors by name. */
  input?: string;
}

/**
 * A `tf.data.Dataset` of `{ xs, ys }`, as `fitDataset` takes it, with its images augmented by a layer, at the ranges
 * that the layer has when an element is made. `xs` is one image or a batch of them, or an object with them under
 * `input`.
 *
 * Keep the layer in the model too: there ρ steps learn the ranges. From now on the layer leaves the images of a training
 * call as they are, since they come augmented.
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
        `must yield { xs, ys } with xs an image [height, width, channels] or a batch of them` +
          `${input === undefined ? '' : ` under ${show(input)}`}, but has ${show(x)}. Map other elements to these first.`,
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
