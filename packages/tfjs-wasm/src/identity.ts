import { Cast, type CastAttrs, Identity, type TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { defineKernel } from './define';

/** A second reference to the same memory, which no kernel ever writes to again, instead of a copy. */
function reference({ dataId, shape, dtype }: TensorInfo, backend: WasmBackend): TensorInfo {
  backend.incRef(dataId);
  return { dataId, shape, dtype };
}

export const identity = defineKernel<{ x: TensorInfo }>(Identity, ({ inputs: { x }, backend, stock }) =>
  x.dtype === 'string' ? stock() : reference(x, backend),
);

/** tfjs casts to the type a tensor already has in many gradients. */
export const cast = defineKernel<{ x: TensorInfo }, CastAttrs>(
  Cast,
  ({ inputs: { x }, attrs: { dtype }, backend, stock }) =>
    x.dtype === dtype && dtype !== 'string' ? reference(x, backend) : stock(),
);
