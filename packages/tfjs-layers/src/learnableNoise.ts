import {
  ArgumentError,
  type BijectorName,
  bijectors,
  type RegularizationParameter,
  regularizationParameter,
} from '@crossreg/core';
import { checkAbove, checkOneOf, checkOptions, show } from '@crossreg/core/internal';
import { addNoise, currentNoise, gaussian, type NoiseKey, tfjs } from '@crossreg/tfjs';
import { operation } from '@crossreg/tfjs/internal';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { axisOf, gammaOf } from './internals';
import { layerArguments } from './layerArguments';
import { carriesMask } from './masks';
import { MovingDeviation, movingDeviationWeights, type WeightVariable } from './movingDeviation';

export interface LearnableNoiseOptions {
  /** The initial σ, relative to the standard deviation of the input. Default 0.15. 0 switches the layer off for good. */
  initialSigma?: number;
  /** One σ for the layer (default), or one per channel. */
  per?: 'layer' | 'channel';
  /** The axis of the channels, counted from the end if negative. Default −1, the last. */
  axis?: number;
  /**
   * Whether every step of a sequence (axis 1) gets its draw (default), or all steps share one, like the masks of variational
   * recurrent dropout (Gal & Ghahramani 2016). For an input of rank 2 there is no difference.
   */
  draw?: 'step' | 'sequence';
  /** How σ > 0 is computed from the raw weight. Default `'exp'`. */
  bijector?: BijectorName;
  /**
   * The momentum, in [0, 1), of the moving estimate of the input's deviation, which scales the noise at inference. Default 0.9:
   * about the last ten batches, which follows a network that changes quickly. Use 0.99 for batches of one or two examples,
   * whose deviation is uncertain.
   */
  momentum?: number;
  name?: string;
}

/** The options of a {@link LearnableNoise} that are its own, for `checkOptions`. */
export const noiseOptionNames = { initialSigma: 1, per: 1, axis: 1, draw: 1, bijector: 1, momentum: 1 };

/**
 * Options with the defaults in place of what is left out.
 *
 * @throws ArgumentError for a value out of range.
 */
export function completeNoise(options: LearnableNoiseOptions): Required<Omit<LearnableNoiseOptions, 'name'>> {
  const { initialSigma = 0.15, per = 'layer', axis = -1, draw = 'step' } = options;
  const { bijector = 'exp', momentum = 0.9 } = options;
  checkAbove('initialSigma', initialSigma, 0, 'Use 0.15, or 0 to switch the noise off.', true);
  checkOneOf('per', per, ['layer', 'channel'], "Use 'layer' for one σ in all.");
  checkOneOf('draw', draw, ['step', 'sequence'], "Use 'step', or 'sequence' for one draw a sequence.");
  if (!Number.isInteger(axis) || axis === 0) {
    throw new ArgumentError(
      'axis',
      `must be an integer other than 0, the axis of the examples, but is ${show(axis)}. Use -1 for the last one.`,
    );
  }
  checkOneOf('bijector', bijector, Object.keys(bijectors) as BijectorName[], "Use 'exp'.");
  if (!(momentum >= 0 && momentum < 1)) {
    throw new ArgumentError('momentum', `must lie in [0, 1), but is ${show(momentum)}. Use 0.9.`);
  }
  return { initialSigma, per, axis, draw, bijector, momentum };
}

/** The lower bound of σ. Noise of a thousandth of the input's variance has little effect, and from here σ can rise again. */
const LEAST_SIGMA = 0.03;

/**
 * Adds Gaussian noise whose scale is learned: x + σ · s_c · ε, with ε ~ N(0, I). σ is the regularization parameter and s_c is
 * the standard deviation of channel c of the input (method.md §3). So σ has no unit, and the network cannot
 * drown the noise by scaling up its activations.
 *
 * - Directly after a batch normalization, s_c is |γ_c|. Otherwise it is the unbiased deviation of the batch in training, and a
 *   moving average of it at inference. (A batch of one is compared with the batch before it.) No gradient flows through s_c.
 * - The noise is on at inference, too: a network that was trained with noise is another network without it. One call is one draw;
 *   `predict` averages many.
 * - The weight of σ is not trainable, so the optimizer of `fit` never touches it. It is saved with the model. If the layer is not
 *   trainable, σ stays as it is: `layer.trainable = false`, before training begins.
 * - Padding that a mask marks does not count in s_c.
 *
 * Input and output: the same shape, of rank 2 or more.
 * @example
 * ```ts
 * const noisy = tf.sequential({
 *   layers: [
 *     tf.layers.dense({ units: 16, inputShape: [4] }),
 *     new LearnableNoise(),
 *     tf.layers.reLU(),
 *     tf.layers.dense({ units: 3, activation: 'softmax' }),
 *   ],
 * });
 * ```
 */
