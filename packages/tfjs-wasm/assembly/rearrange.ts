import { arg } from './simd';

/** args: in [rows, columns], out [columns, rows], rows, columns. A unit is one row of the input. */
export function transpose(args: usize, from: i32, to: i32): void {
  const input = <usize>arg(args, 0), output = <usize>arg(args, 1);
  const rows = <usize>arg(args, 2), columns = <usize>arg(args, 3);
  for (let row = <usize>from; row < <usize>to; row++) {
    let p = input + ((row * columns) << 2), q = output + (row << 2);
    for (let j: usize = 0; j < columns; j++) {
      store<f32>(q, load<f32>(p));
      p += 4;
      q += rows << 2;
    }
  }
}

/** Columns that one unit of {@link segmentSum} owns. */
const COLUMNS: i32 = 16;

/**
 * out[ids[r], :] += in[r, :]; ids outside [0, segments) are left out.
 * args: in [rows, columns], ids, out [segments, columns], rows, columns, segments. A unit is 16 columns.
 */
export function segmentSum(args: usize, from: i32, to: i32): void {
  const input = <usize>arg(args, 0), ids = <usize>arg(args, 1), output = <usize>arg(args, 2);
  const rows = arg(args, 3), columns = arg(args, 4), segments = arg(args, 5);
  const row = <usize>columns << 2;
  const first = from * COLUMNS, end = min(columns, to * COLUMNS);
  const bytes = <usize>(end - first) << 2;
  for (let s = 0; s < segments; s++) memory.fill(output + <usize>s * row + (<usize>first << 2), 0, bytes);
  for (let r = 0; r < rows; r++) {
    const id = load<i32>(ids + (<usize>r << 2));
    if (<u32>id >= <u32>segments) continue;
    let p = input + <usize>r * row + (<usize>first << 2), q = output + <usize>id * row + (<usize>first << 2);
    let j = first;
    for (; j + 4 <= end; j += 4) {
      v128.store(q, f32x4.add(v128.load(q), v128.load(p)));
      p += 16; q += 16;
    }
    for (; j < end; j++) {
      store<f32>(q, load<f32>(q) + load<f32>(p));
      p += 4; q += 4;
    }
  }
}
