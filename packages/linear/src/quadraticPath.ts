import { Array64, float64 } from '@crossreg/core';

/** A training optimum on its path, and how it moves with u = log λ. */
export interface PathPoint {
  /** log λ; −∞ where the norm constraint is not active. */
  u: number;
  /** w, `[p, targets]`. */
  weights: Array64;
  /** dw/du. */
  derivative: Array64;
  /** ρ = R(w). */
  rho: number;
  /** dρ/du, negative; 0 where the constraint is not active. */
  rhoDerivative: number;
}

/**
 * The training optima of a quadratic loss under a quadratic penalty, for every λ from one factorization: in a basis T
 * that makes both diagonal,
 *
 *     w(λ) = T a,   a_i = b_i / (β_i + λ σ_i),   q = wᵀSw = Σ σ_i a_i²
 *
 * which is the minimum of the training loss on {R = ρ} at ρ = R(w(λ)), and every ρ up to the unpenalized optimum's is
 * met by one λ.
 */
export class QuadraticPath {
  /** log λ above which nearly all of w is gone, and below which the penalty has no effect. */
  readonly strong: number;
  readonly weak: number;

  constructor(
    private readonly options: {
      /** T, `[p, r]`. */
      basis: Array64;
      /** β ≥ 0: the curvature of the training loss. */
      curvature: Float64Array;
      /** σ ≥ 0: that of the penalty; 0 on its null space. */
      penalty: Float64Array;
      /** b, `[r, targets]`. */
      linear: Array64;
      /** ρ of q = Σ σ_i a_i², with dρ/dq. Default: the L2 norm, √q. */
      rhoOf?: (q: number) => [rho: number, derivative: number];
    },
  ) {
    const { curvature, penalty } = options;
    const ratios = [...curvature].map((c, i) => c / penalty[i]);
    const felt = ratios.filter((ratio, i) => penalty[i] > 0 && ratio > 0);
    this.strong = Math.log(10 * Math.max(...felt, Number.MIN_VALUE));
    this.weak = Math.min(this.strong, Math.log(1e-8 * Math.min(...felt)));
  }

  /** The optimum at log λ = u. */
  at(u: number): PathPoint {
    const { basis, curvature, penalty, linear, rhoOf = root } = this.options;
    const targets = linear.shape[1];
    const lambda = Math.exp(u);
    const a = linear.data.slice();
    const moved = new Float64Array(a.length);
    let [q, qDerivative] = [0, 0];
    for (let i = 0; i < curvature.length; i++) {
      const weight = lambda * penalty[i];
      const denominator = curvature[i] + weight;
      for (let k = i * targets; k < (i + 1) * targets; k++) {
        // A direction that nothing determines stays at 0: the solution of least norm.
        a[k] = denominator > 0 ? a[k] / denominator : 0;
        moved[k] = denominator > 0 ? (-weight * a[k]) / denominator : 0;
        q += penalty[i] * a[k] ** 2;
        qDerivative += 2 * penalty[i] * a[k] * moved[k];
      }
    }
    const [rho, perQ] = rhoOf(q);
    return {
      u,
      weights: float64.matMul(basis, new Array64(a, linear.shape)),
      derivative: float64.matMul(basis, new Array64(moved, linear.shape)),
      rho,
      rhoDerivative: q > 0 ? perQ * qDerivative : 0,
    };
  }

  /** The optimum on {R ≤ ρ}: the one without a penalty if its ρ is not larger. */
  atRho(rho: number): PathPoint {
    let [high, low] = [this.strong, this.weak];
    const free = this.at(low);
    if (!(rho < free.rho)) return { ...free, u: Number.NEGATIVE_INFINITY, rhoDerivative: 0 };
    while (this.at(high).rho > rho) high += 5;
    // log ρ(u) falls from flat to a line: Newton in u from its last point, bisection where that leaves the bracket.
    let point = this.at((low + high) / 2);
    for (let i = 0; i < 100 && Math.abs(Math.log(point.rho / rho)) > 1e-13 && high - low > 1e-13; i++) {
      if (point.rho > rho) low = point.u;
      else high = point.u;
      const newton = point.u - (Math.log(point.rho / rho) * point.rho) / point.rhoDerivative;
      point = this.at(newton > low && newton < high ? newton : (low + high) / 2);
    }
    return point;
  }
}

const root = (q: number): [number, number] => {
  const rho = Math.sqrt(q);
  return [rho, 0.5 / rho];
};