export class LearnableNoise extends layers.Layer {
  static className = 'LearnableNoise';
  readonly initialSigma: number;
  readonly per: 'layer' | 'channel';
  readonly axis: number;
  readonly draw: 'step' | 'sequence';
  readonly bijector: BijectorName;
  readonly momentum: number;
  private raw: WeightVariable | undefined;
  private deviation: MovingDeviation | undefined;

  /** @throws ArgumentError for a negative σ, a momentum outside [0, 1), an unknown `per`, `draw` or `bijector`, and the axis 0. */
  constructor(options: LearnableNoiseOptions = {}) {
    super(options as ConstructorParameters<typeof layers.Layer>[0]);
    checkOptions('LearnableNoise', options, {
      ...layerArguments,
      ...noiseOptionNames,
    });
    const { initialSigma, per, axis, draw, bijector, momentum } = completeNoise(options);
    this.initialSigma = initialSigma;
    this.per = per;
    this.axis = axis;
    this.draw = draw;
    this.bijector = bijector;
    this.momentum = momentum;
    this.supportsMasking = true;
  }

  override build(inputShape: (number | null)[] | (number | null)[][]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
    const axis = this.axisOf(shape.length);
    const channels = shape[axis];
    if (shape.length < 2 || !(axis > 0) || channels === null || channels === undefined) {
      throw new ArgumentError(
        'input',
        `of ${this.name} must have a fixed number of channels on axis ${this.axis}, but its shape is ` +
          `[${shape.map((n) => n ?? 'any')}]. Give the model's inputs a fixed number of them.`,
      );
    }
    const weight = (name: string, weightShape: number[], value: number): WeightVariable =>
      this.addWeight(name, weightShape, 'float32', initializers.constant({ value }), undefined, false);
    // log 0 = −∞ is a fixed point of every optimizer step, and e^−∞ = 0 exactly: off stays off.
    const raw =
      this.initialSigma === 0
        ? Number.NEGATIVE_INFINITY
        : bijectors[this.bijector].inverse(this.initialSigma);
    this.raw = weight('raw_sigma', this.per === 'channel' ? [channels] : [], raw);
    const statistics = Object.entries(movingDeviationWeights).map(
      ([name, shape]) => [name, weight(name, shape === 'channels' ? [channels] : [], 0)] as const,
    );
    this.deviation = new MovingDeviation(Object.fromEntries(statistics) as never, this.momentum);
    super.build(inputShape as never);
  }

  /** The raw, unconstrained weight, which ρ's optimizer moves. */
  get rho(): tf.Variable {
    if (!this.raw)
      throw new Error(`${this.name} has no weights yet: it is built when it is applied to an input.`);
    return this.raw.read() as tf.Variable;
  }

  /** σ, as the callback `crossRegularization` trains it; none if the layer is not trainable. */
  regularizationParameters(): RegularizationParameter<tf.Tensor>[] {
    if (!this.trainable) return [];
    const { name, initialSigma, rho: variable } = this;
    const bijector = bijectors[this.bijector];
    // Off stays off, and a σ that starts lower may stay there.
    const min = initialSigma === 0 ? undefined : Math.min(LEAST_SIGMA, initialSigma);
    return [regularizationParameter(tfjs, { name, variable, bijector, min })];
  }

  /** σ as a tensor, differentiable in {@link rho}: a scalar, or [channels]. */
  sigma(): tf.Tensor {
    return bijectors[this.bijector].forward(tfjs, this.rho);
  }

  /** σ · s_c as at inference, [channels]: the standard deviation of the noise in the unit of the input. */
  scale(): tf.Tensor {
    return tf.tidy(() => tf.mul(this.sigma(), this.inputDeviation()));
  }

