import * as tf from '@tensorflow/tfjs-core';

/**
 * Everything that this package reads or writes of TensorFlow.js that its declarations keep private. `internals.test.ts` tests
 * each function with the listed versions of `@tensorflow/tfjs-core`. Run it before you add another version.
 */
export const heldVersions: readonly string[] = ['4.22.0'];

/** An operation as TensorFlow.js records it. Its gradients are computed on demand. */
export interface RecordedOperation<T extends tf.Tensor> {
  inputs: Record<string, tf.Tensor>;
  forwardFunc(backend: tf.KernelBackend, save: (tensors: tf.Tensor[]) => void): T;
  backwardsFunc(dy: tf.Tensor, saved: tf.Tensor[]): Record<string, () => tf.Tensor>;
}

/** Runs an operation and records it for differentiation. */
export function runOperation<T extends tf.Tensor>(operation: RecordedOperation<T>): T {
  const engine = tf.engine() as unknown as { runKernelFunc(operation: RecordedOperation<T>): T };
  return engine.runKernelFunc(operation);
}

/** Sets the number of steps that an optimizer reports. */
export function setIterations(optimizer: tf.Optimizer, iterations: number): void {
  (optimizer as unknown as { iterations_: number }).iterations_ = iterations;
}

/** Sets the learning rate of an optimizer, from its next step on. */
export function setLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  const own = optimizer as unknown as { learningRate: number; setLearningRate?(rate: number): void };
  // Optimizers that also keep the rate on the device have a method for it. `instanceof` cannot tell: it takes every optimizer
  // for any of them.
  if (own.setLearningRate) own.setLearningRate(learningRate);
  else own.learningRate = learningRate;
}

/**
 * Of an optimizer's state what can stop being finite while the variables it moves stay so. Adam and Adamax move a variable
 * by its first moment, so that one that is not finite shows there.
 */
export function slotsToCheck(optimizer: tf.Optimizer): tf.Variable[] {
  const { accumulatedFirstMoment = [] } = optimizer as unknown as {
    accumulatedFirstMoment?: { variable: tf.Variable }[];
  };
  const shown = new Set(accumulatedFirstMoment.map(({ variable }) => variable));
  return slotsOf(optimizer).filter((slot) => !shown.has(slot));
}

/** The variables that an optimizer keeps as its state, in fields or in lists of moments. */
export function slotsOf(optimizer: tf.Optimizer): tf.Variable[] {
  const variableOf = (each: unknown): unknown =>
    each instanceof tf.Variable ? each : (each as { variable?: unknown } | null | undefined)?.variable;
  return Object.values(optimizer)
    .flat()
    .map(variableOf)
    .filter((each): each is tf.Variable => each instanceof tf.Variable);
}
