import type { Framework } from './framework';

/**
 * The negative log-likelihood of a prediction averaged over *infinitely* many draws, estimated from G groups of draws.
 *
 * The loss ℓ of an average of few draws is too high: E[−log p̄_G] ≈ −log p̄ + Var(p) / (2 G p̄²). It punishes noise for a variance that more
 * draws would average away. The losses ℓ_g of the single groups tell how large that bias is, because p_g / p̄ = exp(ℓ − ℓ_g):
 *
 *     c = Σ_g (1 − exp(ℓ − ℓ_g))² / (2 G (G − 1)),    the result: ℓ − c (1 − 2c)
 *
 * The expansion holds for small c. Where the groups contradict each other, c tends to its bound ½ and nothing is subtracted: there
 * the correction would reward noise that has taken over a network. Source: docs/method.md, *Bias of the averaged loss*.
 *
 * @param fw - the framework of the arrays.
 * @param groups - G lists of draws. Draws that depend on each other, such as a pair ±ε, belong to one group. The loss of a single
 * group is returned as it is.
 * @param loss - of the average of the draws it gets, such as a cross-entropy: one number for each example, in any shape.
 * @returns losses in the shape of `loss`, differentiable.
 * @example
 * const each = debiasedLoss(float64, [[0.2], [0.6]], (draws) =>
 *   float64.array(-Math.log(draws.reduce((sum, p) => sum + p, 0) / draws.length)));
 * console.log(each.data[0].toFixed(3)); // 0.823 = −log 0.4 − ⅛ (1 − ¼)
 */
export function debiasedLoss<T, Draw>(
  fw: Framework<T>,
  groups: readonly (readonly Draw[])[],
  loss: (draws: readonly Draw[]) => T,
): T {
  const count = groups.length;
  const all = loss(groups.flat());
  if (count < 2) return all;
  const squares = groups.map((group) => {
    const deviation = fw.sub(fw.exp(fw.sub(all, loss(group))), fw.array(1));
    return fw.mul(deviation, deviation);
  });
  const sum = squares.reduce((total, one) => fw.add(total, one));
  const bias = fw.div(sum, fw.array(2 * count * (count - 1)));
  return fw.sub(all, fw.mul(bias, fw.sub(fw.array(1), fw.mul(fw.array(2), bias))));
}
