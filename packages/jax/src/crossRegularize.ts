import {
  ArgumentError,
  type Bijector,
  type Convergence,
  createSchedule,
  exp,
  isRegularizationStep,
  type RegularizationRecord,
  type Schedule,
} from '@crossreg/core';
import { checkAbove, checkOptions, show } from '@crossreg/core/internal';
import { type Array as JaxArray, type JsTree, jit, numpy as np, tree, valueAndGrad } from '@jax-js/jax';
import { type HistoryRow, recordOf, statusOf } from './history';
import { keyOfStep, streams } from './keys';
import { lift } from './lift';
import { type GradientTransformation, noiseOptimizer } from './optimizer';
import { stepIfFinite } from './stepIfFinite';
import { type ArrayTree, leavesOf, mapTrees, namedLeaves } from './trees';

export interface CrossRegularizeOptions<P extends ArrayTree, R extends ArrayTree, B extends ArrayTree>
  extends Partial<Schedule> {
  /**
   * Scalar loss of a training batch, with one draw of noise per example. Pure, and traced once by `jit`: it consumes its
   * arguments, reads no number and has no effects.
   */
  trainLoss(params: P, rho: R, batch: B, key: JaxArray): JaxArray;
  /**
   * Scalar loss of a regularization batch, computed on the average of `samples` predictions, see {@link averagedPrediction}.
   */
  regularizationLoss(params: P, rho: R, batch: B, key: JaxArray, samples: number): JaxArray;
  /** The optimizer of θ: {@link adam}, {@link sgd}, or any pair of pure functions in the form of optax. */
  optimizer: GradientTransformation;
  /** The optimizer of ρ, in its raw value. Default: {@link noiseOptimizer} of the same schedule. */
  rhoOptimizer?: GradientTransformation;
  /**
   * Retracts the parameters to the level sets of norms that ρ holds, see {@link retractTo}: after each step of θ and of ρ, and
   * in the regularization loss. Pure. Default: no retraction.
   */
  retract?(params: P, rho: R): P;
  /** From the raw value, which the optimizer moves, to ρ. Default `exp`: ρ > 0, and steps are relative ones. */
  bijector?: Bijector;
  /** The lower bound of every ρ, in its own unit. Default: the bound of the bijector. 0.03 suits noise scales. */
  min?: number;
}

/** The complete state of a run, as a value: a step takes one and returns the next. */
export interface CrossRegularizeState<P extends ArrayTree = any, R extends ArrayTree = any> {
  /** Training steps taken. */
  step: number;
  /** θ. */
  params: P;
  /** The raw values of ρ, see {@link CrossRegularize.rho}. */
  rawRho: R;
  optimizerState: ArrayTree;
  rhoOptimizerState: ArrayTree;
  /** Training steps that were skipped because a loss, gradient or new value was not finite: int32. */
  skipped: JaxArray;
  /** A row for each ρ step, see {@link CrossRegularize.history}. */
  history: readonly HistoryRow[];
}

/** The alternation of docs/method.md §1 as a pair of pure functions, see {@link crossRegularize}. */
export interface CrossRegularize<P extends ArrayTree, R extends ArrayTree, B extends ArrayTree> {
  /**
   * The state before the first step.
   *
   * @param params - θ. Consumed.
   * @param rho - where ρ starts, in its own unit: a tree of arrays or numbers. Consumed.
   * @throws ArgumentError for a ρ out of range.
   */
  init(params: P, rho: R | JsTree<number>): CrossRegularizeState<P, R>;
  /**
   * One training step, and the ρ step after it if one is due. Both are compiled at their first call, and again for batches of
   * another shape. A step with a number that is not finite leaves its half of the state unchanged, and is counted.
   *
   * jax-js queues work until someone waits: call `await blockUntilReady(state)` now and then, or read the loss.
   *
   * @param state - consumed.
   * @param batch - consumed.
   * @param nextRegularizationBatch - called only when a ρ step is due. If it throws, nothing has been consumed.
   * @param key - of the run: the same at every step, because the step number is mixed in. Consumed: pass `key.ref`.
   * @returns the next state, and the training loss before the step.
   */
  step(
    state: CrossRegularizeState<P, R>,
    batch: B,
    nextRegularizationBatch: () => B,
    key: JaxArray,
  ): [state: CrossRegularizeState<P, R>, loss: JaxArray];
  /** ρ in its own unit. The state stays valid. */
  rho(state: CrossRegularizeState<P, R>): R;
  /** The record of the ρ steps in plain numbers, with the names of ρ's leaves. The state stays valid. */
  history(state: CrossRegularizeState<P, R>): Promise<RegularizationRecord>;
  /** How far each ρ has converged, by its name (docs/method.md §6). */
  convergence(record: RegularizationRecord): Record<string, Convergence>;
  /** Frees what the compiled functions hold. */
  dispose(): void;
}

