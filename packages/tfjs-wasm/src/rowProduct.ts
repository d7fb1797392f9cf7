import type { Kernels } from './kernels';

/** Rows of output in one tile, and tiles in one unit, of assembly/convolution.ts. */
const TILE = 4;
const BLOCK = 8;

/** One call of the `convolve` kernel: out[p, :] = Σ_t in[row(p, t), :] · W_t for a grid of positions p. */
export interface RowProduct {
  /** Addresses. */
  readonly input: number;
  readonly weights: number;
  readonly output: number;
  readonly images: number;
  /** Pixels, and channels a pixel, of one input image. */
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly depth: number;
  /** Output channels. */
  readonly columns: number;
  /** Numbers between neighbours of W_t along depth and along columns. */
  readonly depthStride: number;
  readonly columnStride: number;
  /** Which input pixel each tap reads for the grid's origin (y, x), and where its weights start (in numbers). */
  readonly taps: readonly { readonly y: number; readonly x: number; readonly weights: number }[];
  readonly gridHeight: number;
  readonly gridWidth: number;
  /** Input pixels from one grid row or column to the next. */
  readonly stepY: number;
  readonly stepX: number;
  /** Numbers: of an output image, to the grid's origin in it, and from one grid row or column to the next. */
  readonly outputImage: number;
  readonly outputOrigin: number;
  readonly outputRow: number;
  readonly outputColumn: number;
}

export function rowProduct(kernels: Kernels, p: RowProduct): void {
  const rows = p.gridHeight * p.gridWidth;
  const taps = p.taps.length;
  const tiles = Math.ceil(rows / TILE);
  const panels = Math.ceil(p.columns / 8);
  if (rows === 0 || panels === 0 || p.images === 0) return;
  const sizes = [tiles * TILE * taps * 4, tiles * TILE * 4, panels * taps * p.depth * 32, p.depth * 4 + 16];
  kernels.scratch(sizes, (table, offsets, packed, zeros) => {
    kernels.heap().fill(0, zeros >>> 2, (zeros >>> 2) + p.depth);
    kernels.integers(
      p.taps.flatMap(({ y, x }) => [y, x]),
      (tapList) =>
        kernels.run('fillTable', tiles, [
          ...[table, offsets, rows, p.gridWidth, taps, tapList, p.stepY, p.stepX],
          ...[p.inputHeight, p.inputWidth, p.depth * 4],
          ...[p.outputRow * 4, p.outputColumn * 4, p.outputOrigin * 4],
        ]),
    );
    kernels.integers(
      p.taps.map((tap) => tap.weights),
      (tapOffsets) =>
        kernels.run('packPanels', panels, [
          ...[p.weights, packed, taps, p.depth, p.columns, p.depthStride, p.columnStride, tapOffsets],
        ]),
    );
    const blocks = Math.ceil(tiles / BLOCK);
    kernels.run('convolve', p.images * blocks, [
      ...[p.input, p.inputHeight * p.inputWidth * p.depth * 4, table, taps, p.depth, packed],
      ...[p.output, p.outputImage * 4, offsets, rows, p.columns, zeros, blocks],
    ]);
  });
}
