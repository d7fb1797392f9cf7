import { checkAbove, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { ifWasFinite, orNonFinite } from './finite';
import type { Framework, Optimizer } from './framework';

/** A number, or a function of the zero-based step that gives it. */
export type LearningRate = number | ((step: number) => number);

/**
 * The rate of a step. One that is no rate is refused: with NaN, from a schedule that ends too early for example, every further
 * step would be refused as not finite, and nothing would say why training stands still.
 *
 * @throws ArgumentError for anything but a finite number of at least 0 from a function.
 */
export function rateOf(rate: LearningRate, step: number, argument = 'learningRate'): number {
  if (typeof rate !== 'function') return rate;
  return checkAbove(argument, rate(step), 0, `The function gave this for step ${step}.`, true);
}

/** Makes an optimizer for given variables on any framework. */
export interface OptimizerFactory {
  <T>(framework: Framework<T>, variables: readonly T[]): Optimizer<T>;
  /** The options it was made with. A checkpoint compares them, or the function's text where they are missing. */
  readonly settings?: object;
}

/** Refuses anything but an optimizer's factory, such as one of TensorFlow.js's optimizers or a name. */
export function checkOptimizer(argument: string, value: unknown): void {
  const allowed = 'what adam() or sgd() of @crossreg/core makes';
  if (typeof value !== 'function') refuse(argument, value, allowed, 'Write adam({ learningRate: 0.05 }).');
}

/** Refuses anything but a share in [0, 1), such as a momentum or a β of Adam. */
function checkShare(argument: string, value: number, usual: number): void {
  if (!(value >= 0 && value < 1)) refuse(argument, value, 'a number in [0, 1)', `Use ${usual}.`);
}

/** How one variable and its slots change; everything else about optimizers is shared. */
type Rule = <T>(
  framework: Framework<T>,
  at: { variable: T; gradient: T; slots: readonly T[]; rate: number; iteration: number },
) => { variable: T; slots: T[] };

function optimizer(learningRate: LearningRate, slotsPerVariable: number, rule: Rule): OptimizerFactory {
  if (typeof learningRate !== 'function') {
    checkAbove('learningRate', learningRate, 0, 'Try 0.05 for raw regularization parameters.');
  }
  return (framework, variables) => {
    const slots = variables.map((variable) => {
      const shape = framework.shape(variable);
      const zeros = framework.array(new Float64Array(shape.reduce((size, n) => size * n, 1)), shape);
      const own = Array.from({ length: slotsPerVariable }, () => framework.variable(zeros));
      framework.dispose(zeros);
      return own;
    });
    return {
      iterations: 0,
      slots: slots.flat(),
      step(gradients, enabled) {
        const rate = rateOf(learningRate, this.iterations);
        const iteration = this.iterations++;
        framework.tidy(() => {
          // All new values exist before the first is assigned: a rule may read what another line writes.
          const next = variables.map((variable, i) =>
            rule(framework, { variable, gradient: gradients[i], slots: slots[i], rate, iteration }),
          );
          const finite = framework.allFinite([
            ...next.map((one, i) => ifWasFinite(framework, variables[i], one.variable)),
            ...next.flatMap((one) => one.slots),
          ]);
          const sound = enabled ? framework.mul(finite, enabled) : finite;
          const assign = (target: (typeof variables)[number], value: typeof target) =>
            framework.assign(target, framework.where(sound, value, target));
          next.forEach((one, i) => {
            assign(variables[i], orNonFinite(framework, variables[i], one.variable));
            one.slots.forEach((value, j) => {
              assign(slots[i][j], value);
            });
          });
        });
      },
      dispose: () => framework.dispose(slots.flat()),
    };
  };
}

/** Gradient descent, x ← x − η g. With `momentum` μ: v ← μ v + g, x ← x − η v (heavy ball). */
export function sgd(options: { learningRate: LearningRate; momentum?: number }): OptimizerFactory {
  checkOptions('sgd', options, { learningRate: 1, momentum: 1 });
  const { learningRate, momentum = 0 } = options;
  checkShare('momentum', momentum, 0.9);
  const factory = optimizer(
    learningRate,
    momentum > 0 ? 1 : 0,
    (fw, { variable, gradient, slots: [velocity], rate }) => {
      const direction = velocity ? fw.add(fw.mul(velocity, fw.array(momentum)), gradient) : gradient;
      return {
        variable: fw.sub(variable, fw.mul(direction, fw.array(rate))),
        slots: velocity ? [direction] : [],
      };
    },
  );
  return Object.assign(factory, { settings: { name: 'sgd', learningRate, momentum } });
}

interface Moments<T> {
  mean: T;
  square: T;
}

/** Adam's moments of the gradient after a step (Kingma & Ba 2015), as a function of arrays. */
export function adamMoments<T>(
  fw: Framework<T>,
  gradient: T,
  { mean, square }: Moments<T>,
  { beta1, beta2 }: { beta1: number; beta2: number },
): Moments<T> {
  const mix = (old: T, now: T, beta: number) =>
    fw.add(fw.mul(old, fw.array(beta)), fw.mul(now, fw.array(1 - beta)));
  return { mean: mix(mean, gradient, beta1), square: mix(square, fw.mul(gradient, gradient), beta2) };
}

/**
 * The direction of Adam for these moments, before the learning rate. The step count enters through the bias corrections,
 * so that compiled steps, where it is an array, use the same rule.
 *
 * @param corrections - at the t-th step 1 / (1 − β₁ᵗ), which multiplies the mean, and 1 − β₂ᵗ, by which the square is divided.
 */
export function adamDirection<T>(
  fw: Framework<T>,
  { mean, square }: Moments<T>,
  corrections: Moments<T>,
  { epsilon, increaseGain }: { epsilon: number; increaseGain: T | undefined },
): T {
  const rootMeanSquare = fw.sqrt(fw.div(square, corrections.square));
  const direction = fw.div(fw.mul(mean, corrections.mean), fw.add(rootMeanSquare, fw.array(epsilon)));
  if (increaseGain === undefined) return direction;
  const weight = fw.where(
    fw.maximum(direction, fw.array(0)),
    fw.array(1),
    fw.mul(fw.abs(direction), increaseGain),
  );
  return fw.mul(direction, weight);
}

/**
 * Adam (Kingma & Ba 2015), with bias correction. The default for ρ: steps of about `learningRate` in the raw
 * parameter whatever the scale of the loss.
 */
export function adam(options: {
  learningRate: LearningRate;
  beta1?: number;
  beta2?: number;
  /**
   * Makes steps that raise the variable `increaseGain · |m̂/√v̂|` times as long: longer where the gradients agree, shorter where they are
   * mostly noise, so that noise alone does not raise it. A number, or a function of the zero-based step. Default: steps of either sign
   * alike.
   */
  increaseGain?: LearningRate;
  epsilon?: number;
}): OptimizerFactory {
  checkOptions('adam', options, { learningRate: 1, beta1: 1, beta2: 1, increaseGain: 1, epsilon: 1 });
  const { learningRate, beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8, increaseGain } = options;
  checkShare('beta1', beta1, 0.9);
  checkShare('beta2', beta2, 0.999);
  checkAbove('epsilon', epsilon, 0, 'Use 1e-8.');
  if (typeof increaseGain === 'number')
    checkAbove('increaseGain', increaseGain, 0, 'Use 2, or leave it out.');
  const factory = optimizer(
    learningRate,
    2,
    (fw, { variable, gradient, slots: [mean, square], rate, iteration }) => {
      const t = iteration + 1;
      const corrections = { mean: fw.array(1 / (1 - beta1 ** t)), square: fw.array(1 - beta2 ** t) };
      const next = adamMoments(fw, gradient, { mean, square }, { beta1, beta2 });
      const gain = increaseGain && rateOf(increaseGain, iteration, 'increaseGain');
      const constants = { epsilon, increaseGain: gain === undefined ? undefined : fw.array(gain) };
      const step = fw.mul(adamDirection(fw, next, corrections, constants), fw.array(rate));
      return { variable: fw.sub(variable, step), slots: [next.mean, next.square] };
    },
  );
  return Object.assign(factory, {
    settings: { name: 'adam', learningRate, beta1, beta2, epsilon, increaseGain },
  });
}
