import * as tf from '@tensorflow/tfjs-core';
import {
  backend_util,
  Conv2DBackpropFilter,
  Conv3D,
  type Conv3DAttrs,
  Conv3DBackpropFilterV2,
  type Conv3DBackpropFilterV2Attrs,
  Conv3DBackpropInputV2,
  type Conv3DBackpropInputV2Attrs,
  type TensorInfo,
} from '@tensorflow/tfjs-core';
import { fitted, reaching, runFitted } from './convolution';
import { defineKernel } from './define';
import { rowProduct } from './rowProduct';

type Shape5 = [number, number, number, number, number];
type Geometry = backend_util.Conv3DInfo;

const geometry = (
  inShape: readonly number[],
  filterShape: readonly number[],
  {
    strides,
    pad,
    dilations,
  }: Pick<Conv3DAttrs, 'strides' | 'pad'> & { dilations?: Conv3DAttrs['dilations'] },
): Geometry =>
  backend_util.computeConv3DInfo(inShape as Shape5, filterShape as Shape5, strides, dilations ?? 1, pad);

/** Where the weights of a tap start. */
const weightsOf = (g: Geometry, z: number, y: number, x: number) =>
  ((z * g.filterHeight + y) * g.filterWidth + x) * g.inChannels * g.outChannels;

const range = (count: number) => Array.from({ length: count }, (_, i) => i);

/** y = x ∗ w over volumes. */
export const conv3D = defineKernel<{ x: TensorInfo; filter: TensorInfo }, Conv3DAttrs>(
  Conv3D,
  ({ inputs: { x, filter }, attrs, backend, kernels }) => {
    const g = geometry(x.shape, filter.shape, attrs);
    const out = backend.makeOutput(g.outShape, 'float32');
    rowProduct(kernels, {
      ...{ input: kernels.address(x), weights: kernels.address(filter), output: kernels.address(out) },
      ...{ images: g.batchSize, inputPlanes: g.inDepth, inputHeight: g.inHeight, inputWidth: g.inWidth },
      ...{ depth: g.inChannels, columns: g.outChannels, depthStride: g.outChannels, columnStride: 1 },
      taps: range(g.filterDepth).flatMap((z) =>
        range(g.filterHeight).flatMap((y) =>
          range(g.filterWidth).map((tapX) => ({
            z: z * g.dilationDepth - g.padInfo.front,
            y: y * g.dilationHeight - g.padInfo.top,
            x: tapX * g.dilationWidth - g.padInfo.left,
            weights: weightsOf(g, z, y, tapX),
          })),
        ),
      ),
      ...{ gridPlanes: g.outDepth, gridHeight: g.outHeight, gridWidth: g.outWidth },
      ...{ stepZ: g.strideDepth, stepY: g.strideHeight, stepX: g.strideWidth },
      outputImage: g.outDepth * g.outHeight * g.outWidth * g.outChannels,
      outputOrigin: 0,
      outputPlane: g.outHeight * g.outWidth * g.outChannels,
      outputRow: g.outWidth * g.outChannels,
      outputColumn: g.outChannels,
    });
    return out;
  },
);

/** ∂L/∂x, phase by phase as for images. The kernel of the backend leaves most channels at 0. */
export const conv3DBackpropInput = defineKernel<
  { dy: tf.Tensor; filter: TensorInfo },
  Conv3DBackpropInputV2Attrs
>(Conv3DBackpropInputV2, ({ inputs: { dy, filter }, attrs, backend, kernels }) => {
  const g = geometry(attrs.inputShape, filter.shape, attrs);
  if (!tf.util.arraysEqual(dy.shape, g.outShape)) {
    return runFitted(Conv3DBackpropInputV2, { dy, filter }, g.outShape, attrs);
  }
  const dx = backend.makeOutput(g.inShape, 'float32');
  const phases = (stride: number, size: number) => range(Math.min(stride, size));
  const [row, plane] = [g.inWidth * g.inChannels, g.inHeight * g.inWidth * g.inChannels];
  for (const pz of phases(g.strideDepth, g.inDepth)) {
    const planes = reaching(pz, g.strideDepth, g.filterDepth, g.dilationDepth, g.padInfo.front);
    for (const py of phases(g.strideHeight, g.inHeight)) {
      const rows = reaching(py, g.strideHeight, g.filterHeight, g.dilationHeight, g.padInfo.top);
      for (const px of phases(g.strideWidth, g.inWidth)) {
        const columns = reaching(px, g.strideWidth, g.filterWidth, g.dilationWidth, g.padInfo.left);
        rowProduct(kernels, {
          ...{ input: kernels.address(dy), weights: kernels.address(filter), output: kernels.address(dx) },
          ...{
            images: g.batchSize,
            inputPlanes: g.outDepth,
            inputHeight: g.outHeight,
            inputWidth: g.outWidth,
          },
          ...{ depth: g.outChannels, columns: g.inChannels, depthStride: 1, columnStride: g.outChannels },
          taps: planes.flatMap((z) =>
            rows.flatMap((y) =>
              columns.map((x) => ({ z: z.at, y: y.at, x: x.at, weights: weightsOf(g, z.tap, y.tap, x.tap) })),
            ),
          ),
          gridPlanes: Math.ceil((g.inDepth - pz) / g.strideDepth),
          gridHeight: Math.ceil((g.inHeight - py) / g.strideHeight),
          gridWidth: Math.ceil((g.inWidth - px) / g.strideWidth),
          ...{ stepY: 1, stepX: 1 },
          outputImage: g.inDepth * plane,
          outputOrigin: pz * plane + py * row + px * g.inChannels,
          outputPlane: g.strideDepth * plane,
          outputRow: g.strideHeight * row,
          outputColumn: g.strideWidth * g.inChannels,
        });
      }
    }
  }
  return dx;
});

/**
 * ∂L/∂w: each plane of the filter is the filter of a convolution over images, which are the planes that it meets. The kernel of
 * the backend is wrong for strides above 1 with filters that are no cubes.
 */
export const conv3DBackpropFilter = defineKernel<
  { x: tf.Tensor; dy: tf.Tensor },
  Conv3DBackpropFilterV2Attrs
>(Conv3DBackpropFilterV2, ({ inputs: { x, dy }, attrs }) => {
  const g = geometry(x.shape, attrs.filterShape, attrs);
  const { front, top, bottom, left, right } = g.padInfo;
  const last = (g.outDepth - 1) * g.strideDepth;
  const back = Math.max(0, last + g.filterDepth - front - g.inDepth);
  const none = [0, 0] as [number, number];
  return tf.tidy(() => {
    const padded = tf.pad(x, [none, [front, back], none, none, none]);
    const images = (volumes: tf.Tensor) => tf.reshape(volumes, [-1, ...volumes.shape.slice(2)]);
    const outputs = images(fitted(dy, g.outShape));
    const planes = range(g.filterDepth).map((z) => {
      const end = [g.batchSize, z + last + 1, ...x.shape.slice(2)];
      const met = tf.stridedSlice(padded, [0, z, 0, 0, 0], end, [1, g.strideDepth, 1, 1, 1]);
      const inputs = { x: images(met), dy: outputs };
      return tf.engine().runKernel(Conv2DBackpropFilter, inputs, {
        strides: [g.strideHeight, g.strideWidth],
        pad: [none, [top, bottom], [left, right], none],
        dataFormat: 'NHWC',
        filterShape: attrs.filterShape.slice(1),
      }) as tf.Tensor;
    });
    return tf.stack(planes);
  });
});
