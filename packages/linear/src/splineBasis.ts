import { ArgumentError, Array64, smoothness } from '@crossreg/core';
import { CholeskyDecomposition, EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { bsplineBasis, clampedKnots, roughness } from './bspline';
import type { Examples } from './holdOut';
import { QuadraticPath } from './quadraticPath';

const degree = 3;
/** A direction of coefficients that holds less than this share of the data is rounding error. */
const undetermined = 1e-13;

/** Cubic B-splines with knots at quantiles of some points, in units of their range. */
export class SplineBasis {
  readonly first: number;
  readonly range: number;
  readonly knots: Float64Array;
  private readonly penalty: Array64;

  constructor(points: Float64Array, most: number) {
    const distinct = [...new Set(points)].sort((a, b) => a - b);
    this.first = distinct[0];
    this.range = distinct[distinct.length - 1] - distinct[0];
    if (!(this.range > 0)) {
      throw new ArgumentError(
        'x',
        `has no number but ${this.first}. At least two different numbers are needed.`,
      );
    }
    const count = Math.min(most, distinct.length);
    const breaks = Array.from({ length: count }, (_, i) => {
      const at = distinct[Math.round((i * (distinct.length - 1)) / (count - 1))];
      return (at - this.first) / this.range;
    });
    this.knots = clampedKnots(breaks, degree);
    this.penalty = roughness(this.knots);
  }

  /** R = ½∫f''² of the coefficients; constants and lines cost nothing. */
  get regularizer() {
    const [size] = this.penalty.shape;
    // A line's coefficients are its values at the Greville points, the means of three knots each.
    const line = Array.from({ length: size }, (_, i) => {
      return (this.knots[i + 1] + this.knots[i + 2] + this.knots[i + 3]) / 3;
    });
    return smoothness({ matrix: this.penalty.data, size, nullSpace: [line.map(() => 1), line] });
  }

  /** The basis at some points, `[points, basis]`; a line beyond the ends. */
  at(points: ArrayLike<number>): Array64 {
    const z = Float64Array.from(points, (x) => (x - this.first) / this.range);
    const inside = z.map((v) => Math.min(1, Math.max(0, v)));
    const values = bsplineBasis(inside, this.knots, degree);
    const size = values.shape[1];
    z.forEach((v, i) => {
      if (v === inside[i]) return;
      const slope = bsplineBasis([inside[i]], this.knots, degree, 1).data;
      for (let j = 0; j < size; j++) values.data[i * size + j] += (v - inside[i]) * slope[j];
    });
    return values;
  }

  /**
   * Training optima for every λ, by diagonalizing BᵀB and S together: with LLᵀ = BᵀB + τS and the eigenvectors U of
   * L⁻¹BᵀBL⁻ᵀ with eigenvalues β, the basis L⁻ᵀU makes BᵀB into β and S into (1 − β)/τ. (Demmler & Reinsch 1975; with
   * τS added so that a basis function with no point under it does no harm.)
   */
  path({ x, y }: Examples): QuadraticPath {
    const b = this.at(x.data);
    const [, size] = b.shape;
    const design = Matrix.from1DArray(b.shape[0], size, b.data);
    const products = design.transpose().mmul(design);
    const penalty = Matrix.from1DArray(size, size, this.penalty.data);
    const tau = products.trace() / penalty.trace();
    const factor = new CholeskyDecomposition(Matrix.add(products, Matrix.mul(penalty, tau)));
    if (!factor.isPositiveDefinite()) {
      throw new ArgumentError(
        'x',
        'leaves fewer than two different numbers to train on. Give more examples, or more folds.',
      );
    }
    const inverse = lowerInverse(factor.lowerTriangularMatrix);
    const eigen = new EigenvalueDecomposition(inverse.mmul(products).mmul(inverse.transpose()), {
      assumeSymmetric: true,
    });
    const shares = eigen.realEigenvalues;
    const t = inverse.transpose().mmul(eigen.eigenvectorMatrix);
    // The two largest belong to constants and lines, which the penalty does not see.
    const free = new Set(
      shares
        .map((_, i) => i)
        .sort((i, j) => shares[j] - shares[i])
        .slice(0, 2),
    );
    const targets = Matrix.from1DArray(y.shape[0], y.shape[1], y.data);
    const linear = t.transpose().mmul(design.transpose().mmul(targets));
    // A direction that no point determines, up to rounding: it stays zero.
    const determined = shares.map((share) => share > undetermined);
    determined.forEach((is, i) => {
      if (!is) linear.setRow(i, new Array(linear.columns).fill(0));
    });
    const array = (m: Matrix) => new Array64(Float64Array.from(m.to1DArray()), [m.rows, m.columns]);
    return new QuadraticPath({
      basis: array(t),
      curvature: Float64Array.from(shares, (share, i) => (free.has(i) ? 1 : determined[i] ? share : 0)),
      penalty: Float64Array.from(shares, (share, i) => (free.has(i) ? 0 : Math.max(0, 1 - share) / tau)),
      linear: array(linear),
      rhoOf: (q) => [q / 2, 1 / 2],
    });
  }
}

/** L⁻¹ of a lower triangle, by forward substitution. */
function lowerInverse(lower: Matrix): Matrix {
  const n = lower.rows;
  const inverse = Matrix.zeros(n, n);
  for (let j = 0; j < n; j++) {
    inverse.set(j, j, 1 / lower.get(j, j));
    for (let i = j + 1; i < n; i++) {
      let sum = 0;
      for (let k = j; k < i; k++) sum += lower.get(i, k) * inverse.get(k, j);
      inverse.set(i, j, -sum / lower.get(i, i));
    }
  }
  return inverse;
}
