import { sizeOf } from './backend';
import type { Kernels } from './kernels';

/** One call of the `outerProducts` kernel: out[t] = Σ_p a[p · stride + tap t] ⊗ b[p]. */
export interface OuterProducts {
  /** Addresses. */
  readonly a: number;
  readonly b: number;
  readonly output: number;
  readonly images: number;
  readonly aHeight: number;
  readonly aWidth: number;
  readonly depth: number;
  readonly bHeight: number;
  readonly bWidth: number;
  readonly columns: number;
  readonly strideY: number;
  readonly strideX: number;
  readonly taps: readonly { readonly y: number; readonly x: number }[];
}

/** Numbers of a and b in one block, which stays in the first-level cache, and the smallest number of pixels in a block. */
const BLOCK_NUMBERS = 6144;
const BLOCK_PIXELS = 64;

export function outerProducts(kernels: Kernels, p: OuterProducts): void {
  const pixels = Math.max(BLOCK_PIXELS, BLOCK_NUMBERS / (p.columns + p.depth));
  const blockRows = Math.max(1, Math.ceil(pixels / Math.max(1, p.bWidth)));
  const units = p.taps.length * Math.ceil(p.depth / 4);
  if (sizeOf([units, p.columns]) === 0) return;
  const taps = p.taps.flatMap(({ y, x }) => [y, x]);
  const sizes = [
    ...[p.a, p.b, p.output, p.images, p.aHeight, p.aWidth, p.depth, p.bHeight, p.bWidth, p.columns],
    ...[p.strideY, p.strideX],
  ];
  if (kernels.runNative('outerProducts', () => [...sizes, ...taps])) return;
  kernels.integers(taps, (tapList) =>
    kernels.run(
      'outerProducts',
      units,
      [...sizes, p.taps.length, tapList, blockRows],
      (p.images * p.bHeight * p.bWidth * p.columns) / 4,
    ),
  );
}
