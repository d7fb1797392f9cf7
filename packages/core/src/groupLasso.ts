import { ArgumentError, checkInteger, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import type { Framework } from './framework';
import { reciprocal, total } from './projection';
import { nearZero, type Regularizer } from './regularizer';
import { softThreshold } from './softThreshold';

/**
 * The group norm R(w) = Σ_g ‖w_g‖₂, whose retraction zeroes whole blocks: projection on the ball {Σ_g ‖w_g‖₂ ≤ ρ}.
 * The normal is w_g/‖w_g‖ on each block, 0 on a block of zeros. Its cross-regularized solution is the group LASSO at
 * the λ that minimizes the validation loss.
 */
export function groupLasso(
  options: {
    /**
     * The blocks: one for each index along this axis, counted from the end where negative. With the default −2 a block is
     * all weights that leave an input, in a dense kernel `[inputs, units]` or a convolution's `[…, inputs, units]`, so
     * that zeroing a block drops the input; with −1 it is all weights of a unit. With `'array'` each array is a block,
     * for groups of unequal size.
     */
    axis?: number | 'array';
    /** Newton steps of a projection, see `softThreshold`. Default 5; 12 for the nearest point from afar. */
    steps?: number;
  } = {},
): Regularizer {
  checkOptions('groupLasso', options, { axis: 1, steps: 1 });
  const { axis = -2, steps = 5 } = options;
  checkInteger('steps', steps, 1, 'Use 5.');
  if (axis !== 'array' && !Number.isInteger(axis)) {
    refuse('axis', axis, "an integer or 'array'", 'Use -2 for one group per input.');
  }
  /** ‖w_g‖ of every block, kept in a shape that broadcasts against the array. */
  const norms = <T>(fw: Framework<T>, weights: readonly T[]): T[] =>
    weights.map((w) => {
      const shape = fw.shape(w);
      const kept = axis === 'array' ? -1 : axis < 0 ? axis + shape.length : axis;
      if (axis !== 'array' && !(kept >= 0 && kept < shape.length)) {
        throw new ArgumentError(
          'axis',
          `is ${axis}, but an array has shape [${shape}]. Choose an axis that every array has, or 'array'.`,
        );
      }
      const others = shape.map((_, i) => i).filter((i) => i !== kept);
      return fw.sqrt(fw.sum(fw.mul(w, w), others, true));
    });
  return {
    name: 'groupLasso',
    settings: { axis, steps },
    lowerBound: nearZero,
    scopes: ['group'],
    value: (fw, weights) => total(fw, norms(fw, weights)),
    gradient: (fw, weights) => {
      const lengths = norms(fw, weights);
      return weights.map((w, i) => fw.mul(w, reciprocal(fw, lengths[i])));
    },
    retract(fw, weights, level) {
      const lengths = norms(fw, weights);
      return softThreshold(fw, lengths, level, { steps }).map((length, i) =>
        fw.mul(weights[i], fw.mul(length, reciprocal(fw, lengths[i]))),
      );
    },
  };
}