  override call(
    inputs: tf.Tensor | tf.Tensor[],
    kwargs: { training?: boolean; mask?: tf.Tensor | null },
  ): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const batch = kwargs.training === true ? { x, mask: this.maskOf(x, kwargs.mask) } : undefined;
      const deviation = operation({}, () => this.inputDeviation(batch));
      return this.add(x, tf.mul(this.sigma(), deviation), currentNoise().next());
    });
  }

  /**
   * One draw of the noise at inference, σ · s_c · ε.
   *
   * @param shape - of one example.
   */
  sample(shape: readonly number[], key: NoiseKey): tf.Tensor {
    return tf.tidy(() => {
      const none = tf.zeros([1, ...shape]);
      return tf.reshape(this.add(none, this.scale(), key), shape as number[]);
    });
  }

  /** x + scale · ε, with a scale for every channel. */
  private add(x: tf.Tensor, scale: tf.Tensor, key: NoiseKey): tf.Tensor {
    return this.withChannelsLast(x, (last) => {
      if (this.draw === 'step' || last.rank === 2) return addNoise(last, scale, key);
      const [examples, , ...rest] = last.shape;
      return tf.add(last, tf.mul(gaussian([examples, 1, ...rest], key), scale));
    });
  }

  /** Applies `f` to the input with its channels moved to the last axis, and moves them back. */
  private withChannelsLast(x: tf.Tensor, f: (last: tf.Tensor) => tf.Tensor): tf.Tensor {
    const axis = this.axisOf(x.rank);
    if (axis === x.rank - 1) return f(x);
    const axes = x.shape.map((_, i) => i);
    const toLast = [...axes.filter((i) => i !== axis), axis];
    return tf.transpose(
      f(tf.transpose(x, toLast)),
      axes.map((i) => toLast.indexOf(i)),
    );
  }

  private axisOf(rank: number): number {
    return this.axis < 0 ? this.axis + rank : this.axis;
  }

  /** s_c, [channels]: of a training batch where one is given, else as gathered so far. */
  private inputDeviation(batch?: { x: tf.Tensor; mask: tf.Tensor | undefined }): tf.Tensor {
    const gamma = this.gammaBefore();
    if (gamma) return tf.abs(gamma.read());
    const { deviation } = this;
    if (!deviation) throw new Error(`${this.name} is not built.`);
    if (!batch) return deviation.read();
    const axis = this.axisOf(batch.x.rank);
    const others = batch.x.shape.map((_, i) => i).filter((i) => i !== axis);
    const last = axis === batch.x.rank - 1 ? batch.x : tf.transpose(batch.x, [...others, axis]);
    return deviation.update(last, batch.mask);
  }

  /**
   * The mask of the input. TensorFlow.js passes to a layer without a mask that of some layer before it. So the graph must
   * confirm that the input of this layer has a mask, and the shape must fit.
   */
  private maskOf(x: tf.Tensor, mask: tf.Tensor | null | undefined): tf.Tensor | undefined {
    const nodes = this.inboundNodes;
    if (!mask || nodes.length === 0 || mask.rank >= x.rank) return undefined;
    if (mask.shape.some((n, axis) => n !== x.shape[axis])) return undefined;
    return nodes.every(({ inputTensors }) => carriesMask(inputTensors[0])) ? mask : undefined;
  }

  /** γ of the batch normalization in front of this layer, if there is one. It is found in the graph, so it survives loading. */
  private gammaBefore(): WeightVariable | undefined {
    const nodes = this.inboundNodes;
    if (nodes.length !== 1) return undefined;
    const [before] = nodes[0].inboundLayers;
    if (before?.getClassName() !== 'BatchNormalization') return undefined;
    const { length: rank } = before.outputShape as number[];
    const axis = axisOf(before)!;
    return (axis < 0 ? axis + rank : axis) === this.axisOf(rank) ? gammaOf(before) : undefined;
  }

  override computeOutputShape<S>(inputShape: S): S {
    return inputShape;
  }

  override getConfig() {
    const { initialSigma, per, axis, draw, bijector, momentum } = this;
    return { ...super.getConfig(), initialSigma, per, axis, draw, bijector, momentum };
  }
}

tf.serialization.registerClass(LearnableNoise as never);
