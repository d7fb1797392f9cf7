import { ArgumentError, type RegularizationParameter, regularizationParameter } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { addNoise, currentNoise, type NoiseKey, tfjs } from '@crossreg/tfjs';
import { fillGaussian, fillUniform, isSampling } from '@crossreg/tfjs/internal';
import { layerArguments } from '@crossreg/tfjs-layers/internal';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { affine } from './affine';
import {
  bijectorOf,
  type Draw,
  draws,
  kinds,
  parseRange,
  type Range,
  type RangeKind,
  type RangeOption,
  rangeKinds,
  rawOf,
} from './ranges';
import { recolor } from './recolor';
import { checkPixels, checkValueRange, type ValueRange } from './valueRange';
import { checkFillMode, checkFillValue, type FillMode, warp } from './warp';

export interface LearnableAugmentationOptions {
  /** In pixels, one range for x and y. Not together with `translateX` or `translateY`. */
  translate?: RangeOption;
  translateX?: RangeOption;
  translateY?: RangeOption;
  /** In degrees. */
  rotate?: RangeOption;
  /** In degrees that vertical lines lean by. */
  shear?: RangeOption;
  /** A factor: 0.2 means between 1/1.2 and 1.2 times the size. */
  scale?: RangeOption;
  /** A share of {@link valueRange}, added to all pixels: 0.1 makes an image lighter or darker by up to a tenth of it. */
  brightness?: RangeOption;
  /** A factor on the distance from the image's mean. */
  contrast?: RangeOption;
  /** A factor on the distance from grey. For 3 or 4 channels. */
  saturation?: RangeOption;
  /** Standard deviation of Gaussian noise on every pixel, as a share of {@link valueRange}. */
  noise?: RangeOption;
  /**
   * The values of black and white in the images: the unit of `brightness` and `noise`. The callback compares the first
   * regularization batch with it. Default `[0, 1]`.
   */
  valueRange?: ValueRange;
  /** The probability that an image is mirrored left to right. Fixed, not learned. Default 0. */
  horizontalFlip?: number;
  /** The probability that an image is mirrored top to bottom. Fixed, not learned. Default 0. */
  verticalFlip?: number;
  /** What is drawn beyond the edge of an image. Default `'constant'`. */
  fillMode?: FillMode;
  /** The pixel value for the mode `'constant'`, within `valueRange` or 0. Default 0. */
  fillValue?: number;
  /**
   * `'uniform'` draws from (−range, range). `'normal'` draws normal numbers whose standard deviation is the range. Default
   * `'uniform'`.
   */
  distribution?: 'uniform' | 'normal';
  name?: string;
}

/** The names of {@link LearnableAugmentationOptions}. */
export const augmentationOptions = {
  ...kinds,
  ...{
    horizontalFlip: 1,
    verticalFlip: 1,
    valueRange: 1,
    fillMode: 1,
    fillValue: 1,
    distribution: 1,
    name: 1,
  },
};

interface WeightVariable {
  read(): tf.Tensor;
}

/** The variables of ranges by which an input pipeline augments. */
const augmentedInPipeline = new WeakSet<tf.Tensor>();

/**
 * Augments images by random warps and colour changes whose *ranges are learned*. Image b becomes T(x_b; s ⊙ u_b), where s are
 * the ranges (regularization parameters) and u_b is the draw of this image (method.md §4). Translation, rotation, shear, scale
 * and mirroring are one bilinear resampling about the center of the image.
 *
 * - In training, every image gets one draw. In the averaged prediction of a ρ step or of `predict`, it gets one per sample. In
 *   any other prediction, the layer does nothing.
 * - Ranges are not trainable, so the optimizer of `fit` never touches them. The callback `crossRegularization` finds and trains
 *   them. They are saved with the model.
 *
 * Input and output: [batch, height, width, channels] with 1, 3 or 4 channels, of any size. The fourth channel is transparency:
 * it is warped but never recoloured.
 * @example
 * ```ts
 * const layer = new LearnableAugmentation({ rotate: { initial: 30, max: 90 }, horizontalFlip: 0.5, inputShape: [4, 4, 3] });
 * ```
 */
export class LearnableAugmentation extends layers.Layer {
  static className = 'LearnableAugmentation';
  readonly ranges: Readonly<Partial<Record<RangeKind, Range>>>;
  readonly horizontalFlip: number;
  readonly verticalFlip: number;
  readonly valueRange: ValueRange;
  readonly fillMode: FillMode;
  readonly fillValue: number;
  readonly distribution: 'uniform' | 'normal';
  private inPipeline = false;
  private readonly raw: Partial<Record<RangeKind, WeightVariable>> = {};

