import { ArgumentError, Array64, smoothness } from '@crossreg/core';
import { Matrix, SVD } from 'ml-matrix';
import { bsplineBasis, clampedKnots, secondDerivatives } from './bspline';
import type { Examples } from './holdOut';
import { QuadraticPath } from './quadraticPath';
import { takeRows } from './table';
import { triangularFactor } from './triangularFactor';

const degree = 3;
/** A direction of coefficients that holds less than this share of the data is rounding error. */
const undetermined = 1e-13;
/** Points nearer than this share of the range are one point with rounding errors, or might as well be: they share a knot. */
const nearest = 1e-6;

/** Cubic B-splines with knots at quantiles of some points, in units of their range. */
export class SplineBasis {
  readonly first: number;
  readonly range: number;
  readonly knots: Float64Array;
  /** F: ∫f''² = ‖F · coefficients‖². */
  private readonly bends: Matrix;

  constructor(points: Float64Array, most: number) {
    const sorted = Float64Array.from(points).sort();
    this.first = sorted[0];
    this.range = sorted[sorted.length - 1] - this.first;
    if (!(this.range > 0)) {
      throw new ArgumentError(
        'x',
        `has no number but ${this.first}. At least two different numbers are needed.`,
      );
    }
    const distinct = apart(sorted.map((x) => (x - this.first) / this.range));
    const count = Math.min(most, distinct.length);
    const breaks = Array.from(
      { length: count },
      (_, i) => distinct[Math.round((i * (distinct.length - 1)) / (count - 1))],
    );
    this.knots = clampedKnots(breaks, degree);
    this.bends = matrix(secondDerivatives(this.knots));
  }

  /** R = ½∫f''² of the coefficients; constants and lines cost nothing. */
  get regularizer() {
    const size = this.bends.columns;
    // A line's coefficients are its values at the Greville points, the means of three knots each.
    const line = Array.from({ length: size }, (_, i) => {
      return (this.knots[i + 1] + this.knots[i + 2] + this.knots[i + 3]) / 3;
    });
    return smoothness({
      matrix: this.bends.transpose().mmul(this.bends).to1DArray(),
      size,
      nullSpace: [line.map(() => 1), line],
    });
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
   * Training optima for every λ, by diagonalizing BᵀB and S = FᵀF together (Demmler & Reinsch 1975): with RᵀR = BᵀB + τS and
   * BR⁻¹ = U C Vᵀ, the basis R⁻¹V makes BᵀB into C² and S into (1 − C²)/τ. Neither product is formed: where knots lie at a
   * distance h, S has entries up to 1/h³, whose rounding errors would hide how rough the smooth curves are.
   */
  path({ x, y }: Examples): QuadraticPath {
    // In order of x, so that a row meets only the few columns of the triangle that are not zero yet.
    const order = Array.from(x.data, (_, i) => i).sort((i, j) => x.data[i] - x.data[j]);
    const [points, values] = [takeRows(x, order).data, takeRows(y, order)];
    const [rows, targets] = values.shape;
    if (!(points[rows - 1] - points[0] > nearest * this.range)) {
      throw new ArgumentError(
        'x',
        'leaves fewer than two different numbers to train on. Give more examples, or more folds.',
      );
    }
    const size = this.bends.columns;
    const design = Matrix.zeros(rows, size + targets);
    design.setSubMatrix(matrix(this.at(points)), 0, 0).setSubMatrix(matrix(values), 0, size);
    const rotated = triangularFactor(design, size);
    const b = rotated.subMatrix(0, size - 1, 0, size - 1);
    // With this τ no curve has a share C² so near 1 that it could not be told from a line.
    const tau = rows / 1000;
    const stacked = Matrix.zeros(this.bends.rows + size, size);
    stacked.setSubMatrix(Matrix.mul(this.bends, Math.sqrt(tau)), 0, 0).setSubMatrix(b, this.bends.rows, 0);
    const inverse = lowerInverse(triangularFactor(stacked).transpose()).transpose();
    const svd = new SVD(b.mmul(inverse));
    const shares = svd.diagonal;
    const t = inverse.mmul(svd.rightSingularVectors);
    const roughness = this.bends.mmul(t).pow(2).sum('column');
    // The first two are constants and lines: what they have of roughness is rounding error.
    const free = (i: number) => i < 2;
    // A direction that no point determines, up to rounding: it stays zero.
    const determined = (i: number) => shares[i] > undetermined;
    const image = rotated.subMatrix(0, size - 1, size, size + targets - 1);
    const linear = svd.leftSingularVectors.transpose().mmul(image);
    shares.forEach((share, i) => {
      linear.mulRow(i, determined(i) ? share : 0);
    });
    return new QuadraticPath({
      basis: array(t),
      curvature: Float64Array.from(shares, (share, i) => (determined(i) ? share ** 2 : 0)),
      penalty: Float64Array.from(roughness, (r, i) => (free(i) ? 0 : r)),
      linear: array(linear),
      rhoOf: (q) => [q / 2, 1 / 2],
    });
  }
}

/** From sorted numbers, from 0 to 1, those that are not too near the last one taken; 0 and 1 always. */
function apart(sorted: Float64Array): number[] {
  const taken = [0];
  for (const z of sorted) if (z - taken[taken.length - 1] > nearest && 1 - z > nearest) taken.push(z);
  return [...taken, 1];
}

const array = (m: Matrix) => new Array64(Float64Array.from(m.to1DArray()), [m.rows, m.columns]);
const matrix = ({ data, shape: [rows, columns] }: Array64) => Matrix.from1DArray(rows, columns, data);

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
