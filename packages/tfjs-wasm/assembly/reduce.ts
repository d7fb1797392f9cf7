// Sums over the middle axis of [outer, reduced, inner]. Blocks are summed in float32 and their sums in float64:
// the error does not grow with the number of rows.
import { arg } from './simd';

const BLOCK: i32 = 64;

/** args: in, out, reduced, inner, factor (float32 bits: 1, or 1/reduced for a mean). A unit is one outer index. */
export function sumMiddle(args: usize, from: i32, to: i32): void {
  const input = <usize>arg(args, 0), output = <usize>arg(args, 1);
  const reduced = arg(args, 2), inner = arg(args, 3);
  const factor = load<f64>(args, 16);
  const row = <usize>inner << 2;
  for (let unit = from; unit < to; unit++) {
    const start = input + <usize>unit * <usize>reduced * row;
    const out = output + <usize>unit * row;
    if (inner == 1) {
      store<f32>(out, <f32>(sumRow(start, reduced) * factor));
      continue;
    }
    let j = 0;
    for (; j + 4 <= inner; j += 4) {
      let low = f64x2.splat(0), high = f64x2.splat(0);
      let p = start + (<usize>j << 2);
      for (let r = 0; r < reduced; r += BLOCK) {
        let sum = f32x4.splat(0);
        for (let k = min(BLOCK, reduced - r); k > 0; k--) {
          sum = f32x4.add(sum, v128.load(p));
          p += row;
        }
        low = f64x2.add(low, f64x2.promote_low_f32x4(sum));
        high = f64x2.add(high, f64x2.promote_low_f32x4(i8x16.shuffle(sum, sum, 8, 9, 10, 11, 12, 13, 14, 15, 8, 9, 10, 11, 12, 13, 14, 15)));
      }
      const scale = f64x2.splat(factor);
      low = f32x4.demote_f64x2_zero(f64x2.mul(low, scale));
      high = f32x4.demote_f64x2_zero(f64x2.mul(high, scale));
      v128.store(out + (<usize>j << 2), i8x16.shuffle(low, high, 0, 1, 2, 3, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 22, 23));
    }
    for (; j < inner; j++) {
      let sum: f64 = 0;
      let p = start + (<usize>j << 2);
      for (let r = 0; r < reduced; r++) {
        sum += <f64>load<f32>(p);
        p += row;
      }
      store<f32>(out + (<usize>j << 2), <f32>(sum * factor));
    }
  }
}

/** The sum of `count` neighbours. */
function sumRow(p: usize, count: i32): f64 {
  let total: f64 = 0;
  let i = 0;
  for (; i + 16 <= count; ) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (const end = min(count - 15, i + 16 * BLOCK); i < end; i += 16) {
      s0 = f32x4.add(s0, v128.load(p));
      s1 = f32x4.add(s1, v128.load(p, 16));
      s2 = f32x4.add(s2, v128.load(p, 32));
      s3 = f32x4.add(s3, v128.load(p, 48));
      p += 64;
    }
    const s = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
    total += <f64>f32x4.extract_lane(s, 0) + <f64>f32x4.extract_lane(s, 1);
    total += <f64>f32x4.extract_lane(s, 2) + <f64>f32x4.extract_lane(s, 3);
  }
  for (; i < count; i++) {
    total += <f64>load<f32>(p);
    p += 4;
  }
  return total;
}
