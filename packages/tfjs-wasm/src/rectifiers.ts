import * as tf from '@tensorflow/tfjs-core';
import {
  LeakyRelu,
  type LeakyReluAttrs,
  type NamedAttrMap,
  Relu,
  Relu6,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sizeOf, type WasmBackend } from './backend';
import { defineKernel, type KernelDefinition } from './define';
import { ELEMENTS } from './elementwise';
import {
  type Activation,
  FusedPasses,
  leakyRelu as leaky,
  relu as rectified,
  relu6 as rectified6,
} from './fusedPasses';
import { preferGradient } from './gradient';
import { kernelsOf } from './kernels';

const RectifierGradient = 'CrossregRectifierGradient';

/** dy · activation'(y). Without native kernels, for ReLU only. */
export const rectifierGradient = defineKernel<{ dy: TensorInfo; y: TensorInfo }, Activation>(
  RectifierGradient,
  ({ inputs: { dy, y }, attrs, backend, kernels }) => {
    const fused = FusedPasses.of(kernels, backend);
    if (fused) return fused.activationGradient(dy, y, attrs);
    const out = backend.makeOutput(y.shape, 'float32');
    const size = sizeOf(y.shape);
    const args = [...[dy, y, out].map((tensor) => kernels.address(tensor)), size];
    kernels.run('reluGradient', Math.ceil(size / ELEMENTS), args, ELEMENTS * 0.4);
    return out;
  },
);

/** The gradient before a ReLU whose output is y. */
export const reluGradient = (dy: tf.Tensor, y: tf.Tensor): tf.Tensor => gradientOf(dy, y, rectified);

const gradientOf = (dy: tf.Tensor, y: tf.Tensor, activation: Activation) =>
  tf.engine().runKernel(RectifierGradient, { dy, y }, { ...activation }) as tf.Tensor;

/** Where the gradient runs, which may be another backend than that of the first call. */
const isNative = () => kernelsOf(tf.backend() as unknown as WasmBackend).isNative;

/**
 * The kernel of the backend, except after a normalization that is not written yet: that pass then applies the activation too.
 * The gradient takes one pass instead of the three of tfjs.
 *
 * @param saves - the tensors that the gradient of tfjs takes, and the output last.
 */
function rectifier(
  kernelName: string,
  activationOf: (attrs: NamedAttrMap) => Activation,
  saves: Parameters<typeof preferGradient>[2],
  isOurs: (isNative: boolean, activation: Activation) => boolean,
): KernelDefinition {
  return defineKernel<{ x: TensorInfo }, NamedAttrMap>(
    kernelName,
    ({ inputs: { x }, attrs, backend, kernels, stock }) => {
      preferGradient(
        kernelName,
        (dy, saved, attrs) => {
          const [activation, y] = [activationOf(attrs), saved[saved.length - 1]];
          const fits = y.dtype === 'float32' && y.size > 0 && isOurs(isNative(), activation);
          return fits ? { x: () => gradientOf(dy as tf.Tensor, y, activation) } : undefined;
        },
        saves,
      );
      return FusedPasses.of(kernels, backend)?.activate(x, activationOf(attrs)) ?? stock();
    },
  );
}

// The derivative of a ReLU follows from its output as well as from its input, so the gradient of tfjs may get the output too.
export const relu = rectifier(
  Relu,
  () => rectified,
  { inputsToSave: [], outputsToSave: [true] },
  () => true,
);

const both = { inputsToSave: ['x'], outputsToSave: [true] };
export const relu6 = rectifier(
  Relu6,
  () => rectified6,
  both,
  (isNative) => isNative,
);
// An output below 0 has to come from an input below 0.
export const leakyRelu = rectifier(
  LeakyRelu,
  (attrs) => leaky((attrs as unknown as LeakyReluAttrs).alpha),
  both,
  (isNative, { slope }) => isNative && slope > 0,
);
