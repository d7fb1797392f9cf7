import * as tf from '@tensorflow/tfjs-core';
import {
  type AdamState,
  type Moment,
  type MomentumState,
  type RmsPropState,
  type SgdState,
  type Stepped,
  stateOf,
} from './internals';
import { type Rule, stepKernelName } from './optimizerStep';

/** A step of an optimizer of tfjs as one kernel. */
interface Step {
  readonly rule: Rule;
  /** As assembly/optimizers.ts has them for the rule. */
  readonly rates: readonly number[];
  /**
   * The optimizer state of each variable, in the order of the kernel, with the suffix that tfjs adds to the variable's name.
   */
  readonly kept: readonly (readonly [moments: Moment[], suffix: string])[];
  /** The other state that the optimizer changes in a step. */
  finish?(): void;
}

const numberIn = (scalar: tf.Tensor): number => scalar.dataSync()[0];

function adam(state: AdamState): Step {
  const { learningRate, beta1, beta2, epsilon, accBeta1, accBeta2 } = state;
  const decays = [beta1, 1 - beta1, beta2, 1 - beta2];
  return {
    rule: 'adam',
    rates: [...decays, 1 - numberIn(accBeta1), 1 - numberIn(accBeta2), epsilon, -learningRate],
    kept: [
      [state.accumulatedFirstMoment, 'm'],
      [state.accumulatedSecondMoment, 'v'],
    ],
    finish() {
      accBeta1.assign(tf.mul(accBeta1, beta1));
      accBeta2.assign(tf.mul(accBeta2, beta2));
    },
  };
}

const sgd = ({ c }: SgdState): Step => ({ rule: 'sgd', rates: [numberIn(c)], kept: [] });

const momentum = ({ c, m, accumulations, useNesterov }: MomentumState): Step => ({
  rule: useNesterov ? 'nesterov' : 'momentum',
  rates: [numberIn(c), numberIn(m)],
  kept: [[accumulations, 'momentum']],
});

function rmsProp(state: RmsPropState): Step {
  const { learningRate, decay, momentum, epsilon, centered } = state;
  const means = centered ? [[state.accumulatedMeanGrads, 'mg'] as const] : [];
  return {
    rule: centered ? 'centeredRmsProp' : 'rmsProp',
    rates: [learningRate, decay, 1 - decay, momentum, epsilon],
    kept: [[state.accumulatedMeanSquares, 'rms'], [state.accumulatedMoments, 'momentum'], ...means],
  };
}

/**
 * Gives Adam, RMSProp, momentum and SGD of tfjs an update that runs one kernel for all variables on the wasm backend. Theirs
 * runs 2 (SGD) to 15 kernels (RMSProp) for each variable. The state remains that of tfjs: it is saved, loaded and disposed as
 * before, and can continue on another backend.
 */
export function fuseOptimizers(): void {
  fuse(tf.AdamOptimizer, adam);
  fuse(tf.RMSPropOptimizer, rmsProp);
  fuse(tf.MomentumOptimizer, momentum);
  fuse(tf.SGDOptimizer, sgd);
}

type Gradients = Parameters<tf.Optimizer['applyGradients']>[0];

const FUSED = Symbol.for('@crossreg/tfjs-wasm optimizer');

function fuse<State extends Stepped>(
  { prototype }: { prototype: tf.Optimizer },
  stepOf: (state: State) => Step,
): void {
  const stock = prototype.applyGradients;
  if (FUSED in stock) return;
  const fused = function (this: tf.Optimizer, gradients: Gradients): void {
    const entries = entriesOf(gradients);
    if (tf.getBackend() !== 'wasm' || !entries.every(isPlain)) {
      stock.call(this, gradients);
      return;
    }
    const state = stateOf<State>(this);
    update(stepOf(state), entries);
    state.incrementIterations();
  };
  prototype.applyGradients = Object.assign(fused, { [FUSED]: true });
}

/** The name and gradient of a variable. The gradient is missing if the loss does not depend on the variable. */
interface Entry {
  readonly name: string;
  readonly gradient: tf.Tensor | null | undefined;
}

const entriesOf = (gradients: Gradients): Entry[] =>
  Array.isArray(gradients)
    ? (gradients as { name: string; tensor: tf.Tensor }[]).map(({ name, tensor }) => ({
        name,
        gradient: tensor,
      }))
    : Object.entries(gradients).map(([name, gradient]) => ({ name, gradient: gradient as tf.Tensor }));

const isPlain = ({ name, gradient }: Entry): boolean => {
  const value = tf.engine().registeredVariables[name];
  return value?.dtype === 'float32' && (gradient == null || tf.util.arraysEqual(gradient.shape, value.shape));
};

function update(step: Step, entries: readonly Entry[]): void {
  tf.tidy(() => {
    const updated: tf.Variable[] = [];
    const inputs: tf.Tensor[] = [];
    entries.forEach(({ name, gradient }, i) => {
      const value = tf.engine().registeredVariables[name];
      const kept = step.kept.map(([moments, suffix]) => {
        moments[i] ??= {
          originalName: `${name}/${suffix}`,
          variable: tf.tidy(() => tf.zerosLike(value).variable(false)),
        };
        return moments[i].variable;
      });
      if (gradient == null) return;
      updated.push(value, ...kept);
      inputs.push(value, ...kept, gradient);
    });
    const results = tf.engine().runKernel(stepKernelName(step.rule), Object.fromEntries(inputs.entries()), {
      rates: [...step.rates],
    }) as unknown as tf.Tensor[];
    updated.forEach((variable, i) => {
      variable.assign(results[i]);
    });
    step.finish?.();
  });
}
