import {
  ArgumentError,
  type BijectorName,
  bijectors,
  checkAbove,
  parameter,
  type Rho,
  show,
} from '@crossreg/core';
import { addNoise, currentNoise, operation, tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers } from '@tensorflow/tfjs-layers';
import { MovingDeviation, movingDeviationWeights, type WeightVariable } from './movingDeviation';

export interface LearnableNoiseOptions {
  /** σ to start from, relative to the standard deviation of the input. Default 1; 0 switches the layer off for good. */
  initialSigma?: number;
  /** One σ for the layer (default), or one per channel (last axis). */
  per?: 'layer' | 'channel';
  /** How σ > 0 is made from the raw weight. Default `'exp'`. */
  bijector?: BijectorName;
  /**
   * Share of what is known of the deviation of the input that each further training batch leaves, in [0, 1). That
   * deviation scales the noise at inference. Default 0.9: about the last ten batches, which follows a network that moves
   * fast. Give 0.99 for batches of one or two examples, whose deviation is uncertain.
   */
  momentum?: number;
  name?: string;
}

/**
 * Adds Gaussian noise whose scale is learned: x + σ · s_c · ε, with ε ~ N(0, I), σ the regularization parameter and
 * s_c the standard deviation of channel c of the input (method.md §3, *relative noise*). Hence σ has no unit, and the
 * network cannot drown the noise by scaling its activations up.
 *
 * - s_c is |γ_c| directly after a batch normalization; otherwise that of the batch in training, unbiased, and a moving
 *   average of it at inference (see {@link MovingDeviation}, also for a batch of one). No gradient flows through it.
 * - The noise is on at inference too: what was trained under σ = 10 is another network without it. One call is one
 *   draw; `predict` averages many.
 * - σ is not trainable, so the optimizer of `fit` never touches it. It is saved with the model.
 *
 * Input and output: the same shape, of rank 2 or more, channels last.
 */
export class LearnableNoise extends layers.Layer {
  static className = 'LearnableNoise';
  readonly initialSigma: number;
  readonly per: 'layer' | 'channel';
  readonly bijector: BijectorName;
  readonly momentum: number;
  private raw: WeightVariable | undefined;
  private deviation: MovingDeviation | undefined;

  /** @throws ArgumentError for a negative σ, a momentum outside [0, 1), an unknown `per` or `bijector`. */
  constructor(options: LearnableNoiseOptions = {}) {
    super(options as ConstructorParameters<typeof layers.Layer>[0]);
    const { initialSigma = 1, per = 'layer', bijector = 'exp', momentum = 0.9 } = options;
    checkAbove('initialSigma', initialSigma, 0, 'Use 1, or 0 to switch the noise off.', true);
    if (per !== 'layer' && per !== 'channel') {
      throw new ArgumentError('per', `must be 'layer' or 'channel', but is ${show(per)}.`);
    }
    if (!(bijector in bijectors)) {
      throw new ArgumentError(
        'bijector',
        `must be ${Object.keys(bijectors).join(' or ')}, but is ${show(bijector)}.`,
      );
    }
    if (!(momentum >= 0 && momentum < 1)) {
      throw new ArgumentError('momentum', `must lie in [0, 1), but is ${show(momentum)}. Use 0.9.`);
    }
    this.initialSigma = initialSigma;
    this.per = per;
    this.bijector = bijector;
    this.momentum = momentum;
    this.supportsMasking = true;
  }

  override build(inputShape: (number | null)[] | (number | null)[][]): void {
    const shape = (Array.isArray(inputShape[0]) ? inputShape[0] : inputShape) as (number | null)[];
    const channels = shape[shape.length - 1];
    if (shape.length < 2 || channels === null) {
      throw new ArgumentError(
        'input',
        `of ${this.name} must have a fixed last axis, but its shape is [${shape}].`,
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

  /** The raw, unconstrained weight: what ρ's optimizer moves. */
  get rho(): tf.Variable {
    if (!this.raw)
      throw new Error(`${this.name} has no weights yet: it is built when it is applied to an input.`);
    return this.raw.read() as tf.Variable;
  }

  /** σ, as the callback `crossRegularization` trains it. */
  regularizationParameters(): Rho<tf.Tensor>[] {
    return [parameter(tfjs, { name: this.name, variable: this.rho, bijector: bijectors[this.bijector] })];
  }

  /** σ as a tensor, differentiable in {@link rho}: a scalar, or [channels]. */
  sigma(): tf.Tensor {
    return bijectors[this.bijector].forward(tfjs, this.rho);
  }

  /** σ · s_c as at inference, [channels]: the standard deviation of the noise in the unit of the input. */
  scale(): tf.Tensor {
    return tf.tidy(() => tf.mul(this.sigma(), this.inputDeviation()));
  }

  override call(inputs: tf.Tensor | tf.Tensor[], kwargs: { training?: boolean }): tf.Tensor {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const deviation = operation({}, () => this.inputDeviation(kwargs.training === true ? x : undefined));
      return addNoise(x, tf.mul(this.sigma(), deviation), currentNoise().next());
    });
  }

  /** s_c, [channels]: of a training batch where one is given, else as gathered so far. */
  private inputDeviation(x?: tf.Tensor): tf.Tensor {
    const gamma = this.gammaBefore();
    if (gamma) return tf.abs(gamma.read());
    if (!this.deviation) throw new Error(`${this.name} is not built.`);
    return x ? this.deviation.update(x) : this.deviation.read();
  }

  /** γ of the batch normalization that feeds this layer, if there is one: found in the graph, so it survives loading. */
  private gammaBefore(): WeightVariable | undefined {
    const nodes = this.inboundNodes as unknown as { inboundLayers: layers.Layer[] }[];
    if (nodes.length !== 1) return undefined;
    const [before] = nodes[0].inboundLayers as (layers.Layer & {
      gamma?: WeightVariable | null;
      axis: number;
    })[];
    if (before?.getClassName() !== 'BatchNormalization') return undefined;
    const isLastAxis = before.axis === -1 || before.axis === (before.outputShape as number[]).length - 1;
    return isLastAxis ? (before.gamma ?? undefined) : undefined;
  }

  override computeOutputShape<S>(inputShape: S): S {
    return inputShape;
  }

  override getConfig() {
    const { initialSigma, per, bijector, momentum } = this;
    return { ...super.getConfig(), initialSigma, per, bijector, momentum };
  }
}

tf.serialization.registerClass(LearnableNoise as never);