/**
 * Trains θ on training batches and ρ on regularization batches, by pure functions that `jit` compiles:
 *
 *     θ ← θ − η_θ ∇_θ L_train(θ, ρ)            every step, then back to the level sets of the norms
 *     ρ ← ρ − η_ρ ∇_ρ L_val(θ, ρ)              when `every` says so, with θ already updated
 *
 * Source: Stein Brito 2025, Algorithm 1; docs/method.md §1. Experimental.
 *
 * @throws ArgumentError for bad options, before anything is compiled.
 * @example
 * const method = crossRegularize({ trainLoss, regularizationLoss, optimizer: adam({ learningRate: 1e-3 }) });
 * let state = method.init(params, { hidden: 0.3 });
 * let loss;
 * [state, loss] = method.step(state, batch, nextRegularizationBatch, key.ref);
 */
export function crossRegularize<
  // Losses without type annotations, from which nothing can be inferred, take `any`.
  P extends ArrayTree = any,
  R extends ArrayTree = any,
  B extends ArrayTree = any,
>(options: CrossRegularizeOptions<P, R, B>): CrossRegularize<P, R, B> {
  checkOptions('crossRegularize', options, {
    ...{ trainLoss: 1, regularizationLoss: 1, optimizer: 1, rhoOptimizer: 1, retract: 1 },
    ...{ bijector: 1, min: 1, every: 1, samples: 1, warmUp: 1 },
  });
  const { trainLoss, regularizationLoss, optimizer, bijector = exp, min } = options;
  const { retract = (params: P, _: R) => params } = options;
  const { every, samples, warmUp } = options;
  const given = Object.entries({ every, samples, warmUp }).filter(([, value]) => value !== undefined);
  const schedule = createSchedule(Object.fromEntries(given));
  const rhoOptimizer = options.rhoOptimizer ?? noiseOptimizer({ every: schedule.every });
  for (const [name, value] of Object.entries({ trainLoss, regularizationLoss, retract })) {
    if (typeof value !== 'function') {
      throw new ArgumentError(
        name,
        `must be a function of arrays, but is ${show(value)}. Write (params, rho, batch) => loss.`,
      );
    }
  }
  for (const [name, value] of Object.entries({ optimizer, rhoOptimizer })) {
    if (typeof value?.init !== 'function' || typeof value?.update !== 'function') {
      throw new ArgumentError(
        name,
        `must be an optimizer of this package, with functions init and update, but is ${show(value)}. Use adam({ learningRate: 1e-3 }), for example.`,
      );
    }
  }
  if (min !== undefined) checkAbove('min', min, bijector.range[0], 'It has the unit of ρ: 0.03 for noise.');
  const leastRaw = min === undefined ? undefined : bijector.inverse(min, 'min');

  const rhoOf = (raw: R): R => mapTrees((x) => lift((fw, one) => bijector.forward(fw, one), x), raw);

  const trainingStep = compiled(
    (
      params: P,
      optimizerState: ArrayTree,
      skipped: JaxArray,
      raw: R,
      batch: B,
      key: JaxArray,
      step: JaxArray,
    ) => {
      const rho = rhoOf(raw);
      const own = keyOfStep(key, streams.training, step);
      const [loss, gradients] = valueAndGrad((p: P) => trainLoss(p, tree.ref(rho), batch, own))(
        tree.ref(params) as any,
      ) as [JaxArray, P];
      const before = { loss: loss.ref, gradients, params, state: optimizerState };
      const { taken, ...next } = stepIfFinite(
        optimizer,
        before,
        options.retract && ((moved) => retract(moved, rho)),
      );
      return {
        loss,
        params: next.params,
        optimizerState: next.state,
        skipped: skipped.add(np.where(taken, 0, 1).astype(np.int32)),
      };
    },
  );

  const regularizationStep = compiled(
    (params: P, optimizerState: ArrayTree, raw: R, batch: B, key: JaxArray, step: JaxArray) => {
      const own = keyOfStep(key, streams.regularization, step);
      const lossOf = (r: R) => {
        const rho = rhoOf(r);
        const retracted = retract(tree.ref(params), tree.ref(rho));
        return regularizationLoss(retracted, rho, batch, own, schedule.samples);
      };
      const [loss, gradients] = valueAndGrad(lossOf)(tree.ref(raw) as any) as [JaxArray, R];
      const before = { loss: loss.ref, gradients: tree.ref(gradients), params: raw, state: optimizerState };
      const { taken, ...next } = stepIfFinite(
        rhoOptimizer,
        before,
        (moved) => (leastRaw === undefined ? moved : mapTrees((x) => np.maximum(x, leastRaw), moved)),
        rhoOf,
      );
      const raws = next.params;
      const values = rhoOf(tree.ref(raws));
      const row = [
        loss.astype(np.float32),
        taken.astype(np.float32),
        ...leavesOf(tree.ref(values)).flatMap((value, i) => [np.mean(value), np.sum(leavesOf(gradients)[i])]),
      ];
      return {
        params: retract(params, values),
        rhoOptimizerState: next.state,
        rawRho: raws,
        row: np.stack(row),
      };
    },
  );

  const names = (raw: R) => namedLeaves<JaxArray>(raw).map(({ name }) => name);
  return {
    init(params, rho) {
      const raw = tree.unflatten<JaxArray>(
        tree.structure<JaxArray>(rho as R),
        namedLeaves<JaxArray | number>(rho as R).map(({ name, leaf }) => rawOf(bijector, leaf, name)),
      ) as R;
      const retracted = retract(params, rhoOf(tree.ref(raw)));
      return {
        step: 0,
        params: retracted,
        rawRho: raw,
        optimizerState: optimizer.init(tree.ref(retracted)),
        rhoOptimizerState: rhoOptimizer.init(tree.ref(raw)),
        skipped: np.zeros([], { dtype: np.int32 }),
        history: [],
      };
    },
    step(state, batch, nextRegularizationBatch, key) {
      // Data may be missing. It is asked for before anything is consumed, so that the run can continue with the same state.
      const due = isRegularizationStep(schedule, state.step);
      const regularizationBatch = due ? nextRegularizationBatch() : batch;
      if (regularizationBatch === undefined) {
        throw new ArgumentError(
          'nextRegularizationBatch',
          `returned undefined at step ${state.step}, where a ρ step is due. Start the data again when it ends.`,
        );
      }
      // A buffer, not a constant, so that another value needs no new compilation.
      const step = np.array(Uint32Array.of(state.step));
      const { loss, ...trained } = trainingStep(
        state.params,
        state.optimizerState,
        state.skipped,
        tree.ref(state.rawRho),
        batch,
        key.ref,
        step.ref,
      );
      const next = { ...state, ...trained, step: state.step + 1 };
      if (!due) {
        key.dispose();
        step.dispose();
        return [next, loss];
      }
      const { row, ...moved } = regularizationStep(
        next.params,
        state.rhoOptimizerState,
        state.rawRho,
        regularizationBatch,
        key,
        step,
      );
      const history = [...state.history, { step: next.step, numbers: row }];
      return [{ ...next, ...moved, history }, loss];
    },
    rho: (state) => rhoOf(tree.ref(state.rawRho)),
    history: (state) => recordOf(state.history, names(state.rawRho)),
    convergence: (record) => statusOf(record, [min ?? bijector.range[0], bijector.range[1]]),
    dispose() {
      trainingStep.dispose();
      regularizationStep.dispose();
    },
  };
}

/** `jit`, with the types of the function as it is. */
const compiled = <A extends any[], Out>(f: (...args: A) => Out) =>
  jit(f as any) as unknown as ((...args: A) => Out) & { dispose(): void };

/** The raw value of a start of ρ, which may be a number or an array. */
function rawOf(bijector: Bijector, value: JaxArray | number, name: string): JaxArray {
  if (typeof value === 'number')
    return np.array(Float32Array.of(bijector.inverse(value, `rho.${name}`)), { shape: [] });
  const { shape } = value;
  const raw = Float32Array.from(value.dataSync() as Float32Array, (x) => bijector.inverse(x, `rho.${name}`));
  return np.array(raw, { shape });
}
