import { checkInteger } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { total } from './projection';
import { nearZero, type Regularizer } from './regularizer';
import { softThreshold } from './softThreshold';

/**
 * The L1 norm R(w) = ‖w‖₁. The normal is sign(w), 0 on zeros; the retraction is the Euclidean projection on the ℓ1
 * ball of radius ρ, which makes exact zeros, and from inside it a step along sign(w), which keeps them. Its
 * cross-regularized solution is the LASSO at the λ that minimizes the validation loss.
 *
 * Zeros come back by θ's optimizer, which may move any weight before the retraction. The lower bound is 1e-8.
 */
export function l1Norm(
  options: {
    /** Newton steps of a projection, see `softThreshold`. Default 5; 12 for the nearest point from afar. */
    steps?: number;
  } = {},
): Regularizer {
  checkOptions('l1Norm', options, { steps: 1 });
  const { steps = 5 } = options;
  checkInteger('steps', steps, 1, 'Use 5.');
  return {
    name: 'l1',
    settings: { steps },
    lowerBound: nearZero,
    scopes: ['group', 'unit'],
    value: (fw, weights, per) =>
      total(
        fw,
        weights.map((w) => fw.abs(w)),
        per,
      ),
    gradient: (fw, weights) => weights.map((w) => fw.sign(w)),
    retract: (fw, weights, level, per) =>
      softThreshold(
        fw,
        weights.map((w) => fw.abs(w)),
        level,
        { per, steps },
      ).map((magnitude, i) => fw.mul(fw.sign(weights[i]), magnitude)),
  };
}
