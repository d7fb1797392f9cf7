// One kernel for every product of rows with a matrix: convolution, its input gradient, matrix product.
//
// out[p, :] = Σ_t in[row(p, t), :] · W_t, where row(p, t) comes from a table: an offset into the image, or −1 for
// a row of zeros (padding). Strides, dilations and paddings exist only in the table, not in the arithmetic.
import { arg, fma, storeLanes, zero } from './simd';

/**
 * Rows of output that are computed together. The table holds the offsets of one tile side by side. V8 loads all
 * operands of an iteration first: 4 rows × 2 vectors take 8 accumulators and 6 operands of its 15 registers. 5 × 2,
 * 6 × 2 and 4 × 3 spill, at two thirds of the speed; so does this one, unrolled or inlined into a deeper loop.
 */
const TILE: i32 = 4;
/** Tiles that use one panel of W before the next panel. The panel and the rows stay in the first-level cache. */
const BLOCK: i32 = 8;

// @ts-ignore: decorator
@inline
function source(table: usize, image: usize, zeros: usize, offset: i32): usize {
  const at = load<i32>(table + offset);
  return at < 0 ? zeros : image + at;
}

/** 4 rows × 8 columns. `table`: [taps][4] offsets; `panel`: [taps · depth][8] weights. Exported, so not inlined. */
export function tile8(
  table: usize, image: usize, zeros: usize, taps: i32, depth: i32, panel: usize,
  to: usize, rows: usize, valid: i32, columns: i32, epilogue: usize, bias: usize,
): void {
  let c00 = zero(), c01 = zero(), c10 = zero(), c11 = zero(), c20 = zero(), c21 = zero();
  let c30 = zero(), c31 = zero();
  let b = panel;
  for (let t = 0; t < taps; t++) {
    let a0 = source(table, image, zeros, 0);
    let a1 = source(table, image, zeros, 4);
    let a2 = source(table, image, zeros, 8);
    let a3 = source(table, image, zeros, 12);
    table += TILE << 2;
    for (let k = depth; k > 0; k--) {
      const b0 = v128.load(b), b1 = v128.load(b, 16);
      let a = v128.load32_splat(a0);
      c00 = fma(a, b0, c00); c01 = fma(a, b1, c01);
      a = v128.load32_splat(a1);
      c10 = fma(a, b0, c10); c11 = fma(a, b1, c11);
      a = v128.load32_splat(a2);
      c20 = fma(a, b0, c20); c21 = fma(a, b1, c21);
      a = v128.load32_splat(a3);
      c30 = fma(a, b0, c30); c31 = fma(a, b1, c31);
      a0 += 4; a1 += 4; a2 += 4; a3 += 4; b += 32;
    }
  }
  storeRow(to + load<i32>(rows), c00, c01, columns, epilogue, bias);
  if (valid > 1) storeRow(to + load<i32>(rows, 4), c10, c11, columns, epilogue, bias);
  if (valid > 2) storeRow(to + load<i32>(rows, 8), c20, c21, columns, epilogue, bias);
  if (valid > 3) storeRow(to + load<i32>(rows, 12), c30, c31, columns, epilogue, bias);
}

/** As {@link tile8}, for a last panel that has 4 columns or fewer. */
export function tile4(
  table: usize, image: usize, zeros: usize, taps: i32, depth: i32, panel: usize,
  to: usize, rows: usize, valid: i32, columns: i32, epilogue: usize, bias: usize,
): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero();
  let b = panel;
  for (let t = 0; t < taps; t++) {
    let a0 = source(table, image, zeros, 0);
    let a1 = source(table, image, zeros, 4);
    let a2 = source(table, image, zeros, 8);
    let a3 = source(table, image, zeros, 12);
    table += TILE << 2;
    for (let k = depth; k > 0; k--) {
      const b0 = v128.load(b);
      c0 = fma(v128.load32_splat(a0), b0, c0);
      c1 = fma(v128.load32_splat(a1), b0, c1);
      c2 = fma(v128.load32_splat(a2), b0, c2);
      c3 = fma(v128.load32_splat(a3), b0, c3);
      a0 += 4; a1 += 4; a2 += 4; a3 += 4; b += 16;
    }
  }
  storeRow(to + load<i32>(rows), c0, c0, columns, epilogue, bias);
  if (valid > 1) storeRow(to + load<i32>(rows, 4), c1, c1, columns, epilogue, bias);
  if (valid > 2) storeRow(to + load<i32>(rows, 8), c2, c2, columns, epilogue, bias);
  if (valid > 3) storeRow(to + load<i32>(rows, 12), c3, c3, columns, epilogue, bias);
}

/**
 * As {@link tile8}, for a last panel of one column, whose weights lie side by side: products of neighbours along depth
 * go together instead of columns.
 */
