import * as tf from '@tensorflow/tfjs-core';
import { Elu, LeakyRelu, Prelu, Sigmoid, type TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernels } from './kernels';
import type { Epilogue } from './rowProduct';

/** The activations that a product can take along when it stores: limits of the range. */
const limits: Readonly<Record<string, Pick<Epilogue, 'least' | 'most'>>> = {
  linear: {},
  relu: { least: 0 },
  relu6: { least: 0, most: 6 },
};

/** What fused kernels are told about their activation. */
export interface FusedAttrs {
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

/** Runs a product with the bias and activation that fused kernels take. */
export function activated(
  { activation, leakyreluAlpha }: FusedAttrs,
  bias: number | undefined,
  preluActivationWeights: TensorInfo | undefined,
  product: (epilogue: Epilogue | undefined) => TensorInfo,
): TensorInfo {
  const range = limits[activation];
  if (range) return product(bias === undefined && activation === 'linear' ? undefined : { bias, ...range });
  const x = product(bias === undefined ? undefined : { bias });
  const run = (kernel: string, inputs: object, attrs?: tf.NamedAttrMap) =>
    tf.engine().runKernel(kernel, inputs as tf.NamedTensorMap, attrs) as tf.Tensor;
  const backend = tf.engine().backend;
  const tensor = tf
    .engine()
    .makeTensorFromDataId(x.dataId, x.shape, 'float32', backend as tf.KernelBackend & typeof backend);
  try {
    if (activation === 'elu') return run(Elu, { x: tensor });
    if (activation === 'leakyrelu') return run(LeakyRelu, { x: tensor }, { alpha: leakyreluAlpha! });
    if (activation === 'sigmoid') return run(Sigmoid, { x: tensor });
    if (activation === 'prelu') return run(Prelu, { x: tensor, alpha: preluActivationWeights });
    throw new Error(
      `The activation of a fused kernel must be one of linear, relu, relu6, elu, leakyrelu, sigmoid or prelu, ` +
        `but got '${activation}'.`,
    );
  } finally {
    tensor.dispose();
  }
}

/** Where a bias is, one number for each of `columns` outputs. */
export function biasAddress(
  kernel: string,
  kernels: Kernels,
  bias: TensorInfo | undefined,
  columns: number,
): number | undefined {
  if (bias == null) return undefined;
  if (bias.shape.length !== 1 || bias.shape[0] !== columns) {
    throw new Error(
      `${kernel} on the wasm backend needs a bias of shape [${columns}], one number for each output channel, ` +
        `but got [${bias.shape}]. Add a bias of another shape with tf.add.`,
    );
  }
  return kernels.address(bias);
}
