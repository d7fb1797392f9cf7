import type { Framework } from './framework';

/**
 * The negative log-likelihood of a prediction averaged over *infinitely* many draws, estimated from G groups of draws.
 *
 * The loss ℓ of an average of few draws is too high: E[−log p̄_G] ≈ −log p̄ + Var(p) / (2 G p̄²). It punishes noise for a variance that more
 * draws would average away. The losses ℓ_g of the single groups tell how large that bias is, because p_g / p̄ = exp(ℓ − ℓ_g):
 *
 *     ℓ − Σ_g (1 − exp(ℓ − ℓ_g))² / (2 G (G − 1))
 *
 * What is subtracted is at most ½, however large the noise. Source: docs/method.md, *Bias of the averaged loss*.
 *
 * @param groups - G lists of draws. Draws that depend on each other, such as a pair ±ε, belong to one group. The loss of a single
 * group is returned as it is.
 * @param loss - of the average of the draws it gets, such as a cross-entropy: one number for each example, in any shape.
 * @returns losses in the shape of `loss`, differentiable.
 * @example
 * const each = debiasedLoss(float64, [[0.2], [0.6]], (draws) =>
 *   float64.array(-Math.log(draws.reduce((sum, p) => sum + p, 0) / draws.length)));
 * console.log(each.data[0].toFixed(3)); // 0.791 = −log 0.4 − 0.5²/2
 */
export function debiasedLoss<T, Draw>(
  framework: Framework<T>,
  groups: readonly (readonly Draw[])[],
  loss: (draws: readonly Draw[]) => T,
): T {
  const count = groups.length;
  const all = loss(groups.flat());
  if (count < 2) return all;
  const squares = groups.map((group) => {
    const ratio = framework.exp(framework.sub(all, loss(group)));
    const deviation = framework.sub(ratio, framework.array(1));
    return framework.mul(deviation, deviation);
  });
  const sum = squares.reduce((total, one) => framework.add(total, one));
  return framework.sub(all, framework.div(sum, framework.array(2 * count * (count - 1))));
}