export function tile1(
  table: usize, image: usize, zeros: usize, taps: i32, depth: i32, panel: usize,
  to: usize, rows: usize, valid: i32, epilogue: usize, bias: usize,
): void {
  let c0 = zero(), c1 = zero(), c2 = zero(), c3 = zero();
  let r0: f32 = 0, r1: f32 = 0, r2: f32 = 0, r3: f32 = 0;
  let b = panel;
  for (let t = 0; t < taps; t++) {
    let a0 = source(table, image, zeros, 0);
    let a1 = source(table, image, zeros, 4);
    let a2 = source(table, image, zeros, 8);
    let a3 = source(table, image, zeros, 12);
    table += TILE << 2;
    let k = depth;
    for (; k >= 4; k -= 4) {
      const w = v128.load(b);
      c0 = fma(v128.load(a0), w, c0);
      c1 = fma(v128.load(a1), w, c1);
      c2 = fma(v128.load(a2), w, c2);
      c3 = fma(v128.load(a3), w, c3);
      a0 += 16; a1 += 16; a2 += 16; a3 += 16; b += 16;
    }
    for (; k > 0; k--) {
      const w = load<f32>(b);
      r0 += load<f32>(a0) * w;
      r1 += load<f32>(a1) * w;
      r2 += load<f32>(a2) * w;
      r3 += load<f32>(a3) * w;
      a0 += 4; a1 += 4; a2 += 4; a3 += 4; b += 4;
    }
  }
  storeRow(to + load<i32>(rows), total(c0, r0), c0, 1, epilogue, bias);
  if (valid > 1) storeRow(to + load<i32>(rows, 4), total(c1, r1), c1, 1, epilogue, bias);
  if (valid > 2) storeRow(to + load<i32>(rows, 8), total(c2, r2), c2, 1, epilogue, bias);
  if (valid > 3) storeRow(to + load<i32>(rows, 12), total(c3, r3), c3, 1, epilogue, bias);
}

/** The sum of all lanes and a remainder. */
// @ts-ignore: decorator
@inline
function total(c: v128, rest: f32): v128 {
  const low = f32x4.extract_lane(c, 0) + f32x4.extract_lane(c, 1);
  return f32x4.splat(low + (f32x4.extract_lane(c, 2) + f32x4.extract_lane(c, 3)) + rest);
}

/**
 * Writes up to 8 columns of one row: + bias, then clamped from below and above by the two float32 at `epilogue`.
 * A NaN goes through, as f32x4.min and max of wasm do.
 */
export function storeRow(to: usize, low: v128, high: v128, columns: i32, epilogue: usize, bias: usize): void {
  if (epilogue) {
    const least = v128.load32_splat(epilogue), most = v128.load32_splat(epilogue, 4);
    low = f32x4.min(f32x4.max(f32x4.add(low, v128.load(bias)), least), most);
    high = f32x4.min(f32x4.max(f32x4.add(high, v128.load(bias, 16)), least), most);
  }
  if (columns >= 8) {
    v128.store(to, low);
    v128.store(to, high, 16);
  } else {
    storeLanes(to, low, columns);
    if (columns > 4) storeLanes(to + 16, high, columns - 4);
  }
}

/**
 * args: in, in bytes an image, table, taps, depth, panels, out, out bytes an image, row offsets of out,
 * rows an image, columns, zeros (depth of them), blocks an image, epilogue. A unit is one block of rows of one
 * image. The epilogue is 0, or the address of the least and the greatest output, 2 numbers of padding, and the biases
 * padded to a multiple of 8.
 */
export function convolve(args: usize, from: i32, to: i32): void {
  const input = <usize>arg(args, 0), inputBytes = <usize>arg(args, 1);
  const table = <usize>arg(args, 2), taps = arg(args, 3), depth = arg(args, 4);
  const panels = <usize>arg(args, 5);
  const output = <usize>arg(args, 6), outputBytes = <usize>arg(args, 7), offsets = <usize>arg(args, 8);
  const rows = arg(args, 9), columns = arg(args, 10);
  const zeros = <usize>arg(args, 11), blocks = arg(args, 12);
  const epilogue = <usize>arg(args, 13);
  const perTile = <usize>(taps * TILE * 4);
  const perPanel = <usize>(taps * depth * 8 * 4);

  for (let unit = from; unit < to; unit++) {
    const n = unit / blocks;
    const image = input + n * inputBytes;
    const out = output + n * outputBytes;
    const first = (unit - n * blocks) * BLOCK * TILE;
    const end = min(rows, first + BLOCK * TILE);
    let panel = panels;
    for (let column = 0; column < columns; column += 8) {
      const left = columns - column;
      for (let row = first; row < end; row += TILE) {
        const tile = table + (row / TILE) * perTile;
        const at = offsets + (<usize>row << 2);
        const to = out + (<usize>column << 2);
        const bias = epilogue + 16 + (<usize>column << 2);
        if (left > 4) tile8(tile, image, zeros, taps, depth, panel, to, at, end - row, left, epilogue, bias);
        else if (left == 1) tile1(tile, image, zeros, taps, depth, panel, to, at, end - row, epilogue, bias);
        else tile4(tile, image, zeros, taps, depth, panel, to, at, end - row, left, epilogue, bias);
      }
      panel += perPanel;
    }
  }
}

