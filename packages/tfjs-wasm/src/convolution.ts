import {
  backend_util,
  Conv2D,
  type Conv2DAttrs,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { sizeOf } from './backend';
import { defineKernel } from './define';
import type { Kernels } from './kernels';
import { rowProduct } from './rowProduct';

type Geometry = backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];

function geometry(
  kernel: string,
  inShape: readonly number[],
  filterShape: readonly number[],
  attrs: Omit<Conv2DAttrs, 'dilations'> & { dilations?: Conv2DAttrs['dilations'] },
): Geometry {
  const format = backend_util.convertConv2DDataFormat(attrs.dataFormat);
  if (format !== 'channelsLast') {
    throw new Error(
      `${kernel} on the wasm backend needs dataFormat 'NHWC', but got '${attrs.dataFormat}'. ` +
        `Transpose the input to [batch, height, width, channels] first.`,
    );
  }
  return backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
    false,
    format,
  );
}

/** Input pixel of each filter tap at the output's origin. */
function tapsOf(g: Geometry): { y: number; x: number; weights: number }[] {
  const taps = [];
  for (let i = 0; i < g.filterHeight; i++) {
    for (let j = 0; j < g.filterWidth; j++) {
      taps.push({
        y: i * g.dilationHeight - g.padInfo.top,
        x: j * g.dilationWidth - g.padInfo.left,
        weights: (i * g.filterWidth + j) * g.inChannels * g.outChannels,
      });
    }
  }
  return taps;
}

/** y = x ∗ w. */
export const conv2D = defineKernel<{ x: TensorInfo; filter: TensorInfo }, Conv2DAttrs>(
  Conv2D,
  ({ inputs: { x, filter }, attrs, backend, kernels }) => {
    const g = geometry(Conv2D, x.shape, filter.shape, attrs);
    const out = backend.makeOutput(g.outShape, 'float32');
    rowProduct(kernels, {
      input: kernels.address(x),
      weights: kernels.address(filter),
      output: kernels.address(out),
      images: g.batchSize,
      inputHeight: g.inHeight,
      inputWidth: g.inWidth,
      depth: g.inChannels,
      columns: g.outChannels,
      depthStride: g.outChannels,
      columnStride: 1,
      taps: tapsOf(g),
      gridHeight: g.outHeight,
      gridWidth: g.outWidth,
      stepY: g.strideHeight,
      stepX: g.strideWidth,
      outputImage: g.outHeight * g.outWidth * g.outChannels,
      outputOrigin: 0,
      outputRow: g.outWidth * g.outChannels,
      outputColumn: g.outChannels,
    });
    return out;
  },
);

/** ∂L/∂x: for each of the stride² phases of x, a convolution of dy with the taps that reach it. */
export const conv2DBackpropInput = defineKernel<
  { dy: TensorInfo; filter: TensorInfo },
  Conv2DBackpropInputAttrs & { dilations?: Conv2DAttrs['dilations'] }
>(Conv2DBackpropInput, ({ inputs: { dy, filter }, attrs, backend, kernels }) => {
  const g = geometry(Conv2DBackpropInput, attrs.inputShape, filter.shape, attrs);
  const dx = backend.makeOutput(g.inShape, 'float32');
  const reaching = (phase: number, stride: number, size: number, dilation: number, pad: number) =>
    Array.from({ length: size }, (_, tap) => ({ tap, at: phase + pad - tap * dilation }))
      .filter(({ at }) => at % stride === 0)
      .map(({ tap, at }) => ({ tap, at: at / stride }));
  for (let py = 0; py < Math.min(g.strideHeight, g.inHeight); py++) {
    for (let px = 0; px < Math.min(g.strideWidth, g.inWidth); px++) {
      const rows = reaching(py, g.strideHeight, g.filterHeight, g.dilationHeight, g.padInfo.top);
      const columns = reaching(px, g.strideWidth, g.filterWidth, g.dilationWidth, g.padInfo.left);
      rowProduct(kernels, {
        input: kernels.address(dy),
        weights: kernels.address(filter),
        output: kernels.address(dx),
        images: g.batchSize,
        inputHeight: g.outHeight,
        inputWidth: g.outWidth,
        depth: g.outChannels,
        columns: g.inChannels,
        depthStride: 1,
        columnStride: g.outChannels,
        taps: rows.flatMap((row) =>
          columns.map((column) => ({
            y: row.at,
            x: column.at,
            weights: (row.tap * g.filterWidth + column.tap) * g.inChannels * g.outChannels,
          })),
        ),
        gridHeight: Math.ceil((g.inHeight - py) / g.strideHeight),
        gridWidth: Math.ceil((g.inWidth - px) / g.strideWidth),
        stepY: 1,
        stepX: 1,
        outputImage: g.inHeight * g.inWidth * g.inChannels,
        outputOrigin: (py * g.inWidth + px) * g.inChannels,
        outputRow: g.strideHeight * g.inWidth * g.inChannels,
        outputColumn: g.strideWidth * g.inChannels,
      });
    }
  }
  return dx;
});

/** ∂L/∂w: for each tap, the sum over pixels of x ⊗ dy. */
export const conv2DBackpropFilter = defineKernel<
  { x: TensorInfo; dy: TensorInfo },
  Conv2DBackpropFilterAttrs & { dilations?: Conv2DAttrs['dilations'] }
>(Conv2DBackpropFilter, ({ inputs: { x, dy }, attrs, backend, kernels }) => {
  const g = geometry(Conv2DBackpropFilter, x.shape, attrs.filterShape, attrs);
  const dw = backend.makeOutput(g.filterShape, 'float32');
  outerProducts(kernels, {
    a: kernels.address(x),
    b: kernels.address(dy),
    output: kernels.address(dw),
    images: g.batchSize,
    aHeight: g.inHeight,
    aWidth: g.inWidth,
    depth: g.inChannels,
    bHeight: g.outHeight,
    bWidth: g.outWidth,
    columns: g.outChannels,
    strideY: g.strideHeight,
    strideX: g.strideWidth,
    taps: tapsOf(g),
  });
  return dw;
});

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

/** Numbers of a and b that are worked on together, a block that stays in the first cache; pixels of it at least. */
const BLOCK_NUMBERS = 6144;
const BLOCK_PIXELS = 64;

export function outerProducts(kernels: Kernels, p: OuterProducts): void {
  const pixels = Math.max(BLOCK_PIXELS, BLOCK_NUMBERS / (p.columns + p.depth));
  const blockRows = Math.max(1, Math.ceil(pixels / Math.max(1, p.bWidth)));
  const units = p.taps.length * Math.ceil(p.depth / 4);
  if (sizeOf([units, p.columns]) === 0) return;
  kernels.integers(
    p.taps.flatMap(({ y, x }) => [y, x]),
    (tapList) =>
      kernels.run('outerProducts', units, [
        ...[p.a, p.b, p.output, p.images, p.aHeight, p.aWidth, p.depth, p.bHeight, p.bWidth, p.columns],
        ...[p.strideY, p.strideX, p.taps.length, tapList, blockRows],
      ]),
  );
}
