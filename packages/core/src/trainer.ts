import { ArgumentError, checkList, checkSeed, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { checkDisjoint } from './checkDisjoint';
import type { Framework } from './framework';
import type { RegularizationHistory } from './history';
import { adam, checkOptimizer, type OptimizerFactory } from './optimizer';
import { deriveSeed, seedStreams } from './random';
import type { RegularizationParameter } from './regularizationParameter';
import { type RegularizationState, RegularizationStep } from './regularizationStep';
import { createSchedule, isRegularizationStep, type Schedule } from './schedule';
import {
  checkArrays,
  loadArrays,
  loadOptimizer,
  type OptimizerState,
  type SavedArray,
  saveArrays,
  saveOptimizer,
} from './state';

/** What a loss function is told about the step it is evaluated in. */
export interface StepContext {
  /** Zero-based number of the training step. */
  step: number;
  /** K: how many noise samples to average. Always 1 for the training loss. */
  samples: number;
  /** Differs from step to step and between θ and ρ steps: seed the noise with it. */
  seed: number;
}

export interface TrainerOptions<T, B> {
  framework: Framework<T>;
  /** Feature parameters: variables. */
  theta: readonly T[];
  /** Regularization parameters, see `regularizationParameter` and `normLevel`. */
  rho: readonly RegularizationParameter<T>[];
  /** Scalar loss of a training batch, one noise sample per example. */
  trainLoss(batch: B, context: StepContext): T;
  /** Scalar loss of a regularization batch, computed on the average of `context.samples` predictions. */
  regularizationLoss(batch: B, context: StepContext): T;
  schedule?: Partial<Schedule>;
  /**
   * Default: `adam({ learningRate: 1e-3 })`. Where the framework has an optimizer for the same steps, it takes them
   * (`fusedOptimizer` of {@link Framework}): on TensorFlow.js `tf.train.adam` does those of `adam`. For others of
   * `tf.train` there is `trainOptimizer` of `@crossreg/tfjs`.
   */
  thetaOptimizer?: OptimizerFactory;
  /**
   * For each ρ that does not bring an optimizer. Default: `noiseOptimizer(schedule)`, which needs no tuning in runs of any length,
   * for scales, the parameters with the bijector `exp` or `softplus`; for everything else `rhoOptimizer()`, Adam at 0.02 in the raw
   * parameter.
   */
  rhoOptimizer?: OptimizerFactory;
  /** Default 0. */
  seed?: number;
}

/** The state of a run, from which {@link Trainer.loadState} continues. */
export interface TrainerState {
  /** Training steps taken. */
  step: number;
  theta: SavedArray[];
  thetaOptimizer: OptimizerState;
  regularization: RegularizationState;
}

/** The alternation of method.md §1 for your own training loop, see {@link createTrainer}. */
export interface Trainer<T, B> {
  /**
   * One training step, and the ρ step that follows it when one is due.
   *
   * @param regularizationBatch - called only when a ρ step is due.
   * @returns the training loss before the step, a scalar; dispose of it.
   */
  step(trainBatch: B, regularizationBatch: () => B): T;
  readonly history: RegularizationHistory<T>;
  /** A copy of θ, ρ, the state of both optimizers, the step count and the history, off the device. */
  state(): Promise<TrainerState>;
  /**
   * Continues from a saved state, bit for bit: the seeds of further steps follow from their count. The caller provides the
   * batches that come next.
   *
   * @throws ArgumentError for the state of another run; nothing has changed then.
   */
  loadState(state: TrainerState): void;
  /** Frees optimizer states. θ and ρ stay the caller's. */
  dispose(): void;
}

/**
 * Trains θ on training batches and ρ on regularization batches, alternating by the schedule:
 *
 *     θ ← θ − η_θ ∇_θ L_train(θ, ρ)            every step, then back to the level sets of the norms
 *     ρ ← ρ − η_ρ ∇_ρ L_val(θ, ρ)              every `every` steps, with θ already updated
 *
 * Source: Stein Brito 2025, Algorithm 1; method.md §1.
 *
 * @throws ArgumentError before anything is allocated for bad arguments.
 * @example
 * ```ts
 * const w = float64.variable(float64.array([0.5], [1]));
 * const sigma = float64.variable(float64.array(-1));
 * const noise = regularizationParameter(float64, { name: 'sigma', variable: sigma, bijector: exp });
 * const loss = (target) => {
 *   const error = float64.sub(float64.sum(w), float64.array(target));
 *   return float64.add(float64.mul(error, error), noise.value());
 * };
 * const trainer = createTrainer({
 *   framework: float64,
 *   theta: [w],
 *   rho: [noise],
 *   trainLoss: loss,
 *   regularizationLoss: loss,
 * });
 * for (let i = 0; i < 100; i++) trainer.step(1, () => 1.1);
 * await trainer.history.flush();
 * trainer.history.status(); // { sigma: { status, rate, gradient } }
 * ```
 */
export function createTrainer<T, B>(options: TrainerOptions<T, B>): Trainer<T, B> {
  checkOptions('createTrainer', options, {
    ...{ framework: 1, theta: 1, rho: 1, trainLoss: 1, regularizationLoss: 1 },
    ...{ schedule: 1, thetaOptimizer: 1, rhoOptimizer: 1, seed: 1 },
  });
  const { framework, theta, rho, trainLoss, regularizationLoss, seed = 0 } = options;
  const { thetaOptimizer = adam({ learningRate: 1e-3 }), rhoOptimizer } = options;
  for (const [name, value] of Object.entries({ trainLoss, regularizationLoss })) {
    if (typeof value !== 'function') {
      refuse(name, value, 'a function that returns a scalar loss', 'Write (batch, context) => loss.');
    }
  }
  if (typeof framework?.valueAndGradients !== 'function') {
    const advice = 'Use tfjs of @crossreg/tfjs, or float64 of @crossreg/core.';
    refuse('framework', framework, 'a Framework', advice);
  }
  checkList('theta', theta, 'variables');
  checkList('rho', rho, 'results of regularizationParameter(…) and normLevel(…)');
  checkSeed('seed', seed);
  for (const [name, value] of Object.entries({ thetaOptimizer, rhoOptimizer })) {
    if (value !== undefined) checkOptimizer(name, value);
  }
  const schedule = createSchedule(options.schedule);
  checkDisjoint({ theta, rho: rho.map(({ variable }) => variable) });
  const regularization = new RegularizationStep({ framework, rho, schedule, optimizer: rhoOptimizer });
  const optimizer =
    framework.fusedOptimizer?.(thetaOptimizer.settings, theta) ?? thetaOptimizer(framework, theta);
  let count = 0;

  return {
    history: regularization.history,
    step(trainBatch, regularizationBatch) {
      const step = count++;
      const loss = framework.tidy(() => {
        const context = { step, samples: 1, seed: deriveSeed(seed, seedStreams.trainingLoss, step) };
        const { value, gradients } = framework.valueAndGradients(() => trainLoss(trainBatch, context), theta);
        // Not of the gradients, which may be many numbers: what they make of θ or its moments is not finite either, and an
        // optimizer refuses that.
        const finite = framework.allFinite([value]);
        optimizer.step(tangential(gradients, theta, rho), finite);
        return value;
      });
      for (const one of rho) one.afterThetaStep();
      if (isRegularizationStep(schedule, step)) {
        const { samples } = schedule;
        const context = { step, samples, seed: deriveSeed(seed, seedStreams.regularizationLoss, step) };
        const batch = regularizationBatch();
        regularization.run(() => regularizationLoss(batch, context), step + 1);
      }
      return loss;
    },
    async state() {
      const [saved, thetaOptimizer, regularizationState] = await Promise.all([
        saveArrays(framework, theta),
        saveOptimizer(framework, optimizer),
        regularization.state(),
      ]);
      return { step: count, theta: saved, thetaOptimizer, regularization: regularizationState };
    },
    loadState(state) {
      const saved = [state.theta, state.thetaOptimizer.slots];
      checkArrays('θ and the slots of its optimizer', framework, saved, [theta, optimizer.slots]);
      regularization.loadState(state.regularization);
      loadArrays(framework, theta, state.theta);
      loadOptimizer(framework, optimizer, state.thetaOptimizer);
      count = state.step;
    },
    dispose() {
      optimizer.dispose();
      regularization.dispose();
    },
  };
}

/** θ's gradients, with those of weights under a literal norm level cut down to their tangents. */
function tangential<T>(
  gradients: readonly T[],
  theta: readonly T[],
  rho: readonly RegularizationParameter<T>[],
): readonly T[] {
  const tangents = new Map(theta.map((w, i) => [w, gradients[i]]));
  for (const { wrt, tangent } of rho) {
    if (!tangent) continue;
    if (wrt.some((w) => !tangents.has(w))) {
      throw new ArgumentError('theta', 'lacks weights of a norm level. Add all of them to theta.');
    }
    tangent(wrt.map((w) => tangents.get(w)!)).forEach((g, i) => {
      tangents.set(wrt[i], g);
    });
  }
  return theta.map((w) => tangents.get(w)!);
}
