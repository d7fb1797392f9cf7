import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';

/**
 * Refuses anything but tensors that are alive.
 *
 * @throws ArgumentError for arrays, missing values and disposed tensors, with the place in the list.
 */
export function checkTensors(argument: string, tensors: readonly unknown[]): void {
  tensors.forEach((x, i) => {
    const name = tensors.length === 1 ? argument : `${argument}[${i}]`;
    if (!(x instanceof tf.Tensor)) {
      throw new ArgumentError(
        name,
        `must be a tensor, but is ${show(x)}. Write tf.tensor(…) around an array.`,
      );
    }
    if (x.isDisposed) {
      throw new ArgumentError(
        name,
        `is a tensor [${x.shape}] that was disposed. Keep it until it has been used.`,
      );
    }
  });
}
