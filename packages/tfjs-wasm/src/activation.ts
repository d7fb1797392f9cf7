import type { Tensor, TensorInfo } from '@tensorflow/tfjs-core';
import * as tf from '@tensorflow/tfjs-core';
import { refuse } from '../../../common/argumentError';
import { sizeOf } from './backend';
import type { Kernels } from './kernels';
import type { Epilogue } from './rowProduct';

/** The bias that a fused kernel adds to its product, and the activation that it applies to the sum. */
export interface Fused {
  readonly bias?: TensorInfo;
  readonly preluActivationWeights?: TensorInfo;
  readonly activation: string;
  readonly leakyreluAlpha?: number;
}

/** The activations that a product can apply while it stores its result: limits of the range. */
const limits: Readonly<Record<string, Epilogue>> = {
  linear: {},
  relu: { least: 0 },
  relu6: { least: 0, most: 6 },
};

/**
 * A product with bias and activation. They are applied in the same pass if the bias is one number, or one per output column,
 * and the activation only limits the range. Otherwise they take separate passes.
 */
export function activated(
  kernels: Kernels,
  fused: Fused,
  columns: number,
  product: (epilogue?: Epilogue) => TensorInfo,
): TensorInfo {
  const { bias, activation } = fused;
  const size = bias == null ? 0 : sizeOf(bias.shape);
  const one = size === 1 || (size === columns && bias!.shape.length === 1);
  const added: Epilogue | undefined = one ? { bias: { address: kernels.address(bias!), size } } : undefined;
  const left = { ...fused, bias: one ? undefined : bias };
  if (left.bias == null && activation in limits) {
    return product(added || activation !== 'linear' ? { ...added, ...limits[activation] } : undefined);
  }
  return tf.tidy(() => activate(tensorOf(product(added)), left));
}

/** Bias and activation, by the operations of tfjs. */
export function activate(
  x: Tensor,
  { bias, preluActivationWeights, activation, leakyreluAlpha }: Fused,
): Tensor {
  const sum = bias == null ? x : tf.add(x, bias as Tensor);
  if (activation === 'linear') return sum;
  if (activation === 'relu') return tf.relu(sum);
  if (activation === 'relu6') return tf.relu6(sum);
  if (activation === 'elu') return tf.elu(sum);
  if (activation === 'leakyrelu') return tf.leakyRelu(sum, leakyreluAlpha);
  if (activation === 'sigmoid') return tf.sigmoid(sum);
  // Not tf.prelu, whose kernel on this backend takes slopes only of the last axis.
  if (activation === 'prelu') {
    return tf.add(tf.relu(sum), tf.mul(tf.minimum(sum, 0), preluActivationWeights as Tensor));
  }
  return refuse(
    'activation',
    activation,
    'linear, relu, relu6, elu, leakyrelu, sigmoid or prelu in a fused kernel',
    'Apply any other after the kernel.',
  );
}

/** A kernel's output as a tensor, which the running tidy disposes. */
export function tensorOf({ dataId, shape, dtype }: TensorInfo): Tensor {
  const engine = tf.engine();
  return engine.makeTensorFromDataId(dataId, shape, dtype, engine.backend as tf.KernelBackend);
}
