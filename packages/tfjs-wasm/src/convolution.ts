import {
  backend_util,
  Conv2D,
  type Conv2DAttrs,
  Conv2DBackpropFilter,
  type Conv2DBackpropFilterAttrs,
  Conv2DBackpropInput,
  type Conv2DBackpropInputAttrs,
  FusedConv2D,
  type FusedConv2DAttrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { activated, biasAddress } from './activation';
import type { WasmBackend } from './backend';
import { defineKernel } from './define';
import type { Kernels } from './kernels';
import { outerProducts } from './outerProducts';
import { type Epilogue, rowProduct } from './rowProduct';

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

function convolution(
  kernels: Kernels,
  backend: WasmBackend,
  g: Geometry,
  { x, filter }: { x: TensorInfo; filter: TensorInfo },
  epilogue?: Epilogue,
): TensorInfo {
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
    epilogue,
  });
  return out;
}

/** y = x ∗ w. */
export const conv2D = defineKernel<{ x: TensorInfo; filter: TensorInfo }, Conv2DAttrs>(
  Conv2D,
  ({ inputs, attrs, backend, kernels }) =>
    convolution(kernels, backend, geometry(Conv2D, inputs.x.shape, inputs.filter.shape, attrs), inputs),
);

/** y = activation(x ∗ w + bias). */
export const fusedConv2D = defineKernel<
  { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo; preluActivationWeights?: TensorInfo },
  FusedConv2DAttrs
>(FusedConv2D, ({ inputs, attrs, backend, kernels }) => {
  const { x, filter, bias, preluActivationWeights } = inputs;
  const g = geometry(FusedConv2D, x.shape, filter.shape, attrs);
  return activated(
    attrs,
    biasAddress(FusedConv2D, kernels, bias, g.outChannels),
    preluActivationWeights,
    (epilogue) => convolution(kernels, backend, g, inputs, epilogue),
  );
});

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