  /** @throws ArgumentError for numbers out of range, unknown names, or options that augment nothing. */
  constructor(options: LearnableAugmentationOptions = {}) {
    super(options as ConstructorParameters<typeof layers.Layer>[0]);
    checkOptions('LearnableAugmentation', options, { ...layerArguments, ...augmentationOptions });
    const ranges: Partial<Record<RangeKind, Range>> = {};
    for (const kind of rangeKinds) {
      const option = options[kind];
      if (option !== undefined) ranges[kind] = parseRange(kind, option);
    }
    if (ranges.translate && (ranges.translateX || ranges.translateY)) {
      throw new ArgumentError(
        'translate',
        'sets one range for x and y, but translateX or translateY is given too. Leave one of them out.',
      );
    }
    const { horizontalFlip = 0, verticalFlip = 0, fillMode = 'constant', fillValue = 0 } = options;
    const { distribution = 'uniform', valueRange = [0, 1] } = options;
    for (const [name, p] of Object.entries({ horizontalFlip, verticalFlip })) {
      if (!(p >= 0 && p <= 1)) {
        throw new ArgumentError(
          name,
          `must be a probability, from 0 to 1, but is ${show(p)}. Use 0.5, or 0 for never.`,
        );
      }
    }
    if (Object.keys(ranges).length === 0 && horizontalFlip === 0 && verticalFlip === 0) {
      throw new ArgumentError(
        'options',
        `has no kind of augmentation. Give at least one of ${rangeKinds.join(', ')}, such as { rotate: 5 }.`,
      );
    }
    if (distribution !== 'uniform' && distribution !== 'normal') {
      throw new ArgumentError(
        'distribution',
        `must be 'uniform' or 'normal', but is ${show(distribution)}. Leave it out for 'uniform'.`,
      );
    }
    this.ranges = ranges;
    this.horizontalFlip = horizontalFlip;
    this.verticalFlip = verticalFlip;
    this.fillMode = checkFillMode('fillMode', fillMode);
    this.valueRange = checkValueRange('valueRange', valueRange);
    this.fillValue = checkFillValue('fillValue', fillValue);
    const [black, white] = this.valueRange;
    if (fillValue !== 0 && (fillValue < black || fillValue > white)) {
      throw new ArgumentError(
        'fillValue',
        `must be a pixel value, from ${black} to ${white}, but is ${fillValue}. For images from 0 to 255 give valueRange: [0, 255] too.`,
      );
    }
    this.distribution = distribution;
  }

  override build(inputShape: (number | null)[] | (number | null)[][]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
    const channels = shape[3];
    if (shape.length !== 4 || (channels !== 1 && channels !== 3 && channels !== 4)) {
      throw new ArgumentError(
        'input',
        `of ${this.name} must be images, [batch, height, width, channels] with 1, 3 or 4 channels, but it has shape ` +
          `[${shape.map((n) => n ?? 'any')}]. Put the layer directly after the images.`,
      );
    }
    if (channels === 1 && this.ranges.saturation) {
      throw new ArgumentError(
        'saturation',
        'is given, but images with one channel have no saturation. Leave it out.',
      );
    }
    const size = {
      translate: Math.max(shape[1] ?? Infinity, shape[2] ?? Infinity),
      translateX: shape[2],
      translateY: shape[1],
    };
    for (const [kind, pixels] of Object.entries(size)) {
      const initial = this.ranges[kind as RangeKind]?.initial ?? 0;
      if (pixels === null || initial < pixels) continue;
      throw new ArgumentError(
        `${kind}.initial`,
        `is ${initial} pixels, but the images have only ${pixels}, so some of them would be moved out of view. Use a quarter of their size.`,
      );
    }
    for (const kind of this.kinds()) {
      const initializer = initializers.constant({ value: rawOf(this.ranges[kind] as Range) });
      this.raw[kind] = this.addWeight(`raw_${kind}`, [], 'float32', initializer, undefined, false);
    }
    super.build(inputShape as never);
  }

  /**
   * Set by `augment`: the input pipeline augments the training images, so a training call leaves them unchanged. The averaged
   * prediction, which ρ steps differentiate, is still augmented here. It holds for all layers with the same ranges, such as that
   * of `injectNoise(augmented)`, which is a copy.
   */
  get augmentsInPipeline(): boolean {
    return this.inPipeline || this.variables().some((variable) => augmentedInPipeline.has(variable));
  }

  set augmentsInPipeline(value: boolean) {
    this.inPipeline = value;
    for (const variable of this.variables()) {
      if (value) augmentedInPipeline.add(variable);
      else augmentedInPipeline.delete(variable);
    }
  }

  private variables(): tf.Tensor[] {
    return this.weights.map((weight) => weight.read());
  }

  private kinds(): RangeKind[] {
    return rangeKinds.filter((kind) => this.ranges[kind]);
  }

  private rho(kind: RangeKind): RegularizationParameter<tf.Tensor> {
    const weight = this.raw[kind];
    if (!weight)
      throw new Error(`${this.name} has no weights yet: it is built when it is applied to an input.`);
    return regularizationParameter(tfjs, {
      name: `${this.name}/${kind}`,
      variable: weight.read(),
      bijector: bijectorOf(this.ranges[kind] as Range),
    });
  }

  /** The learned ranges, one ρ each; none if the layer is not trainable. The callback `crossRegularization` asks for them. */
  regularizationParameters(): RegularizationParameter<tf.Tensor>[] {
    if (!this.trainable) return [];
    return this.kinds()
      .filter((kind) => this.ranges[kind]?.trainable)
      .map((kind) => this.rho(kind));
  }

