import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import { type Callback, CustomCallback, type CustomCallbackArgs } from '@tensorflow/tfjs-layers';

/** A callback of TensorFlow.js, or a plain object such as `{ onEpochEnd }`. */
// Of an instance only what plain objects lack, so that TypeScript infers the parameters of `onEpochEnd` in an object.
export type AnyCallback = Pick<Callback, 'setParams' | 'setModel'> | CustomCallbackArgs;

/**
 * Makes one list of callbacks from instances and plain objects, for the option `callbacks` of `fit`. TensorFlow.js cannot run a
 * list that mixes both.
 *
 * @throws ArgumentError for anything else.
 * @example
 * const noisy = injectNoise(model);
 * noisy.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
 * const cross = crossRegularization({ regularizationData: [xReg, yReg] });
 * const onEpochEnd = (epoch, logs) => console.log(epoch, logs);
 * await noisy.fit(xTrain, yTrain, { callbacks: callbackList(cross, { onEpochEnd }) });
 */
export function callbackList(...callbacks: (AnyCallback | readonly AnyCallback[])[]): Callback[] {
  return (callbacks.flat() as AnyCallback[]).map((one) => {
    // By its methods: there may be two copies of TensorFlow.js.
    if (typeof (one as Partial<Callback> | null)?.setParams === 'function') return one as Callback;
    if (one === null || typeof one !== 'object') {
      throw new ArgumentError(
        'callbacks',
        `must be callbacks or objects such as { onEpochEnd }, but has ${show(one)}. Write callbackList(cross, { onEpochEnd }).`,
      );
    }
    return new CustomCallback(one as CustomCallbackArgs) as unknown as Callback;
  });
}
