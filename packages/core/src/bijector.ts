import { ArgumentError, refuse } from '../../../common/argumentError';
import { show } from '../../../common/show';
import type { Framework } from './framework';

/**
 * A smooth one-to-one map from an unconstrained *raw* number, which an optimizer may move anywhere, to the range
 * a regularization parameter lives in.
 */
export interface Bijector {
  readonly name: string;
  /** The open range of `forward`. */
  readonly range: readonly [lower: number, upper: number];
  /** raw → value, elementwise, on the device and differentiable. */
  forward<T>(framework: Framework<T>, raw: T): T;
  /** value → raw, for one number on the host. `argument` names the number in the error for one out of range. */
  inverse(value: number, argument?: string): number;
}

function checkRange(value: number, [lower, upper]: Bijector['range'], argument = 'value'): number {
  if (!(value > lower && value < upper)) {
    const advice = 'A value at the bound itself has no raw parameter; start close to it instead.';
    refuse(argument, value, `strictly between ${lower} and ${upper}`, advice);
  }
  return value;
}

/** value = eʳᵃʷ > 0. A step in raw is a relative step in the value: for scales of unknown magnitude. */
export const exp: Bijector = {
  name: 'exp',
  range: [0, Number.POSITIVE_INFINITY],
  forward: (framework, raw) => framework.exp(raw),
  inverse: (value, argument) => Math.log(checkRange(value, exp.range, argument)),
};

/** value = log(1 + eʳᵃʷ) > 0. Like `exp` near zero, like the identity when large. */
export const softplus: Bijector = {
  name: 'softplus',
  range: [0, Number.POSITIVE_INFINITY],
  forward: (framework, raw) => framework.softplus(raw),
  inverse(value, argument) {
    checkRange(value, softplus.range, argument);
    return value + Math.log(-Math.expm1(-value));
  },
};

/** value = lower + (upper − lower) · sigmoid(raw), for a range bounded on both sides. */
export function bounded(lower: number, upper: number): Bijector {
  if (!(Number.isFinite(lower) && Number.isFinite(upper) && lower < upper)) {
    throw new ArgumentError(
      'bounded',
      `needs two finite numbers, lower < upper, but got ${show(lower)} and ${show(upper)}. Write bounded(0, 1).`,
    );
  }
  const range = [lower, upper] as const;
  return {
    name: 'bounded',
    range,
    forward(framework, raw) {
      // sigmoid(raw) = exp(−softplus(−raw)), which neither overflows nor loses the small end.
      const negated = framework.mul(raw, framework.array(-1));
      const sigmoid = framework.exp(framework.mul(framework.softplus(negated), framework.array(-1)));
      return framework.add(framework.mul(sigmoid, framework.array(upper - lower)), framework.array(lower));
    },
    inverse(value, argument) {
      checkRange(value, range, argument);
      return Math.log((value - lower) / (upper - value));
    },
  };
}

/** Refuses anything but a bijector, such as its name. */
export function checkBijector(argument: string, value: unknown): void {
  const given = value as Partial<Bijector> | null | undefined;
  if (typeof given?.forward === 'function' && typeof given.inverse === 'function') return;
  const allowed = 'a bijector, exp, softplus or bounded(lower, upper)';
  refuse(argument, value, allowed, 'Leave it out for the default.');
}

/** The bijectors that a saved model or an option can name. */
export const bijectors = { exp, softplus } as const;
export type BijectorName = keyof typeof bijectors;
