import { checkInteger, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import type { Framework } from './framework';
import { ifFinite, innerProduct, reciprocal } from './projection';
import type { Regularizer } from './regularizer';

export interface CustomRegularizerOptions {
  /** Default `'custom'`. */
  name?: string;
  /** R(w), a scalar, differentiable where training goes. */
  value<T>(framework: Framework<T>, weights: readonly T[]): T;
  /** ∇R(w), an array for each of the weights. Default: by differentiation of `value`. */
  gradient?<T>(framework: Framework<T>, weights: readonly T[]): T[];
  /** The smallest ρ training may reach, above the minimum of R, where ∇R = 0. Default 1e-8. */
  lowerBound?: number;
  /** Newton steps of a retraction. Default 6. */
  steps?: number;
}

/**
 * A regularizer from any differentiable R. The retraction takes Newton steps along ∇R,
 *
 *     w ← w − (R(w) − ρ)/⟨n, n⟩ · n,   n = ∇R(w),
 *
 * a fixed number, so that nothing waits for the device. A step that does not bring R closer to ρ is taken back and
 * the next one is a quarter as long. Where n = 0 the weights stay.
 */
export function customRegularizer(options: CustomRegularizerOptions): Regularizer {
  checkOptions('customRegularizer', options, { name: 1, value: 1, gradient: 1, lowerBound: 1, steps: 1 });
  const { name = 'custom', value, gradient, lowerBound = 1e-8, steps = 6 } = options;
  if (typeof value !== 'function') {
    refuse(
      'value',
      value,
      'a function (framework, weights) => R',
      'Compute R with the operations of framework.',
    );
  }
  if (!Number.isFinite(lowerBound)) refuse('lowerBound', lowerBound, 'a finite number', 'Use 1e-8.');
  checkInteger('steps', steps, 1, 'Use 6.');
  const normalOf = <T>(fw: Framework<T>, weights: readonly T[]): T[] =>
    gradient
      ? gradient(fw, weights)
      : fw.valueAndGradients(() => fw.reshape(value(fw, weights), []), weights).gradients;
  return {
    name,
    settings: { value, gradient, lowerBound, steps },
    lowerBound,
    scopes: ['group'],
    value: (fw, weights) => fw.reshape(value(fw, weights), []),
    gradient: normalOf,
    retract(fw, weights, level) {
      const gapAt = (at: typeof weights) => fw.sub(fw.reshape(value(fw, at), []), level);
      let [at, gap, length] = [[...weights], gapAt(weights), fw.array(1)];
      for (let step = 0; step < steps; step++) {
        const normal = normalOf(fw, at);
        const scale = fw.mul(fw.mul(gap, length), reciprocal(fw, innerProduct(fw, normal, normal)));
        const next = at.map((w, i) => fw.sub(w, fw.mul(scale, normal[i])));
        const nextGap = gapAt(next);
        const gain = fw.sub(fw.abs(gap), fw.abs(nextGap));
        const better = fw.maximum(fw.sign(gain), fw.array(0));
        at = at.map((w, i) => fw.where(better, next[i], w));
        length = fw.where(better, fw.array(1), fw.mul(length, fw.array(0.25)));
        gap = fw.where(better, nextGap, gap);
      }
      return ifFinite(fw, at, weights);
    },
  };
}