/**
 * Rearranges weights into panels of 8 columns (the last one of 4 or 1 if that is enough), padded with zeros.
 * args: weights, panels, taps, depth, columns, strides of depth and column in numbers, then the offset of each
 * tap in numbers. A unit is one panel.
 */
export function packPanels(args: usize, from: i32, to: i32): void {
  const weights = <usize>arg(args, 0), panels = <usize>arg(args, 1);
  const taps = arg(args, 2), depth = arg(args, 3), columns = arg(args, 4);
  const depthStride = arg(args, 5), columnStride = arg(args, 6);
  const tapOffsets = <usize>arg(args, 7);
  for (let unit = from; unit < to; unit++) {
    const left = columns - unit * 8;
    const width = left > 4 ? 8 : left == 1 ? 1 : 4;
    let out = panels + <usize>(unit * taps * depth * 8 * 4);
    for (let t = 0; t < taps; t++) {
      const tap = weights + (<usize>(load<i32>(tapOffsets + (<usize>t << 2)) + unit * 8 * columnStride) << 2);
      for (let k = 0; k < depth; k++) {
        let at = tap + (<usize>(k * depthStride) << 2);
        if (left >= 8 && columnStride == 1) {
          v128.store(out, v128.load(at));
          v128.store(out, v128.load(at, 16), 16);
        } else {
          for (let j = 0; j < width; j++) {
            store<f32>(out + (<usize>j << 2), j < left ? load<f32>(at) : 0);
            at += <usize>columnStride << 2;
          }
        }
        out += <usize>width << 2;
      }
    }
  }
}

/**
 * Fills the tables of {@link convolve} for a grid of output positions (z, y, x), which read input pixels
 * (z · step z + dz, y · step y + dy, x · step x + dx); images have one plane, z = 0. A unit is one tile.
 * args: table, row offsets, rows, taps, tap list (dz, dy, dx triples), rows an image; grid height, width; steps z, y,
 * x; input planes, height, width; bytes of input a pixel, from one row, plane and image to the next; bytes of output
 * at the origin, from one grid column, row, plane and image to the next.
 */
export function fillTable(args: usize, from: i32, to: i32): void {
  const table = <usize>arg(args, 0), offsets = <usize>arg(args, 1);
  const rows = arg(args, 2), taps = arg(args, 3), tapList = <usize>arg(args, 4), imageRows = arg(args, 5);
  const gridHeight = arg(args, 6), gridWidth = arg(args, 7);
  const stepZ = arg(args, 8), stepY = arg(args, 9), stepX = arg(args, 10);
  const planes = arg(args, 11), height = arg(args, 12), width = arg(args, 13);
  const inPixel = arg(args, 14), inRow = arg(args, 15), inPlane = arg(args, 16), inImage = arg(args, 17);
  const origin = arg(args, 18), outColumn = arg(args, 19), outRow = arg(args, 20);
  const outPlane = arg(args, 21), outImage = arg(args, 22);
  for (let tile = from; tile < to; tile++) {
    for (let i = 0; i < TILE; i++) {
      const row = min(rows - 1, tile * TILE + i);
      const image = row / imageRows;
      let position = row - image * imageRows;
      const x = position % gridWidth;
      position /= gridWidth;
      const y = position % gridHeight, z = position / gridHeight;
      store<i32>(
        offsets + (<usize>(tile * TILE + i) << 2),
        origin + image * outImage + z * outPlane + y * outRow + x * outColumn,
      );
      let at = table + (<usize>(tile * taps * TILE + i) << 2);
      let tap = tapList;
      for (let t = 0; t < taps; t++) {
        const iz = z * stepZ + load<i32>(tap);
        const iy = y * stepY + load<i32>(tap, 4);
        const ix = x * stepX + load<i32>(tap, 8);
        const inside = <u32>iz < <u32>planes && <u32>iy < <u32>height && <u32>ix < <u32>width;
        store<i32>(at, inside ? image * inImage + iz * inPlane + iy * inRow + ix * inPixel : -1);
        at += TILE << 2;
        tap += 12;
      }
    }
  }
}
