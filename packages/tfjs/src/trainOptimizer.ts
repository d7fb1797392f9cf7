import { ArgumentError, type LearningRate, type Optimizer, type OptimizerFactory } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';
import { allFinite, isFiniteAt } from './finite';
import { setIterations, setLearningRate, slotsOf, slotsToCheck } from './internals';

/** Optimizers that currently drive a list of variables. Their state is stored by position in that list. */
const taken = new WeakSet<tf.Optimizer>();

/**
 * Lets an optimizer of TensorFlow.js take the steps of θ in `createTrainer` of core: one call for all weights, with the kernels
 * of that optimizer. Use it for optimizers that core lacks, such as RMSProp. For core's `adam` and `sgd` it is not needed:
 * TensorFlow.js takes their steps anyway.
 *
 * The optimizer keeps its state. The state exists from the beginning, so a saved run can be restored before the first step. A
 * learning rate that you change holds from the next step on. A step is refused if its gradients, or the values that it gives
 * variables and state, are not finite. All of them then get their former values back, on the device.
 *
 * @param optimizer - from `tf.train`, for this use alone; `dispose` of the result disposes it.
 * @throws ArgumentError for anything that is not an optimizer of TensorFlow.js, for one that is already in use, and, once the
 *   variables are known, for those that are not `tf.Variable`s.
 * @example
 * const thetaOptimizer = trainOptimizer(tf.train.adam(1e-3)); // an option of createTrainer, next to framework: tfjs
 */
export function trainOptimizer(optimizer: tf.Optimizer): OptimizerFactory {
  if (typeof optimizer?.applyGradients !== 'function') {
    throw new ArgumentError(
      'optimizer',
      `must be an optimizer of TensorFlow.js such as tf.train.adam(1e-3), but is ${show(optimizer)}. Or give one of core, such as adam({ learningRate: 1e-3 }).`,
    );
  }
  return (_, variables) => drive(optimizer, variables as readonly unknown[]) as unknown as Optimizer<any>;
}

/**
 * An optimizer of core whose steps are taken by one of TensorFlow.js, on these variables and no others.
 *
 * @param rateAt - the learning rate of each step. Without it, the rate of the optimizer stays.
 */
export function drive(
  optimizer: tf.Optimizer,
  given: readonly unknown[],
  rateAt?: Exclude<LearningRate, number>,
): Optimizer<tf.Tensor> {
  const variables = given.map((variable) => {
    if (variable instanceof tf.Variable && !variable.isDisposed) return variable;
    throw new ArgumentError(
      'theta',
      `must be tf.Variables that are not disposed, but has ${show(variable)}. Make them with tf.variable(…).`,
    );
  });
  if (taken.has(optimizer)) {
    throw new ArgumentError(
      'optimizer',
      `${optimizer.getClassName()} already trains other variables, and its state belongs to them. Create another optimizer.`,
    );
  }
  taken.add(optimizer);
  const apply = (gradients: readonly tf.Tensor[]) =>
    optimizer.applyGradients(variables.map(({ name }, i) => ({ name, tensor: gradients[i] })));
  const state = () => [...variables, ...slotsOf(optimizer)];
  const stateIsFinite = () => allFinite([...variables, ...slotsToCheck(optimizer)]).dataSync()[0] !== 0;

  // An optimizer creates its state in its first step, so this takes a step of zero. What such a step changes nevertheless is
  // undone: the powers of β, and what centred RMSProp makes of 0 · 1/√−ε.
  const former = { state: snapshot(state()), iterations: optimizer.iterations };
  tf.tidy(() => {
    apply(variables.map((variable) => tf.zerosLike(variable)));
    for (const slot of slotsOf(optimizer)) slot.assign(tf.where(tf.isNaN(slot), tf.zerosLike(slot), slot));
    for (const { variable, value } of former.state) variable.assign(value.clone());
  });
  release(former.state);
  setIterations(optimizer, former.iterations);

  return {
    iterations: 0,
    get slots() {
      return slotsOf(optimizer);
    },
    step(gradients, enabled) {
      const iteration = this.iterations++;
      // Reading a number costs nothing if tensors lie in memory that JavaScript can read.
      const readable = inHostMemory();
      if (readable && enabled?.dataSync()[0] === 0) return;
      if (rateAt) setLearningRate(optimizer, rateAt(iteration));
      const before = snapshot(state());
      apply(gradients);
      tf.tidy(() => {
        if (!readable || !stateIsFinite()) undoNonFinite(before, enabled);
      });
      release(before);
    },
    dispose: () => optimizer.dispose(),
  };
}

type Snapshot = readonly { variable: tf.Variable; value: tf.Tensor }[];

const snapshot = (variables: readonly tf.Variable[]): Snapshot =>
  variables.map((variable) => ({ variable, value: tf.keep(variable.clone()) }));

const release = (values: Snapshot): void => tf.dispose(values.map(({ value }) => value));

/**
 * Gives all variables their former values back if a number that was finite no longer is, or if `enabled`, a scalar, is 0. A
 * number that was not finite before gets its former value back in any case.
 */
function undoNonFinite(before: Snapshot, enabled: tf.Tensor | undefined): void {
  const wasFinite = before.map(({ value }) => isFiniteAt(value));
  const moved = before.map(({ variable }, i) => tf.where(wasFinite[i], variable, tf.zerosLike(variable)));
  const sound = tf.notEqual(enabled ? tf.mul(allFinite(moved), enabled) : allFinite(moved), 0);
  before.forEach(({ variable, value }, i) => {
    variable.assign(tf.where(tf.logicalAnd(wasFinite[i], sound), variable, value));
  });
}

/** Whether a number of a tensor can be read without waiting. */
const inHostMemory = (): boolean => ['wasm', 'cpu'].includes(tf.getBackend());
