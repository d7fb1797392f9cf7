import { ArgumentError, createSchedule, type Framework, type Schedule } from '@crossreg/core';
import {
  adamDirection,
  adamMoments,
  checkAbove,
  checkOptions,
  EARLY_STEPS,
  LATE_STEPS,
} from '@crossreg/core/internal';
import { type Array as JaxArray, numpy as np, tree } from '@jax-js/jax';
import type { Handle } from './handle';
import { lift } from './lift';
import { type ArrayTree, leavesOf, mapTrees } from './trees';

/**
 * An optimizer in the form of optax: a pair of pure functions. Any object of this shape works: those of `@jax-js/optax`, or a
 * custom one. All arguments are consumed, as by every function of jax-js.
 */
export interface GradientTransformation {
  /** The state before the first step, a pytree. */
  init(params: any): any;
  /** What to add to the parameters, a tree of their structure, and the state after the step. Traced by `jit`. */
  update(updates: any, state: any, params?: any): [any, any];
  /**
   * The same if `enabled`, a boolean scalar, is true; otherwise the updates are zero and the state is unchanged. Given finite
   * gradients, it returns finite updates and a finite state, or takes no step: `taken` tells which. The steps of a custom
   * optimizer that lacks this are checked number by number, which takes longer.
   */
  updateIf?(
    enabled: JaxArray,
    updates: any,
    state: any,
    params?: any,
  ): [updates: any, state: any, taken: JaxArray];
}

/** A number, or a function from the zero-based step to a rate. Both are scalar arrays, because `jit` traces the function. */
export type LearningRate = number | ((step: JaxArray) => JaxArray);

export interface AdamState {
  /** Steps taken, int32. */
  count: JaxArray;
  /** The mean of the gradients, a tree of the parameters' structure. */
  mean: ArrayTree;
  /** The mean of their squares. */
  square: ArrayTree;
}

/**
 * Adam (Kingma & Ba 2015), with bias correction, by the rule of `@crossreg/core`.
 *
 * @throws ArgumentError for a rate that is not positive or a decay outside of [0, 1).
 * @example
 * const optimizer = adam({ learningRate: 1e-3 });
 */
