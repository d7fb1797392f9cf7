import {
  Cast,
  type CastAttrs,
  Identity,
  notEqual,
  type Tensor,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { defineKernel } from './define';

/** A second reference to the same memory instead of a copy. No kernel ever writes to that memory again. */
function reference({ dataId, shape, dtype }: TensorInfo, backend: WasmBackend): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

export const identity = defineKernel<{ x: TensorInfo }>(Identity, ({ inputs: { x }, backend, stock }) =>
  x.dtype === 'string' ? stock() : reference(x, backend),
);

/**
 * In many gradients, tfjs casts to the type that a tensor already has. A number is true unless it is 0; the backend's kernel
 * keeps only its last byte.
 */
export const cast = defineKernel<{ x: Tensor }, CastAttrs>(
  Cast,
  ({ inputs: { x }, attrs: { dtype }, backend, stock }) => {
    if (x.dtype === 'string' || dtype === 'string') return stock();
    if (x.dtype === dtype) return reference(x, backend);
    return dtype === 'bool' ? notEqual(x, 0) : stock();
  },
);
