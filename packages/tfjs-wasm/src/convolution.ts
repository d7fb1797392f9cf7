import * as tf from '@tensorflow/tfjs-core';
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
import { activate, activated } from './activation';
import type { WasmBackend } from './backend';
import { defineKernel } from './define';
import { type GradientFunction, preferGradient } from './gradient';
import type { Kernels } from './kernels';
import { tellAttrs } from './lazyGradient';
import { outerProducts } from './outerProducts';
import { type Epilogue, rowProduct } from './rowProduct';

type Geometry = backend_util.Conv2DInfo;
type Shape4 = [number, number, number, number];

type Attrs = Omit<Conv2DAttrs, 'dilations'> & { dilations?: Conv2DAttrs['dilations'] };

function geometry(inShape: readonly number[], filterShape: readonly number[], attrs: Attrs): Geometry {
  return backend_util.computeConv2DInfo(
    inShape as Shape4,
    filterShape as Shape4,
    attrs.strides,
    attrs.dilations ?? 1,
    attrs.pad,
    attrs.dimRoundingMode,
  );
}

/** From [batch, channels, height, width] to [batch, height, width, channels], and back. */
const TO_LAST = [0, 2, 3, 1];
const TO_FIRST = [0, 3, 1, 2];

/** Runs a kernel on channels-last copies of its image tensors. */
function onChannelsLast(
  kernelName: string,
  images: Record<string, TensorInfo>,
  others: Record<string, TensorInfo>,
  attrs: Attrs & { inputShape?: Shape4 },
): tf.Tensor {
  const { pad, inputShape } = attrs;
  const last = <T>(each: readonly T[]) => TO_LAST.map((axis) => each[axis]);
  const inputs = Object.entries(images).map(([name, image]) => [
    name,
    tf.transpose(image as tf.Tensor, TO_LAST),
  ]);
  const attrsLast = {
    ...attrs,
    dataFormat: 'NHWC',
    pad: Array.isArray(pad) ? last(pad) : pad,
    ...(inputShape && { inputShape: last(inputShape) }),
  };
  return tf
    .engine()
    .runKernel(
      kernelName,
      { ...Object.fromEntries(inputs), ...others },
      attrsLast as unknown as tf.NamedAttrMap,
    ) as tf.Tensor;
}

const isChannelsFirst = ({ dataFormat }: Attrs) => dataFormat === 'NCHW';

/** The input pixel of each filter tap at the output's origin. */
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

/** The gradient of a dilated convolution, which that of tfjs refuses. */
const dilatedGradient: GradientFunction = (dy, [x, filter], attrs) => {
  const { dilations } = attrs as unknown as Conv2DAttrs;
  if (!dilations || [dilations].flat().every((dilation) => dilation === 1)) return undefined;
  const run = (kernel: string, inputs: object, shapes: object) =>
    tf
      .engine()
      .runKernel(
        kernel,
        inputs as tf.NamedTensorMap,
        { ...attrs, ...shapes } as tf.NamedAttrMap,
      ) as tf.Tensor;
  return {
    x: () => run(Conv2DBackpropInput, { dy, filter }, { inputShape: x.shape }),
    filter: () => run(Conv2DBackpropFilter, { x, dy }, { filterShape: filter.shape }),
  };
};

/** y = x ∗ w. */
export const conv2D = defineKernel<{ x: TensorInfo; filter: TensorInfo }, Conv2DAttrs>(
  Conv2D,
  ({ inputs, attrs, backend, kernels }) => {
    preferGradient(Conv2D, dilatedGradient);
    const { x, filter } = inputs;
    if (isChannelsFirst(attrs)) {
      return tf.tidy(() => tf.transpose(onChannelsLast(Conv2D, { x }, { filter }, attrs), TO_FIRST));
    }
    return convolution(kernels, backend, geometry(x.shape, filter.shape, attrs), inputs);
  },
);

/** y = activation(x ∗ w + bias). */
export const fusedConv2D = defineKernel<
  { x: TensorInfo; filter: TensorInfo; bias?: TensorInfo; preluActivationWeights?: TensorInfo },
  FusedConv2DAttrs
>(FusedConv2D, ({ inputs, attrs, backend, kernels }) => {
  tellAttrs(attrs);
  const { x, filter, ...rest } = inputs;
  if (isChannelsFirst(attrs)) {
    return tf.tidy(() => {
      const y = tf.transpose(onChannelsLast(Conv2D, { x }, { filter }, attrs), TO_FIRST);
      return activate(y, { ...attrs, ...byChannel(rest) });
    });
  }
  const g = geometry(x.shape, filter.shape, attrs);
  return activated(kernels, { ...attrs, ...rest }, g.outChannels, (epilogue) =>
    convolution(kernels, backend, g, inputs, epilogue),
  );
});

