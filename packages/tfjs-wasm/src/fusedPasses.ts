import type { TensorInfo } from '@tensorflow/tfjs-core';
import { sizeOf, type WasmBackend } from './backend';
import type { Work } from './deferred';
import { bits, type Kernels } from './kernels';

/**
 * y = v above 0 and at most `most`, slope · v below 0 and at least `floor`. Its derivative follows from y. At `most` itself it
 * is 0.
 */
export interface Activation {
  readonly slope: number;
  readonly floor: number;
  readonly most: number;
}

const { NEGATIVE_INFINITY, POSITIVE_INFINITY } = Number;
const none: Activation = { slope: 1, floor: NEGATIVE_INFINITY, most: POSITIVE_INFINITY };
export const relu: Activation = { slope: 0, floor: 0, most: POSITIVE_INFINITY };
export const relu6: Activation = { slope: 0, floor: 0, most: 6 };
export const leakyRelu = (alpha: number): Activation => ({
  slope: alpha,
  floor: NEGATIVE_INFINITY,
  most: POSITIVE_INFINITY,
});

/** (x − mean) · scale / √(variance + ε) + offset, per entry of the last axis. */
export interface Normalization {
  readonly x: TensorInfo;
  readonly mean: TensorInfo;
  readonly variance: TensorInfo;
  readonly scale?: TensorInfo;
  readonly offset?: TensorInfo;
  readonly epsilon: number;
}

/** scale · ε of a stream of Gaussian numbers: a scalar, or one scale for each entry of the last axis. */
export interface AddedNoise {
  readonly scale: TensorInfo;
  readonly k0: number;
  readonly k1: number;
  /** Whether the second half of the rows has the numbers of the first half with the opposite sign. */
  readonly mirrored: boolean;
}

/** A normalization, or x itself, and the noise on it. */
interface Pass extends Partial<Omit<Normalization, 'x'>> {
  readonly x: TensorInfo;
  readonly noise?: AddedNoise;
}

/** An output that may be left for the next kernel. */
export type Deferrable =
  | (Work & { readonly kind: 'pass'; readonly pass: Pass })
  | (Work & { readonly kind: 'arriving'; readonly arriving: Arriving });

/** dy · activation'(y). */
interface Arriving {
  readonly dy: TensorInfo;
  readonly y: TensorInfo;
  readonly activation: Activation;
}

/**
 * The passes over rows of channels in @crossreg/tfjs-native, rust/channels.rs. A batch normalization is written together with
 * the noise and the activation behind it. A gradient through the activation is never stored if only the gradients of the
 * normalization read it.
 */
export class FusedPasses {
  private constructor(
    private readonly kernels: Kernels,
    private readonly backend: WasmBackend,
  ) {}

  /** Only if there are native kernels. */
  static of(kernels: Kernels, backend: WasmBackend): FusedPasses | undefined {
    return kernels.isNative ? new FusedPasses(kernels, backend) : undefined;
  }

  /** Mean and variance over all axes but the last. */
  moments(x: TensorInfo): [mean: TensorInfo, variance: TensorInfo] {
    const channels = x.shape[x.shape.length - 1];
    const outputs = [0, 1].map(() => this.backend.makeOutput([channels], 'float32'));
    const args = () => [...this.addresses(x, ...outputs), ...rowsOf(x.shape)];
    this.kernels.runNative('moments', args);
    return outputs as [TensorInfo, TensorInfo];
  }

  /** The normalized input, which is written when it is read. */
  normalize(n: Normalization): TensorInfo {
    return this.later(n);
  }

  /** x + noise, which is written when it is read. */
  addNoise(x: TensorInfo, noise: AddedNoise): TensorInfo {
    const pass = this.passOf(x);
    return this.later(pass && !pass.noise ? { ...pass, noise } : { x, noise });
  }

  /** How to write x if it is not written yet and has the shape in which it is written; the channels are those of that shape. */
  private passOf(x: TensorInfo): Pass | undefined {
    const work = this.kernels.deferred.of(x);
    if (work?.kind !== 'pass') return undefined;
    const { shape } = work.pass.x;
    const isSame = x.shape.length === shape.length && x.shape.every((n, i) => n === shape[i]);
    return isSame ? work.pass : undefined;
  }

  private later(pass: Pass): TensorInfo {
    const all = [pass.x, pass.mean, pass.variance, pass.scale, pass.offset, pass.noise?.scale];
    const operands = all.filter((operand) => operand != null);
    const out = this.backend.makeOutput(pass.x.shape, 'float32');
    this.kernels.deferred.defer(out, {
      ...{ kind: 'pass', pass, operands },
      write: () => this.write(pass, none, out),
    });
    // Writes what is requested. Otherwise a long sum would be written in one deep recursion and hold all its terms. Not sooner,
    // because the operands may be among those written here, which releases them.
    this.addresses(...operands);
    return out;
  }

  /** The activation of an unwritten output, or undefined. */
  activate(x: TensorInfo, activation: Activation): TensorInfo | undefined {
    const work = this.kernels.deferred.of(x);
    if (work?.kind !== 'pass') return undefined;
    const out = this.backend.makeOutput(x.shape, 'float32');
    this.write(work.pass, activation, out);
    return out;
  }

