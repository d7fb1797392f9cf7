import { GrowingCholesky } from './growingCholesky';
import type { MeanSquares } from './meanSquares';

/** A point of the path where the active set changes, or an end of it. */
export interface Knot {
  lambda: number;
  /** ‖w‖₁. */
  rho: number;
  /** The columns whose coefficients move from here to the next knot, their coefficients here, and their signs. */
  active: readonly number[];
  values: Float64Array;
  signs: readonly number[];
  /** How `values` move as ρ grows. */
  direction: Float64Array;
}

/**
 * The LASSO for every ρ = ‖w‖₁ at once, from w = 0 to no penalty: coefficients are piecewise linear in ρ, so the knots
 * say it all. Homotopy in the form of LARS with the LASSO modification (Osborne et al. 2000; Efron et al. 2004), on
 * normal equations:
 *
 *     min ½ wᵀGw − cᵀw + λ‖w‖₁,   λ = max |c − Gw| on the path
 *
 * Columns that depend on those active are passed over, which leaves one of several equal solutions; a column that
 * leaves is an exact zero.
 */
export class LassoPath {
  readonly knots: readonly Knot[];

  constructor(readonly loss: MeanSquares) {
    this.knots = trace(loss);
  }

  /** The largest ρ: that of no penalty. */
  get end(): number {
    return this.knots[this.knots.length - 1].rho;
  }

  /** The last knot at or below ρ. */
  knotBefore(rho: number): number {
    let [low, high] = [0, this.knots.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.knots[middle].rho <= rho) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** The coefficients and λ of the minimum on {‖w‖₁ ≤ ρ}. */
  at(rho: number): { weights: Float64Array; lambda: number } {
    const i = this.knotBefore(rho);
    const { active, values, direction, lambda, rho: from } = this.knots[i];
    const next = this.knots[i + 1];
    const by = next ? rho - from : 0;
    const weights = new Float64Array(this.loss.size);
    active.forEach((j, k) => {
      weights[j] = values[k] + by * direction[k];
    });
    return { weights, lambda: next ? lambda + ((next.lambda - lambda) * by) / (next.rho - from) : lambda };
  }
}

function trace({ size, gram, correlation }: MeanSquares): Knot[] {
  const factor = new GrowingCholesky();
  const active: number[] = [];
  const signs: number[] = [];
  let values: number[] = [];
  /** Columns that depend on the active ones; looked at again when one of those leaves. */
  const dependent = new Set<number>();
  const row = (j: number) => gram.subarray(j * size, (j + 1) * size);
  const residual = correlation.slice();
  let lambda = residual.reduce((most, c) => Math.max(most, Math.abs(c)), 0);
  const smallest = 1e-12 * lambda;
  const knots: Knot[] = [];
  const note = (direction: Float64Array) => {
    const rho = values.reduce((sum, v) => sum + Math.abs(v), 0);
    knots.push({
      lambda,
      rho,
      active: [...active],
      values: Float64Array.from(values),
      signs: [...signs],
      direction,
    });
  };
  const enter = (j: number) => {
    const g = row(j);
    const added = factor.append(
      active.map((k) => g[k]),
      g[j],
    );
    if (!added) {
      dependent.add(j);
      return;
    }
    active.push(j);
    signs.push(Math.sign(residual[j]));
    values.push(0);
  };
  /** Σ_k x_k G_k over the active columns: how fast residual correlations fall along x. */
  const image = (x: ArrayLike<number>) => {
    const out = new Float64Array(size);
    active.forEach((j, k) => {
      const g = row(j);
      const factor = x[k];
      for (let i = 0; i < size; i++) out[i] += factor * g[i];
    });
    return out;
  };

  if (!(lambda > 0)) {
    note(new Float64Array(0));
    return knots;
  }
  enter(residual.findIndex((c) => Math.abs(c) === lambda));
  let left: number | undefined;
  // Degenerate data can cycle through equal solutions; real paths have a few knots a column.
  for (let step = 0; step < 50 * size + 100; step++) {
    const direction = factor.solve(signs);
    const fall = image(direction);
    // How far λ can fall before a column joins the most correlated or a coefficient reaches zero.
    let [stride, event] = [lambda, -1];
    const isActive = new Uint8Array(size);
    for (const j of active) isActive[j] = 1;
    for (let j = 0; j < size; j++) {
      if (isActive[j] || dependent.has(j)) continue;
      for (const sign of [1, -1]) {
        const closing = 1 - sign * fall[j];
        // The one that has just left is as correlated as the active ones; it must not return by rounding.
        if (closing <= 1e-12 || (j === left && sign * residual[j] > 0)) continue;
        const reach = Math.max(0, lambda - sign * residual[j]) / closing;
        if (reach < stride) [stride, event] = [reach, j];
      }
    }
    let leaving = -1;
    for (let k = 0; k < active.length; k++) {
      // A coefficient whose way leads across zero stops there.
      if (signs[k] * direction[k] >= 0) continue;
      const reach = -values[k] / direction[k];
      if (reach <= stride) [stride, leaving] = [reach, k];
    }
    const length = signs.reduce((sum, s, k) => sum + s * direction[k], 0);
    note(direction.map((d) => d / length));
    values = values.map((v, k) => v + stride * direction[k]);
    lambda = Math.max(0, lambda - stride);
    for (let j = 0; j < size; j++) residual[j] -= stride * fall[j];
    left = undefined;
    if (leaving >= 0) {
      left = active[leaving];
      factor.remove(leaving);
      active.splice(leaving, 1);
      signs.splice(leaving, 1);
      values.splice(leaving, 1);
      dependent.clear();
    } else if (event >= 0) enter(event);
    if (lambda <= smallest || active.length === 0) break;
    // Correlations anew from time to time, so that rounding does not add up.
    if (step % 16 === 15) {
      const explained = image(values);
      for (let j = 0; j < size; j++) residual[j] = correlation[j] - explained[j];
    }
  }
  lambda = Math.min(lambda, knots[knots.length - 1].lambda);
  note(new Float64Array(active.length));
  return knots;
}
