/** A dense row-major array of float64 numbers: the array type of the reference framework. */
export class Array64 {
  constructor(
    /** The numbers, row-major. Replaced by `assign` in a variable, otherwise never written. */
    public data: Float64Array,
    readonly shape: readonly number[],
  ) {}
}

export const size = (shape: readonly number[]): number => shape.reduce((product, n) => product * n, 1);

/** The NumPy broadcast of two shapes. Throws where an axis differs and neither is 1. */
export function broadcastShape(a: readonly number[], b: readonly number[]): readonly number[] {
  const rank = Math.max(a.length, b.length);
  return Array.from({ length: rank }, (_, axis) => {
    const m = a[axis - rank + a.length] ?? 1;
    const n = b[axis - rank + b.length] ?? 1;
    if (m !== n && m !== 1 && n !== 1) throw new RangeError(`shapes [${a}] and [${b}] do not broadcast`);
    return m === 1 ? n : m;
  });
}

/** For every element of `shape`, the offset of the element it reads from an array of shape `from` broadcast to it. */
export function broadcastOffsets(from: readonly number[], shape: readonly number[]): Int32Array {
  const offsets = new Int32Array(size(shape));
  const strides = shape.map(() => 0);
  for (let axis = from.length - 1, stride = 1; axis >= 0; axis--) {
    if (from[axis] !== 1) strides[axis + shape.length - from.length] = stride;
    stride *= from[axis];
  }
  const index = shape.map(() => 0);
  for (let i = 0, offset = 0; i < offsets.length; i++) {
    offsets[i] = offset;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      offset += strides[axis];
      if (++index[axis] < shape[axis]) break;
      offset -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  return offsets;
}
