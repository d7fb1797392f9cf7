import * as tf from '@tensorflow/tfjs-core';

/**
 * Everything that this package reads or writes of TensorFlow.js' engine, optimizers and layers that the declarations keep
 * private. (For the backend's memory and kernels see `backend.ts`.) `internals.test.ts` tests these versions. Run it before you
 * add another version.
 */
export const heldVersions: readonly string[] = ['4.22.0'];

export type Save = (tensors: tf.Tensor[]) => void;
/** A function with a gradient, as `tf.customGrad` takes it. */
export type CustomFunction = (...inputsAndSave: unknown[]) => {
  value: tf.Tensor;
  gradFunc(dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[];
};

/** What records operations for differentiation. */
export interface Engine {
  readonly state: {
    gradientDepth: number;
    readonly kernelDepth: number;
    readonly activeScope: { readonly name: string } | null;
  };
  customGrad(f: CustomFunction): (...inputs: tf.Tensor[]) => tf.Tensor;
  /** Tells that the backend has disposed data. */
  removeDataId(dataId: tf.DataId, backend: unknown): void;
  runKernelFunc(operation: {
    inputs: Record<string, tf.Tensor>;
    forwardFunc(backend: unknown, save: Save): tf.Tensor;
    backwardsFunc(dy: tf.Tensor, saved: tf.Tensor[]): Record<string, () => tf.Tensor>;
  }): tf.Tensor;
}

export const engineOf = () => tf.engine() as unknown as Engine;

/** A moment of a variable, as optimizers keep it. */
export interface Moment {
  originalName: string;
  variable: tf.Variable;
}

/** What every optimizer counts. */
export interface Stepped {
  incrementIterations(): void;
}

/** What Adam's update works on. */
export interface AdamState extends Stepped {
  readonly learningRate: number;
  readonly beta1: number;
  readonly beta2: number;
  readonly epsilon: number;
  readonly accBeta1: tf.Variable;
  readonly accBeta2: tf.Variable;
  readonly accumulatedFirstMoment: Moment[];
  readonly accumulatedSecondMoment: Moment[];
}

/** What the update of SGD works on. */
export interface SgdState extends Stepped {
  /** −rate. */
  readonly c: tf.Scalar;
}

/** What the update of momentum works on. */
export interface MomentumState extends SgdState {
  /** The momentum. */
  readonly m: tf.Scalar;
  readonly accumulations: Moment[];
  readonly useNesterov: boolean;
}

/** What RMSProp's update works on. */
export interface RmsPropState extends Stepped {
  readonly learningRate: number;
  readonly decay: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly centered: boolean;
  readonly accumulatedMeanSquares: Moment[];
  readonly accumulatedMoments: Moment[];
  readonly accumulatedMeanGrads: Moment[];
}

export const stateOf = <State extends Stepped>(optimizer: tf.Optimizer) => optimizer as unknown as State;

/** A weight of a layer. This package does not import tfjs-layers. */
export interface LayerVariable {
  read(): tf.Tensor;
  write(value: tf.Tensor): unknown;
}

/** A Dense or Conv2D. */
export interface ProductLayer {
  readonly activation: { getClassName(): string } | null;
  readonly kernel: LayerVariable;
  readonly bias: LayerVariable | null;
  readonly dataFormat?: string;
}

/** A BatchNormalization. */
export interface BatchNormalization {
  readonly axis: number;
  readonly momentum: number;
  readonly epsilon: number;
  readonly gamma?: LayerVariable | null;
  readonly beta?: LayerVariable | null;
  readonly movingMean: LayerVariable;
  readonly movingVariance: LayerVariable;
}

/** The `call` of a layer. */
export type Call<Layer> = (
  this: Layer,
  inputs: tf.Tensor | tf.Tensor[],
  kwargs: { training?: boolean },
) => tf.Tensor;

/** Where all layers of a registered class have their `call`. */
export const callerOf = <Layer>(registered: { prototype: object } | undefined) =>
  registered?.prototype as { call: Call<Layer> } | undefined;