/** Vectors, which go with the channels, in a shape that does so where channels come before height and width. */
function byChannel<T extends Record<string, TensorInfo | undefined>>(tensors: T): T {
  const entries = Object.entries(tensors).map(([name, tensor]) => [
    name,
    tensor && tensor.shape.length === 1 && tensor.shape[0] > 1
      ? tf.reshape(tensor as tf.Tensor, [tensor.shape[0], 1, 1])
      : tensor,
  ]);
  return Object.fromEntries(entries);
}

/** The taps along one axis that reach input positions of one phase modulo the stride, and their positions in dy. */
export const reaching = (phase: number, stride: number, size: number, dilation: number, pad: number) =>
  Array.from({ length: size }, (_, tap) => ({ tap, at: phase + pad - tap * dilation }))
    .filter(({ at }) => at % stride === 0)
    .map(({ tap, at }) => ({ tap, at: at / stride }));

/** ∂L/∂x: for each of the stride² phases of x, a convolution of dy with the taps that reach it. */
export const conv2DBackpropInput = defineKernel<
  { dy: TensorInfo; filter: TensorInfo },
  Conv2DBackpropInputAttrs & { dilations?: Conv2DAttrs['dilations'] }
>(Conv2DBackpropInput, ({ inputs: { dy, filter }, attrs, backend, kernels }) => {
  if (isChannelsFirst(attrs)) {
    return tf.tidy(() =>
      tf.transpose(onChannelsLast(Conv2DBackpropInput, { dy }, { filter }, attrs), TO_FIRST),
    );
  }
  const g = geometry(attrs.inputShape, filter.shape, attrs);
  const dx = backend.makeOutput(g.inShape, 'float32');
  for (let py = 0; py < Math.min(g.strideHeight, g.inHeight); py++) {
    for (let px = 0; px < Math.min(g.strideWidth, g.inWidth); px++) {
      const rows = reaching(py, g.strideHeight, g.filterHeight, g.dilationHeight, g.padInfo.top);
      const columns = reaching(px, g.strideWidth, g.filterWidth, g.dilationWidth, g.padInfo.left);
      rowProduct(kernels, {
        input: kernels.address(dy),
        weights: kernels.address(filter),
        output: kernels.address(dx),
        images: g.batchSize,
        // A transposed convolution may return more than the output holds; the excess is not read.
        inputHeight: Math.min(g.outHeight, dy.shape[1]),
        inputWidth: Math.min(g.outWidth, dy.shape[2]),
        inputRow: dy.shape[2],
        inputPlane: dy.shape[1] * dy.shape[2],
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

/**
 * dy in the shape of the output. A transposed convolution may be given more of it, which is not read, or less, which stands for
 * zeros.
 */
export function fitted(dy: tf.Tensor, shape: number[]): tf.Tensor {
  if (tf.util.arraysEqual(dy.shape, shape)) return dy;
  const kept = shape.map((size, axis) => Math.min(size, dy.shape[axis]));
  return tf.pad(
    tf.slice(
      dy,
      kept.map(() => 0),
      kept,
    ),
    kept.map((size, axis): [number, number] => [0, shape[axis] - size]),
  );
}

/** Runs a gradient kernel with dy {@link fitted} to the shape of the output. */
export const runFitted = (
  kernelName: string,
  { dy, ...others }: { dy: tf.Tensor } & Record<string, TensorInfo>,
  shape: number[],
  attrs: object,
): tf.Tensor =>
  tf.tidy(() => {
    const inputs = { ...others, dy: fitted(dy, shape) } as tf.NamedTensorMap;
    return tf.engine().runKernel(kernelName, inputs, { ...attrs }) as tf.Tensor;
  });

/** ∂L/∂w: for each tap, the sum over pixels of x ⊗ dy. */
export const conv2DBackpropFilter = defineKernel<
  { x: TensorInfo; dy: tf.Tensor },
  Conv2DBackpropFilterAttrs & { dilations?: Conv2DAttrs['dilations'] }
>(Conv2DBackpropFilter, ({ inputs: { x, dy }, attrs, backend, kernels }) => {
  if (isChannelsFirst(attrs)) {
    return tf.tidy(() => onChannelsLast(Conv2DBackpropFilter, { x, dy }, {}, attrs));
  }
  const g = geometry(x.shape, attrs.filterShape, attrs);
  if (!tf.util.arraysEqual(dy.shape, g.outShape)) {
    return runFitted(Conv2DBackpropFilter, { x, dy }, g.outShape, attrs);
  }
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
