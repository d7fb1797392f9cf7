import * as tf from '@tensorflow/tfjs';

/** Tiles of the shader, numbers along an edge. */
const TILE = 16;
/** Workgroups along one dimension that every device allows. */
const GROUPS = 65_535;

/**
 * Lets the WebGPU backend transpose matrices of more than a million rows. Its shader for matrices has a workgroup for each tile, and
 * no more of them along an edge than the device dispatches; the one for other ranks has no such limit. Sums over the first
 * axis transpose, so biases, `moments` and `argMax` need it, too.
 */
export function allowLongTranspose(): void {
  const kernel = tf.getKernel('Transpose', 'webgpu');
  if (!kernel) return;
  const { kernelFunc } = kernel;
  tf.unregisterKernel('Transpose', 'webgpu');
  tf.registerKernel({
    ...kernel,
    kernelFunc(params) {
      const x = params.inputs.x as tf.TensorInfo;
      const perm = params.attrs?.perm as number[];
      const long = x.shape.some((size) => size > TILE * GROUPS);
      if (!long || perm.join() !== '1,0') return kernelFunc(params);
      const [rows, columns] = x.shape;
      const one = { ...x, dataId: x.dataId, dtype: x.dtype, shape: [1, rows, columns] };
      const turned = kernelFunc({
        ...params,
        inputs: { x: one },
        attrs: { perm: [0, 2, 1] },
      }) as tf.TensorInfo;
      return { ...turned, shape: [columns, rows] };
    },
  });
}
