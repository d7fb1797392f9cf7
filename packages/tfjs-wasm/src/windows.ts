import type { backend_util, TensorInfo } from '@tensorflow/tfjs-core';
import type { Kernels, NativeKernel } from './kernels';

/** A window that moves over images, channels last: the common part of depthwise convolution and pooling. */
export type Window = Pick<
  backend_util.Conv2DInfo,
  | 'batchSize'
  | 'inChannels'
  | 'inHeight'
  | 'inWidth'
  | 'outHeight'
  | 'outWidth'
  | 'filterHeight'
  | 'filterWidth'
  | 'dilationHeight'
  | 'dilationWidth'
  | 'strideHeight'
  | 'strideWidth'
  | 'padInfo'
>;

/** The part of the wasm kernels' argument blocks that says how a window moves. */
export const windowArgs = (g: Window): number[] => [
  ...[g.inHeight, g.inWidth, g.inChannels, g.outHeight, g.outWidth, g.filterHeight, g.filterWidth],
  ...[g.strideHeight, g.strideWidth, g.dilationHeight, g.dilationWidth, g.padInfo.top, g.padInfo.left],
];

/** What an error says if a window does not fit into its input. */
export const TOO_LARGE =
  "A filter or pool is larger than its input. Use a larger input, a smaller filter, or the padding 'same'.";

/**
 * @throws Error if the window fits nowhere. On such an input the kernels of TensorFlow.js for pools and depthwise convolutions break
 *   the backend: every later kernel fails.
 */
export function refuseNoOutput({ outHeight, outWidth }: Pick<Window, 'outHeight' | 'outWidth'>): void {
  if (outHeight > 0 && outWidth > 0) return;
  const [rows, columns] = [outHeight, outWidth].map((size) => Math.max(size, 0));
  throw new Error(`An output would have ${rows} rows and ${columns} columns. ${TOO_LARGE}`);
}

/** Runs a kernel of rust/windows.rs of @crossreg/tfjs-native, if there is one: on these tensors, with these integers. */
export const runWindows = (
  kernels: Kernels,
  kernel: NativeKernel,
  tensors: readonly TensorInfo[],
  g: Window,
  more: readonly number[] = [],
): boolean =>
  kernels.runNative(kernel, () => [
    ...tensors.map((tensor) => kernels.address(tensor)),
    ...more,
    ...[g.batchSize, g.inChannels],
    ...[g.inHeight, g.outHeight, g.filterHeight, g.dilationHeight, g.strideHeight, g.padInfo.top],
    ...[g.inWidth, g.outWidth, g.filterWidth, g.dilationWidth, g.strideWidth, g.padInfo.left],
  ]);
