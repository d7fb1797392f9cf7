import * as tf from '@tensorflow/tfjs';

/** Numbers along an edge of a tile of the backend's shader, and workgroups along one dimension that every device allows. */
const LONGEST = 16 * 65_535;
/** Kernels that transpose a matrix, or do so on their way, by the attribute that names axes. */
const axesOf = {
  Transpose: 'perm',
  ...{ Sum: 'axis', Mean: 'axis', Prod: 'axis', Min: 'axis', Max: 'reductionIndices' },
  ...{ All: 'axis', Any: 'axis', ArgMax: 'axis', ArgMin: 'axis' },
};

/**
 * Lets the WebGPU backend transpose and reduce matrices of more than a million rows or columns. Its shader that transposes matrices
 * has a workgroup for each tile, and more of them along an edge than a device dispatches; the one for other ranks has no
 * such limit. So a long matrix is handed to it as a stack of one.
 */
export function allowLongMatrices(): void {
  for (const [name, axes] of Object.entries(axesOf)) {
    const kernel = tf.getKernel(name, 'webgpu');
    if (!kernel) continue;
    const { kernelFunc } = kernel;
    tf.unregisterKernel(name, 'webgpu');
    tf.registerKernel({
      ...kernel,
      kernelFunc(params) {
        const x = params.inputs.x as tf.TensorInfo;
        if (x.shape.length !== 2 || Math.max(...x.shape) <= LONGEST) return kernelFunc(params);
        const given = params.attrs?.[axes] as number | number[];
        const named = name === 'Transpose' ? [given].flat() : tf.util.parseAxisParam(given, x.shape);
        const further = named.map((axis) => axis + 1);
        const result = kernelFunc({
          ...params,
          inputs: { x: { dataId: x.dataId, dtype: x.dtype, shape: [1, ...x.shape] } },
          attrs: { ...params.attrs, [axes]: name === 'Transpose' ? [0, ...further] : further },
        }) as tf.TensorInfo;
        return { dataId: result.dataId, dtype: result.dtype, shape: result.shape.slice(1) };
      },
    });
  }
}
