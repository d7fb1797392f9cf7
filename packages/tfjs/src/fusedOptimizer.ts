import type { LearningRate, Optimizer } from '@crossreg/core';
import { rateOf } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { drive } from './trainOptimizer';

/** The settings of core's `adam` and `sgd`, as stored on their factories. */
interface Settings {
  name: string;
  learningRate: LearningRate;
  beta1: number;
  beta2: number;
  epsilon: number;
  increaseGain?: LearningRate;
  momentum: number;
}

/**
 * The optimizer of `tf.train` that takes the same steps as core's with these settings. It takes one call for all variables and
 * uses the kernels that the backend has for it: with `@crossreg/tfjs-wasm`, one kernel for a whole step of Adam. Core's
 * optimizer needs about thirty operations per variable.
 *
 * @returns undefined if `tf.train` has no such optimizer: for other optimizers, and for Adam with `increaseGain`.
 */
export function fusedOptimizer(
  settings: object | undefined,
  variables: readonly tf.Tensor[],
): Optimizer<tf.Tensor> | undefined {
  if (!settings) return undefined;
  const { name, learningRate, momentum, beta1, beta2, epsilon, increaseGain } = settings as Settings;
  const rateAt = (step: number) => rateOf(learningRate, step);
  const rate = rateAt(0);
  let optimizer: tf.Optimizer | undefined;
  if (name === 'adam' && increaseGain === undefined) optimizer = tf.train.adam(rate, beta1, beta2, epsilon);
  if (name === 'sgd') optimizer = momentum > 0 ? tf.train.momentum(rate, momentum) : tf.train.sgd(rate);
  return optimizer && drive(optimizer, variables, typeof learningRate === 'function' ? rateAt : undefined);
}