export function adam(options: {
  learningRate: LearningRate;
  /** Default 0.9. */
  beta1?: number;
  /** Default 0.999. */
  beta2?: number;
  /** Default 1e-8. */
  epsilon?: number;
  /** Makes steps that raise a parameter `increaseGain · |m̂/√v̂|` times as long, see `adam` of core. Default: off. */
  increaseGain?: LearningRate;
}) {
  checkOptions('adam', options, { learningRate: 1, beta1: 1, beta2: 1, epsilon: 1, increaseGain: 1 });
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, increaseGain } = options;
  if (typeof learningRate !== 'function') checkAbove('learningRate', learningRate, 0, 'Try 1e-3.');
  for (const [name, beta] of Object.entries({ beta1, beta2 })) {
    checkAbove(name, beta, 0, 'Use a number in [0, 1), such as 0.9.', true);
    if (beta >= 1) throw new ArgumentError(name, `must be below 1, but is ${beta}. Use 0.9 or 0.999.`);
  }
  checkAbove('epsilon', epsilon, 0, 'Use 1e-8.');
  /** 1 − βᵗ. By expm1, because the difference loses its digits while t is small and β near 1. */
  const vanishing = (beta: number, t: JaxArray) => np.negative(np.expm1(t.mul(Math.log(beta))));
  return {
    init(params: ArrayTree): AdamState {
      const zeros = () => mapTrees((x) => np.zerosLike(x), tree.ref(params));
      const state = { count: np.zeros([], { dtype: np.int32 }), mean: zeros(), square: zeros() };
      tree.dispose(params);
      return state;
    },
    ...conditional(learningRate, (gradients, { count, mean, square }: AdamState, rate, gate) => {
      const gain = typeof increaseGain === 'function' ? increaseGain(count.ref) : increaseGain;
      const gains = gain === undefined ? [] : [np.array(gain)];
      const next = gate(count.ref.add(1), count);
      const t = next.ref.astype(np.float32);
      const corrections = [np.reciprocal(vanishing(beta1, t.ref)), vanishing(beta2, t)];
      const [means, squares] = [leavesOf(mean), leavesOf(square)];
      const steps = leavesOf(gradients).map((gradient, i) => {
        const rule = (fw: Framework<Handle>, g: Handle, m: Handle, s: Handle) => {
          const moments = adamMoments(fw, g, { mean: m, square: s }, { beta1, beta2 });
          return [moments.mean, moments.square];
        };
        const [m, s] = lift(rule, gradient, means[i].ref, squares[i].ref);
        // The direction is a function of the state, so that each of the three is written once.
        const [nextMean, nextSquare] = [gate(m, means[i]), gate(s, squares[i])];
        const direction = lift(
          (fw, m, s, c1, c2, ...[up]) =>
            adamDirection(
              fw,
              { mean: m, square: s },
              { mean: c1, square: c2 },
              { epsilon, increaseGain: up },
            ),
          nextMean.ref,
          nextSquare.ref,
          corrections[0].ref,
          corrections[1].ref,
          ...gains.map((one) => one.ref),
        );
        return [np.negative(direction.mul(rate.ref)), nextMean, nextSquare];
      });
      for (const x of [...corrections, ...gains, rate]) x.dispose();
      const structure = tree.structure<JaxArray>(gradients);
      const part = (index: number) =>
        tree.unflatten<JaxArray>(
          structure,
          steps.map((one) => one[index]),
        );
      return [part(0), { count: next, mean: part(1), square: part(2) }];
    }),
  } satisfies GradientTransformation;
}

/** `next` if the step is taken, `before` if not. Consumes both. */
type Gate = (next: JaxArray, before: JaxArray) => JaxArray;

/** The two ways of stepping, from one rule. */
function conditional<S extends { count: JaxArray }>(
  learningRate: LearningRate,
  /** Consumes all. If a step is not taken, its updates are ignored. */
  rule: (gradients: ArrayTree, state: S, rate: JaxArray, gate: Gate) => [ArrayTree, S],
) {
  const rateAt = (count: JaxArray) => {
    if (typeof learningRate === 'function') return learningRate(count);
    count.dispose();
    return np.array(learningRate);
  };
  return {
    update(gradients: ArrayTree, state: S, params?: ArrayTree): [ArrayTree, S] {
      tree.dispose(params);
      const always: Gate = (next, before) => {
        before.dispose();
        return next;
      };
      return rule(gradients, state, rateAt(state.count.ref), always);
    },
    updateIf(
      enabled: JaxArray,
      gradients: ArrayTree,
      state: S,
      params?: ArrayTree,
    ): [ArrayTree, S, JaxArray] {
      tree.dispose(params);
      const rate = rateAt(state.count.ref);
      const taken = np.logicalAnd(enabled, np.isfinite(rate.ref));
      const gate: Gate = (next, before) => np.where(taken.ref, next, before);
      const [updates, next] = rule(gradients, state, rate, gate);
      return [mapTrees((x) => np.where(taken.ref, x, 0), updates), next, taken];
    },
  };
}

export interface SgdState {
  /** Steps taken, int32. */
  count: JaxArray;
  /** The velocity, a tree of the parameters' structure; empty without momentum. */
  velocity: ArrayTree;
}

/**
 * Gradient descent, x ← x − η g. With `momentum` μ: v ← μ v + g, x ← x − η v (heavy ball).
 *
 * @throws ArgumentError for a rate that is not positive or a momentum outside of [0, 1).
 */