  private write(pass: Pass, activation: Activation, out: TensorInfo): void {
    const { x, mean, variance, scale, offset, epsilon = 0, noise } = pass;
    this.kernels.runNative('normalize', () => [
      ...this.addresses(x, mean, variance, scale, offset, out),
      ...[...rowsOf(x.shape), bits(epsilon)],
      ...(noise
        ? [...this.addresses(noise.scale), sizeOf(noise.scale.shape), noise.k0, noise.k1, +noise.mirrored]
        : [0, 0, 0, 0, 0]),
      ...activationArgs(activation),
    ]);
  }

  /** dy · activation'(y), written when a kernel reads it that cannot compute it along the way. */
  activationGradient(dy: TensorInfo, y: TensorInfo, activation: Activation): TensorInfo {
    const out = this.backend.makeOutput(y.shape, 'float32');
    const arriving = { dy, y, activation };
    this.kernels.deferred.defer(out, {
      ...{ kind: 'arriving', arriving, operands: [dy, y] },
      write: () => {
        const args = () => [...this.arrivingArgs(arriving), ...this.addresses(out), sizeOf(y.shape)];
        this.kernels.runNative('activationGradient', args);
      },
    });
    return out;
  }

  /** Σ g and Σ g · (x − mean) over all axes but the last, g the gradient that arrives. */
  sums(dy: TensorInfo, x: TensorInfo, mean: TensorInfo): [sum: TensorInfo, product: TensorInfo] {
    const outputs = [0, 1].map(() => this.backend.makeOutput(mean.shape, 'float32'));
    this.kernels.runNative('channelSums', () => [
      ...this.arriving(dy),
      ...[...this.addresses(x, mean, ...outputs), 0, ...rowsOf(x.shape), 0, 0, 0],
    ]);
    return outputs as [TensorInfo, TensorInfo];
  }

  /** Σ g over the rows. */
  sum(dy: TensorInfo, shape: readonly number[], rows: number, channels: number): TensorInfo {
    const out = this.backend.makeOutput(shape, 'float32');
    this.kernels.runNative('channelSums', () => [
      ...this.arriving(dy),
      ...[0, 0, ...this.addresses(out), 0, 0, rows, channels, 0, 0, 0],
    ]);
    return out;
  }

  /** Σ g · ε over everything, or over all axes but the last. */
  noiseSums(dy: TensorInfo, perChannel: boolean, noise: Omit<AddedNoise, 'scale'>): TensorInfo {
    const { k0, k1, mirrored } = noise;
    const [rows, channels] = perChannel ? rowsOf(dy.shape) : [sizeOf(dy.shape), 1];
    const out = this.backend.makeOutput(perChannel ? [channels] : [], 'float32');
    this.kernels.runNative('channelSums', () => [
      ...this.arriving(dy),
      ...[0, 0, 0, 0, ...this.addresses(out), rows, channels, k0, k1, +mirrored],
    ]);
    return out;
  }

  /** The gradient before a normalization by the moments of the rows themselves, from its {@link sums}. */
  normalizeInput(dy: TensorInfo, n: Normalization, sum: TensorInfo, product: TensorInfo): TensorInfo {
    const out = this.backend.makeOutput(n.x.shape, 'float32');
    this.kernels.runNative('normalizeInput', () => [
      ...this.arriving(dy),
      ...this.addresses(n.x, n.mean, n.variance, n.scale, sum, product, out),
      ...[...rowsOf(n.x.shape), bits(n.epsilon)],
    ]);
    return out;
  }

  /** g · factor, one factor for each entry of the last axis. */
  scaleRows(dy: TensorInfo, factor: TensorInfo): TensorInfo {
    const out = this.backend.makeOutput(dy.shape, 'float32');
    this.kernels.runNative('normalizeInput', () => [
      ...this.arriving(dy),
      ...[0, 0, 0, ...this.addresses(factor), 0, 0, ...this.addresses(out)],
      ...[...rowsOf(dy.shape), 0],
    ]);
    return out;
  }

  /** The gradient that arrives at a normalization, through an activation if that is unwritten. */
  private arriving(dy: TensorInfo): number[] {
    const work = this.kernels.deferred.of(dy);
    return this.arrivingArgs(work?.kind === 'arriving' ? work.arriving : { dy, y: dy, activation: none });
  }

  private arrivingArgs({ dy, y, activation }: Arriving): number[] {
    return [...this.addresses(dy, y), ...activationArgs(activation)];
  }

  /** 0 for what is missing. */
  private addresses(...tensors: readonly (TensorInfo | null | undefined)[]): number[] {
    return tensors.map((tensor) => (tensor == null ? 0 : this.kernels.address(tensor)));
  }
}

const activationArgs = ({ slope, floor, most }: Activation) => [bits(slope), bits(floor), bits(most)];

/** A shape as rows of channels. */
function rowsOf(shape: readonly number[]): [rows: number, channels: number] {
  const channels = shape[shape.length - 1];
  return [sizeOf(shape) / channels, channels];
}
