import type { Framework } from './framework';
import { type NormScope, reciprocal, rescaling, total } from './projection';

/**
 * Magnitudes m ≥ 0 brought to the sum `level`, each by the same amount, which is the Euclidean projection:
 *
 * - Σm > level: max(m − τ, 0), the projection on the simplex (Duchi et al. 2008). Small ones become exact zeros.
 * - Σm < level: m + τ where m > 0. What is zero stays zero, as the normal sign(w) is zero there.
 *
 * τ is found by Newton's method (Michelot 1986) instead of sorting, so that nothing leaves the device: from 0 it rises
 * monotonically to the root of a convex piecewise linear function, in 2 or 3 steps where a training step is undone and
 * in at most 12 where a million normal numbers are cut to a ten-thousandth of their sum. If `steps` are too few,
 * a rescaling makes the sum equal to the level, and the next retraction continues.
 *
 * All zero stays all zero, and magnitudes whose sum is not finite stay as they are.
 */
export function softThreshold<T>(
  fw: Framework<T>,
  magnitudes: readonly T[],
  level: T,
  { per, steps }: { per?: NormScope; steps: number },
): T[] {
  const zero = fw.array(0);
  const half = fw.array(0.5);
  /** max(x, 0), exactly: cheaper than `maximum` against a scalar, which broadcasts, where every weight passes. */
  const positive = (x: T) => fw.mul(fw.add(x, fw.abs(x)), half);
  const above = (threshold: T) => magnitudes.map((m) => positive(fw.sub(m, threshold)));
  /** How far the threshold must move for the sum above it to be the level, if the count stays the same. */
  const move = (kept: readonly T[]) => {
    const count = total(
      fw,
      kept.map((m) => fw.sign(m)),
      per,
    );
    return fw.mul(fw.sub(total(fw, kept, per), level), reciprocal(fw, count));
  };
  const first = move(magnitudes);
  // Outwards the first step is exact. Inwards the others follow; `cut` is 0 where they have no say.
  let cut = fw.maximum(first, zero);
  for (let step = 1; step < steps; step++) {
    cut = fw.maximum(fw.add(cut, move(above(cut))), zero);
  }
  const outwards = fw.maximum(fw.sub(zero, first), zero);
  const inside = fw.sign(outwards);
  const threshold = fw.where(inside, first, cut);
  const sound = fw.where(fw.allFinite([first]), threshold, zero);
  const kept = above(sound).map((x, i) => fw.mul(x, fw.sign(magnitudes[i])));
  const scale = rescaling(fw, level, total(fw, kept, per));
  return kept.map((m) => fw.mul(m, scale));
}
