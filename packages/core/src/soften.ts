import type { Framework } from './framework';
import { type Extent, reciprocal, total } from './projection';

/**
 * Newton steps for the threshold. From 0 they rise monotonically to the root of a convex piecewise linear function
 * and end there exactly: after at most 12 for a million normal numbers cut to a ten-thousandth of their sum, after 2 or 3
 * where a training step is undone.
 */
const newtonSteps = 12;

/**
 * Magnitudes m ≥ 0 brought to the sum `level`, each by the same amount, which is the Euclidean projection:
 *
 * - Σm > level: max(m − τ, 0), the projection on the simplex (Duchi et al. 2008). Small ones become exact zeros.
 * - Σm < level: m + τ where m > 0. What is zero stays zero, as the normal sign(w) is zero there.
 *
 * τ is found by Newton's method (Michelot 1986) instead of sorting, so that nothing leaves the device. All zero stays
 * all zero.
 */
export function soften<T>(fw: Framework<T>, magnitudes: readonly T[], level: T, extent?: Extent): T[] {
  const zero = fw.array(0);
  const support = magnitudes.map((m) => fw.sign(m));
  const cut = (threshold: T) =>
    magnitudes.map((m, i) => fw.mul(support[i], fw.maximum(fw.sub(m, threshold), zero)));
  let threshold: T | undefined;
  let kept: readonly T[] = magnitudes;
  for (let step = 0; step < newtonSteps; step++) {
    const count = total(
      fw,
      kept.map((m) => fw.sign(m)),
      extent,
    );
    const excess = fw.mul(fw.sub(total(fw, kept, extent), level), reciprocal(fw, count));
    threshold = threshold ? fw.add(threshold, excess) : excess;
    kept = cut(threshold);
  }
  // Takes up rounding, and what is left where the steps did not suffice: the sum is the level in any case.
  const scale = fw.mul(level, reciprocal(fw, total(fw, kept, extent)));
  return kept.map((m) => fw.mul(m, scale));
}
