import type { Framework } from './framework';

/**
 * The loss of an average over *infinitely* many draws, estimated from G groups of them: Quenouille's jackknife,
 *
 *     G · L(all) − (G − 1) / G · Σ_g L(all but group g)
 *
 * The loss of an average of K sampled predictions is biased: for probabilities E[−log p̄_K] ≈ −log p̄ + Var(p) / (2 K p̄²), so
 * with few samples it punishes noise for a variance that more samples would remove. That bias is c/G + O(1/G²), and the
 * combination above cancels c (docs/method.md, *Bias of the averaged loss*). Draws that come in pairs ±ε are one group, because
 * they depend on each other.
 *
 * The correction adds variance. If G is far too small for the noise, it can overshoot.
 *
 * @param groups - G lists of draws. One group has nothing to leave out: its plain loss is returned.
 * @param loss - of the average of the draws it is given, a scalar.
 */
export function jackknife<T, Draw>(
  framework: Framework<T>,
  groups: readonly (readonly Draw[])[],
  loss: (draws: readonly Draw[]) => T,
): T {
  const count = groups.length;
  const all = loss(groups.flat());
  if (count < 2) return all;
  const without = groups
    .map((_, left) => loss(groups.filter((_, g) => g !== left).flat()))
    .reduce((sum, one) => framework.add(sum, one));
  return framework.sub(
    framework.mul(all, framework.array(count)),
    framework.mul(without, framework.array((count - 1) / count)),
  );
}