export function sgd(options: { learningRate: LearningRate; momentum?: number }) {
  checkOptions('sgd', options, { learningRate: 1, momentum: 1 });
  const { learningRate, momentum = 0 } = options;
  if (typeof learningRate !== 'function') checkAbove('learningRate', learningRate, 0, 'Try 0.1.');
  checkAbove('momentum', momentum, 0, 'Use a number in [0, 1), such as 0.9.', true);
  if (momentum >= 1) throw new ArgumentError('momentum', `must be below 1, but is ${momentum}. Use 0.9.`);
  return {
    init(params: ArrayTree): SgdState {
      const velocity = momentum > 0 ? mapTrees((x) => np.zerosLike(x), tree.ref(params)) : [];
      tree.dispose(params);
      return { count: np.zeros([], { dtype: np.int32 }), velocity };
    },
    ...conditional(learningRate, (gradients, { count, velocity }: SgdState, rate, gate) => {
      const next = gate(count.ref.add(1), count);
      const direction =
        momentum > 0
          ? mapTrees((v, g) => gate(v.ref.mul(momentum).add(g), v), velocity, gradients)
          : gradients;
      const kept = momentum > 0 ? tree.ref(direction) : [];
      const updates = mapTrees((d) => np.negative(d.mul(rate.ref)), direction);
      rate.dispose();
      return [updates, { count: next, velocity: kept }];
    }),
  } satisfies GradientTransformation;
}

/**
 * The default optimizer of noise scales, as `noiseOptimizer` in core: Adam in log σ with a rate that falls as 1/t. So σ moves
 * equally far in every e-fold of training time, and rises faster than it falls if the gradients agree (docs/method.md, *Pace*).
 *
 * @param schedule - of the ρ steps, as {@link crossRegularize} has it. Default `'auto'`.
 */
export function noiseOptimizer(
  schedule: Partial<Pick<Schedule, 'every'>> = {},
  options: { maxDecrease?: number; maxIncrease?: number } = {},
) {
  checkOptions('noiseOptimizer', options, { maxDecrease: 1, maxIncrease: 1 });
  const { maxDecrease = 2, maxIncrease = 4 } = options;
  checkAbove('maxDecrease', maxDecrease, 0, 'Use 2: σ may fall by e² while training time grows by e.');
  checkAbove('maxIncrease', maxIncrease, 0, 'Use 4.');
  const { every } = createSchedule(schedule);
  return adam({
    learningRate: (step) => elapsedShare(every, step).mul(maxDecrease),
    beta2: 0.99,
    increaseGain: (step) => {
      const time = rhoStepTime(every, step);
      const early = np.minimum(time.ref.div(EARLY_STEPS), 1);
      const late = np.maximum(time.div(LATE_STEPS), 1);
      return early.ref
        .mul(early)
        .mul(late)
        .mul(maxIncrease / maxDecrease);
    },
  });
}

/** `rhoStepTime` of core for a scalar array: the number of ρ steps so far. Consumes it. */
export function rhoStepTime(every: Schedule['every'], rhoStep: JaxArray): JaxArray {
  const k = rhoStep.astype(np.float32).add(1);
  if (every !== 'auto') return k.mul(every).add(20);
  // The intervals of 'auto': 1 up to step 20, t / 20 up to step 400, then 20.
  const even = 20 + 20 * Math.log(20);
  const growing = np.exp(np.minimum(k.ref, even).sub(20).div(20)).mul(20);
  const late = k.ref.sub(even).mul(20).add(400);
  return np.where(np.lessEqual(k.ref, 20), k.ref, np.where(np.lessEqual(k, even), growing, late)).add(20);
}

/** `elapsedShare` of core. Consumes the number of the step. */
export function elapsedShare(every: Schedule['every'], rhoStep: JaxArray): JaxArray {
  const before = rhoStepTime(every, rhoStep.ref.sub(1));
  const now = rhoStepTime(every, rhoStep);
  return now.ref.sub(before).div(now);
}
