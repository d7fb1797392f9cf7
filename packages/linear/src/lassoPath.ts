import { GrowingCholesky } from './growingCholesky';
import type { MeanSquares } from './meanSquares';

/** A point of the path where the active set changes, or an end of it. */
export interface Knot {
  lambda: number;
  /** ‖w‖₁. */
  rho: number;
  /** The columns whose coefficients change between here and the next knot, their coefficients here, and their signs. */
  active: readonly number[];
  values: Float64Array;
  signs: readonly number[];
  /** How `values` move as ρ grows. */
  direction: Float64Array;
}

/**
 * The LASSO for every ρ = ‖w‖₁ at once, from w = 0 to no penalty. Coefficients are piecewise linear in ρ, so the knots
 * determine everything. Homotopy in the form of LARS with the LASSO modification (Osborne et al. 2000; Efron et al. 2004), on
 * normal equations:
 *
 *     min ½ wᵀGw − cᵀw + λ‖w‖₁,   λ = max |c − Gw| on the path
 *
 * Columns that depend on active ones are skipped, which leaves one of several equal solutions. A column that leaves becomes an
 * exact zero.
 */
export class LassoPath {
  readonly knots: readonly Knot[];

  constructor(readonly loss: MeanSquares) {
    this.knots = trace(loss);
  }

  /** The largest ρ, reached without a penalty. */
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
  /** 1 for columns that are active, or that depend on active ones until one of these leaves. */
  const settled = new Uint8Array(size);
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
    settled[j] = 1;
    if (!added) return;
    active.push(j);
    signs.push(Math.sign(residual[j]));
    values.push(0);
  };
  /** Σ_k x_k G_k over the active columns: how fast residual correlations fall along x. */
  const image = (x: ArrayLike<number>) => {
    const out = new Float64Array(size);
    let k = 0;
    // Four rows at a time, so that `out` is read and written a quarter as often.
    for (; k + 3 < active.length; k += 4) {
      const g0 = row(active[k]);
      const g1 = row(active[k + 1]);
      const g2 = row(active[k + 2]);
      const g3 = row(active[k + 3]);
      const x0 = x[k];
      const x1 = x[k + 1];
      const x2 = x[k + 2];
      const x3 = x[k + 3];
      for (let i = 0; i < size; i++) out[i] += x0 * g0[i] + x1 * g1[i] + x2 * g2[i] + x3 * g3[i];
    }
    for (; k < active.length; k++) {
      const g = row(active[k]);
      const factor = x[k];
      for (let i = 0; i < size; i++) out[i] += factor * g[i];
    }
    return out;
  };

  if (!(lambda > 0)) {
    note(new Float64Array(0));
    return knots;
  }
  enter(residual.findIndex((c) => Math.abs(c) === lambda));
  let left: number | undefined;
  // Degenerate data can cycle through equal solutions; real paths have a few knots per column.
  for (let step = 0; step < 50 * size + 100; step++) {
    const direction = factor.solve(signs);
    const fall = image(direction);
    // How far λ can fall before a column joins the most correlated or a coefficient reaches zero.
    let stride = lambda;
    let event = -1;
    for (let j = 0; j < size; j++) {
      if (settled[j]) continue;
      const c = residual[j];
      const f = fall[j];
      // By a positive coefficient or a negative one. The column that has just left has the same correlation as the active ones;
      // rounding must not bring it back.
      const up = 1 - f > 1e-12 && !(j === left && c > 0) ? Math.max(0, lambda - c) / (1 - f) : stride;
      const down = 1 + f > 1e-12 && !(j === left && c < 0) ? Math.max(0, lambda + c) / (1 + f) : stride;
      const reach = Math.min(up, down);
      if (reach < stride) {
        stride = reach;
        event = j;
      }
    }
    let leaving = -1;
    for (let k = 0; k < active.length; k++) {
      // A coefficient that would cross zero stops there.
      if (signs[k] * direction[k] >= 0) continue;
      const reach = -values[k] / direction[k];
      if (reach <= stride) {
        stride = reach;
        leaving = k;
      }
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
      settled.fill(0);
      for (const j of active) settled[j] = 1;
    } else if (event >= 0) enter(event);
    if (lambda <= smallest || active.length === 0) break;
    // Recompute the correlations from time to time, so that rounding errors do not add up.
    if (step % 16 === 15) {
      const explained = image(values);
      for (let j = 0; j < size; j++) residual[j] = correlation[j] - explained[j];
    }
  }
  lambda = Math.min(lambda, knots[knots.length - 1].lambda);
  note(new Float64Array(active.length));
  return knots;
}
