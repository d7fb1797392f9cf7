import * as tf from '@tensorflow/tfjs-core';

/**
 * Everything that this package reads or writes of TensorFlow.js that its declarations keep private. `internals.test.ts`
 * holds each function to these versions of `@tensorflow/tfjs-core`; another version needs a run of it first.
 */
export const heldVersions: readonly string[] = ['4.22.0'];

/** An operation as TensorFlow.js records it, with gradients that are computed when they are asked for. */
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

/** Sets how many steps an optimizer says it has taken. */
export function setIterations(optimizer: tf.Optimizer, iterations: number): void {
  (optimizer as unknown as { iterations_: number }).iterations_ = iterations;
}

/** Sets the learning rate of an optimizer from its next step on. */
export function setLearningRate(optimizer: tf.Optimizer, learningRate: number): void {
  const own = optimizer as unknown as { learningRate: number; setLearningRate?(rate: number): void };
  // Those that keep the rate on the device too have a method for it. `instanceof` takes every optimizer for any of them.
  if (own.setLearningRate) own.setLearningRate(learningRate);
  else own.learningRate = learningRate;
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