  /** The present ranges, in their units, by name. Waits for the device. */
  async values(): Promise<Partial<Record<RangeKind, number>>> {
    const values: Partial<Record<RangeKind, number>> = {};
    for (const kind of this.kinds()) {
      const value = tf.tidy(() => this.rho(kind).value());
      values[kind] = (await value.data())[0];
      value.dispose();
    }
    return values;
  }

  /** Compares images with {@link valueRange} if an option depends on it. Waits for the device. */
  async checkInput(images: tf.Tensor): Promise<void> {
    if (!this.ranges.brightness && !this.ranges.noise) return;
    const ends = tf.tidy(() => {
      // Not the fourth channel, which holds no colour.
      const colours = images.shape[3] === 4 ? tf.slice(images, 0, [...images.shape.slice(0, 3), 3]) : images;
      return [tf.min(colours), tf.max(colours)];
    });
    const [[low], [high]] = await Promise.all(ends.map((end) => end.data()));
    tf.dispose(ends);
    checkPixels(this.name, this.valueRange, low, high);
  }

  /** The distance from black to white. */
  private get width(): number {
    return this.valueRange[1] - this.valueRange[0];
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    this.invokeCallHook(inputs, kwargs);
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    const active = isSampling() || (kwargs.training === true && !this.augmentsInPipeline);
    return active ? this.augment(x) : tf.clone(x);
  }

  /**
   * A batch of images, each augmented by its own draw from `currentNoise()`. Differentiable in the ranges and in the images.
   */
  augment(images: tf.Tensor4D): tf.Tensor4D {
    return tf.tidy(() => {
      const keys = [0, 1, 2].map(() => currentNoise().next());
      const amounts = this.amounts(images.shape[0], keys[0]);
      const { brightness, contrast, saturation, ...motion } = {
        ...amounts,
        ...this.mirrors(images.shape[0], keys[1]),
      };
      let result = images;
      if (Object.values(motion).some(Boolean)) {
        const fill = { mode: this.fillMode, value: this.fillValue };
        result = warp(result, affine(images.shape[0], motion), fill);
      }
      result = recolor(result, { brightness, contrast, saturation });
      if (this.ranges.noise) {
        const sigma = tf.mul(this.rho('noise').value(), this.width);
        // Not on the fourth channel, which holds no colour.
        const scale = images.shape[3] === 4 ? tf.mul(sigma, tf.tensor1d([1, 1, 1, 0])) : sigma;
        result = addNoise(result, scale, keys[2]) as tf.Tensor4D;
      }
      return result === images ? tf.clone(images) : result;
    });
  }

  /** s ⊙ u: how far each image moves, by kind of change; arrays of shape [batch]. Factors are given as logarithms. */
  private amounts(batch: number, key: NoiseKey): Partial<Record<Draw, tf.Tensor>> {
    const all = new Float32Array(batch * draws.length);
    const uniform = this.distribution === 'uniform';
    if (uniform) fillUniform(all, key, [batch, draws.length]);
    else fillGaussian(all, key, [batch, draws.length]);
    const amounts: Partial<Record<Draw, tf.Tensor>> = {};
    for (const kind of this.kinds()) {
      const { unit, draws: own } = kinds[kind];
      if (own.length === 0) continue;
      const range = this.rho(kind).value();
      const reach =
        unit === 'factor'
          ? tf.log(tf.add(range, 1))
          : unit === 'share of the pixel range'
            ? tf.mul(range, this.width)
            : range;
      for (const draw of own) {
        const column = draws.indexOf(draw);
        const u = Float32Array.from({ length: batch }, (_, b) => all[b * draws.length + column]);
        amounts[draw] = tf.mul(reach, tf.tensor1d(uniform ? u.map((v) => 2 * v - 1) : u));
      }
    }
    return amounts;
  }

  private mirrors(batch: number, key: NoiseKey): { mirrorX?: tf.Tensor; mirrorY?: tf.Tensor } {
    const u = new Float32Array(batch * 2);
    fillUniform(u, key, [batch, 2]);
    const signs = (probability: number, column: number) =>
      probability > 0
        ? tf.tensor1d(Array.from({ length: batch }, (_, b) => (u[b * 2 + column] < probability ? -1 : 1)))
        : undefined;
    return { mirrorX: signs(this.horizontalFlip, 0), mirrorY: signs(this.verticalFlip, 1) };
  }

  override computeOutputShape<S>(inputShape: S): S {
    return inputShape;
  }

  override getConfig(): tf.serialization.ConfigDict {
    const { ranges, valueRange, horizontalFlip, verticalFlip, fillMode, fillValue, distribution } = this;
    return {
      ...super.getConfig(),
      ...(ranges as tf.serialization.ConfigDict),
      ...{ valueRange: [...valueRange], horizontalFlip, verticalFlip, fillMode, fillValue, distribution },
    };
  }
}

tf.serialization.registerClass(LearnableAugmentation as never);
