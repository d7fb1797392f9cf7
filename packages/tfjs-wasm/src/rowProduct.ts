import { bits, type Kernels } from './kernels';

/** Rows of output in one tile, and tiles in one unit, of assembly/convolution.ts. */
const TILE = 4;
const BLOCK = 8;
/** Images with fewer output rows than this share a table, so that few rows of a last tile are wasted. */
const TABLE_ROWS = 60;

/** One call of the `convolve` kernel: out[p, :] = Σ_t in[row(p, t), :] · W_t for a grid of positions p. */
export interface RowProduct {
  /** Addresses. */
  readonly input: number;
  readonly weights: number;
  readonly output: number;
  readonly images: number;
  /** Pixels and channels of one input image. */
  readonly inputHeight: number;
  readonly inputWidth: number;
  readonly depth: number;
  /** Pixels from one row, and from one plane, to the next. Default: inputWidth, inputWidth · inputHeight. */
  readonly inputRow?: number;
  readonly inputPlane?: number;
  /** Output channels. */
  readonly columns: number;
  /** Numbers between neighbours of W_t along depth and along columns. */
  readonly depthStride: number;
  readonly columnStride: number;
  /** The input pixel that each tap reads for the grid's origin (y, x), and the start of its weights (in numbers). */
  readonly taps: readonly Tap[];
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
  /** For volumes: planes of the input and of the grid (1), input planes per grid plane (1), numbers of an output plane. */
  readonly inputPlanes?: number;
  readonly gridPlanes?: number;
  readonly stepZ?: number;
  readonly outputPlane?: number;
  readonly epilogue?: Epilogue;
}

/** One tap of a filter. z is 0 where the input has one plane. */
export interface Tap {
  readonly z?: number;
  readonly y: number;
  readonly x: number;
  readonly weights: number;
}

/** Applied to sums before they are stored: add a bias, then clamp. */
export interface Epilogue {
  /** One number, or one per column. */
  readonly bias?: { readonly address: number; readonly size: number };
  readonly least?: number;
  readonly most?: number;
}

/** The number of images that share a table: the smallest divisor of all images that reaches {@link TABLE_ROWS}. */
function imagesInTable(images: number, rows: number): number {
  for (let count = 1; count < images; count++) {
    if (images % count === 0 && count * rows >= TABLE_ROWS) return count;
  }
  return images;
}

export function rowProduct(kernels: Kernels, p: RowProduct): void {
  const imageRows = (p.gridPlanes ?? 1) * p.gridHeight * p.gridWidth;
  const taps = p.taps.length;
  const panels = Math.ceil(p.columns / 8);
  if (imageRows === 0 || panels === 0 || p.images === 0) return;
  if (kernels.runNative('rowProduct', () => nativeArgs(p))) return;
  const shared = imagesInTable(p.images, imageRows);
  const rows = imageRows * shared;
  const tiles = Math.ceil(rows / TILE);
  const inputPixel = p.depth * 4;
  const inputRow = (p.inputRow ?? p.inputWidth) * inputPixel;
  const inputPlane = (p.inputPlane ?? p.inputHeight * p.inputWidth) * inputPixel;
  const inputPlanes = p.inputPlanes ?? 1;
  const inputImage = inputPlanes * inputPlane;
  const sizes = {
    table: tiles * TILE * taps * 4,
    offsets: tiles * TILE * 4,
    packed: panels * taps * p.depth * 32,
    zeros: p.depth * 4,
    tapList: taps * 16,
    epilogue: p.epilogue ? 16 + panels * 32 : 0,
  };
  kernels.scratch(Object.values(sizes), (table, offsets, packed, zeros, tapList, epilogue) => {
    const words = kernels.heap();
    words.fill(0, zeros >>> 2, (zeros >>> 2) + p.depth);
    words.set(
      p.taps.flatMap(({ z = 0, y, x }) => [z, y, x]),
      tapList >>> 2,
    );
    const tapWeights = tapList + taps * 12;
    words.set(
      p.taps.map((tap) => tap.weights),
      tapWeights >>> 2,
    );
    if (p.epilogue) {
      const { bias, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = p.epilogue;
      words.set(new Int32Array(Float32Array.of(least, most).buffer), epilogue >>> 2);
      const at = (epilogue >>> 2) + 4;
      const from = bias ? bias.address >>> 2 : 0;
      words.fill(bias?.size === 1 ? words[from] : 0, at, at + panels * 8);
      if (bias && bias.size > 1) words.copyWithin(at, from, from + bias.size);
    }
    const filling = [
      ...[table, offsets, rows, taps, tapList, imageRows, p.gridHeight, p.gridWidth],
      ...[p.stepZ ?? 1, p.stepY, p.stepX, inputPlanes, p.inputHeight, p.inputWidth],
      ...[inputPixel, inputRow, inputPlane, inputImage],
      ...[p.outputOrigin, p.outputColumn, p.outputRow, p.outputPlane ?? 0, p.outputImage].map((n) => n * 4),
    ];
    kernels.run('fillTable', tiles, filling, TILE * taps * 2);
    const packing = [p.weights, packed, taps, p.depth, p.columns, p.depthStride, p.columnStride, tapWeights];
    kernels.run('packPanels', panels, packing, 4 * taps * p.depth);
    const blocks = Math.ceil(tiles / BLOCK);
    const product = [
      ...[p.input, inputImage * shared, table, taps, p.depth, packed],
      ...[p.output, p.outputImage * 4 * shared, offsets, rows, p.columns, zeros, blocks],
      p.epilogue ? epilogue : 0,
    ];
    const units = (p.images / shared) * blocks;
    kernels.run('convolve', units, product, (TILE * BLOCK * taps * p.depth * p.columns) / 16);
  });
}

/** As rust/rows.rs of @crossreg/tfjs-native reads it. */
function nativeArgs(p: RowProduct): number[] {
  return [
    ...[p.input, p.weights, p.output, p.images],
    ...[p.inputPlanes ?? 1, p.inputHeight, p.inputWidth, p.depth],
    ...[p.inputRow ?? p.inputWidth, p.inputPlane ?? p.inputHeight * p.inputWidth],
    ...[p.columns, p.depthStride, p.columnStride, p.gridPlanes ?? 1, p.gridHeight, p.gridWidth],
    ...[p.stepZ ?? 1, p.stepY, p.stepX],
    ...[p.outputOrigin, p.outputColumn, p.outputRow, p.outputPlane ?? 0, p.outputImage],
    ...nativeEpilogue(p.epilogue),
    ...p.taps.flatMap(({ z = 0, y, x, weights }) => [z, y, x, weights]),
  ];
}

/** As `Epilogue` in rust/rows.rs of @crossreg/tfjs-native is read. */
export function nativeEpilogue(epilogue: Epilogue | undefined): number[] {
  const { bias, least = Number.NEGATIVE_INFINITY, most = Number.POSITIVE_INFINITY } = epilogue ?? {};
  return [epilogue ? 1 : 0, bias?.address ?? 0, bias?.size ?? 0, bits(least), bits(most)];
}
