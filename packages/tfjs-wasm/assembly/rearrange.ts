import { arg } from './simd';

/** args: in [rows, columns], out [columns, rows], rows, columns. A unit is 4 rows of the input. */
export function transpose(args: usize, from: i32, to: i32): void {
  const input = <usize>arg(args, 0), output = <usize>arg(args, 1);
  const rows = <usize>arg(args, 2), columns = <usize>arg(args, 3);
  const inRow = columns << 2, outRow = rows << 2;
  for (let unit = <usize>from; unit < <usize>to; unit++) {
    const row = unit << 2;
    let p = input + row * inRow, q = output + (row << 2);
    let j: usize = 0;
    if (row + 4 <= rows) {
      for (; j + 4 <= columns; j += 4) {
        const a = v128.load(p), b = v128.load(p + inRow);
        const c = v128.load(p + 2 * inRow), d = v128.load(p + 3 * inRow);
        const ab = interleaveLow(a, b), cd = interleaveLow(c, d);
        const AB = interleaveHigh(a, b), CD = interleaveHigh(c, d);
        v128.store(q, i64x2.shuffle(ab, cd, 0, 2));
        v128.store(q + outRow, i64x2.shuffle(ab, cd, 1, 3));
        v128.store(q + 2 * outRow, i64x2.shuffle(AB, CD, 0, 2));
        v128.store(q + 3 * outRow, i64x2.shuffle(AB, CD, 1, 3));
        p += 16; q += outRow << 2;
      }
    }
    const left = min(<usize>4, rows - row);
    for (; j < columns; j++) {
      for (let i: usize = 0; i < left; i++) store<f32>(q + (i << 2), load<f32>(p + i * inRow));
      p += 4; q += outRow;
    }
  }
}

// @ts-ignore: decorator
@inline
function interleaveLow(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 0, 4, 1, 5);
}

// @ts-ignore: decorator
@inline
function interleaveHigh(a: v128, b: v128): v128 {
  return i32x4.shuffle(a, b, 2, 6, 3, 7);
}

/** Columns in one unit of {@link segmentSum}. */
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
