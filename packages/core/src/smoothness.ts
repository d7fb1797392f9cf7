import { ArgumentError, checkInteger } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import type { Framework } from './framework';
import { ifFinite, innerProduct, reciprocal, rescaling } from './projection';
import type { Regularizer } from './regularizer';

/** A penalty ½ wᵀSw: S and the basis of its null space. */
export interface QuadraticPenalty {
  /** S, symmetric and positive semidefinite, `size` × `size`, row-major. */
  matrix: ArrayLike<number>;
  size: number;
  /** Vectors of length `size` that span the null space of S: a constant and a line, for a second derivative. */
  nullSpace?: readonly ArrayLike<number>[];
}

/**
 * The smoothness R(w) = ½ wᵀSw, for weights `[size]` or `[size, units]` (½ tr WᵀSW then, or each unit by itself). The
 * retraction scales the penalized part of w only; the null space of S is free. Its cross-regularized solution is the
 * smoothing spline at the λ that minimizes the validation loss.
 *
 * A ρ step uses the derivative along that retraction, Pw/(2ρ) with P the projection on the range of S: the gradient of
 * R in the metric of S, not Sw itself. S is stiff: its eigenvalues grow as the fourth power of the frequency. So Sw is
 * nearly all high frequency, and a step along it does not tell how smooth w should be.
 *
 * Where w lies in the null space it has no direction to grow in: the gradient is zero and the retraction leaves w.
 *
 * @throws ArgumentError where S is not a symmetric matrix of that size, or does not take `nullSpace` to zero.
 */
export function smoothness(penalty: QuadraticPenalty): Regularizer {
  checkOptions('smoothness', penalty, { matrix: 1, size: 1, nullSpace: 1 });
  const { matrix, size, nullSpace = [] } = penalty;
  checkInteger('size', size, 1, 'Give the number of weights that S penalizes.');
  if (matrix?.length !== size * size) {
    throw new ArgumentError(
      'matrix',
      `has ${matrix?.length ?? 'no'} numbers, but size ${size} needs ${size * size}. Give all rows one after the other.`,
    );
  }
  const s = Float64Array.from(matrix);
  const largest = s.reduce((most, v) => Math.max(most, Math.abs(v)), 0);
  const [row, column] = [(at: number) => Math.floor(at / size), (at: number) => at % size];
  const mirrored = (at: number) => s[column(at) * size + row(at)];
  const odd = s.findIndex((v, at) => !(Math.abs(v - mirrored(at)) <= 1e-9 * largest));
  if (odd >= 0) {
    const where = `(${row(odd)}, ${column(odd)})`;
    throw new ArgumentError('matrix', `is not symmetric, or not finite, at ${where}. Use (S + Sᵀ)/2.`);
  }
  const basis = orthonormal(nullSpace, size);
  const image = (v: Float64Array, i: number) => v.reduce((sum, x, j) => sum + s[i * size + j] * x, 0);
  if (basis.some((v) => v.some((_, i) => !(Math.abs(image(v, i)) <= 1e-7 * largest)))) {
    throw new ArgumentError('nullSpace', 'has a vector that S does not map to zero. Leave it out.');
  }
  /** x as a matrix `[size, columns]`. */
  const columns = <T>(fw: Framework<T>, x: T) => {
    const count = fw.shape(x).reduce((product, n) => product * n, 1);
    if (count % size !== 0 || fw.shape(x)[0] !== size) {
      throw new ArgumentError('weights', `have shape [${fw.shape(x)}]. Give ${size} rows.`);
    }
    return fw.reshape(x, [size, count / size]);
  };
  const times = <T>(fw: Framework<T>, square: Float64Array, w: T): T =>
    fw.reshape(fw.matMul(fw.array(square, [size, size]), columns(fw, w)), fw.shape(w));
  const gradient = <T>(fw: Framework<T>, weights: readonly T[]) => weights.map((w) => times(fw, s, w));
  const value: Regularizer['value'] = (fw, weights, per) =>
    fw.mul(innerProduct(fw, weights, gradient(fw, weights), per), fw.array(0.5));
  /** Σ v vᵀ, which takes w to its part in the null space. */
  const projector = Float64Array.from(s, (_, i) =>
    basis.reduce((sum, v) => sum + v[row(i)] * v[column(i)], 0),
  );
  const free = <T>(fw: Framework<T>, w: T): T => times(fw, projector, w);
  return {
    name: 'smoothness',
    settings: { matrix: s, size, nullSpace: basis },
    lowerBound: 1e-16,
    scopes: ['group', 'unit'],
    value,
    gradient,
    retractionDerivative(fw, weights, per) {
      const scale = fw.mul(reciprocal(fw, value(fw, weights, per)), fw.array(0.5));
      return weights.map((w) => fw.mul(fw.sub(w, free(fw, w)), scale));
    },
    retract(fw, weights, level, per) {
      const roughness = value(fw, weights, per);
      const scale = fw.sqrt(rescaling(fw, level, fw.maximum(roughness, fw.array(0))));
      const next = weights.map((w) => {
        const kept = free(fw, w);
        return fw.add(kept, fw.mul(fw.sub(w, kept), scale));
      });
      return ifFinite(fw, next, weights);
    },
  };
}

/**
 * The penalty on squared differences of neighbours (P-splines, Eilers & Marx 1996): S = DᵀD with the `order`-th
 * difference D. Polynomials of lower degree are free.
 */
export function differencePenalty(size: number, order = 2): QuadraticPenalty {
  checkInteger('order', order, 1, 'Use 2, which does not penalize straight lines.');
  checkInteger('size', size, order + 1, `Differences of order ${order} need that many weights.`);
  let stencil = [1];
  for (let i = 0; i < order; i++) stencil = [...stencil, 0].map((v, j) => v - (stencil[j - 1] ?? 0));
  const matrix = new Float64Array(size * size);
  for (let row = 0; row + order < size; row++) {
    stencil.forEach((a, i) => {
      stencil.forEach((b, j) => {
        matrix[(row + i) * size + row + j] += a * b;
      });
    });
  }
  const nullSpace = Array.from({ length: order }, (_, power) =>
    // In [−1, 1], so that powers stay of one size.
    Float64Array.from({ length: size }, (_, i) => ((2 * i) / (size - 1) - 1) ** power),
  );
  return { matrix, size, nullSpace };
}

/** Gram–Schmidt, twice over for accuracy. Vectors that depend on the others are left out. */
function orthonormal(vectors: readonly ArrayLike<number>[], size: number): Float64Array[] {
  const basis: Float64Array[] = [];
  for (const given of vectors) {
    if (given.length !== size) {
      throw new ArgumentError(
        'nullSpace',
        `has a vector of ${given.length} numbers. Give vectors of ${size} numbers.`,
      );
    }
    const v = Float64Array.from(given);
    const length = () => Math.sqrt(v.reduce((sum, x) => sum + x * x, 0));
    const before = length();
    for (const b of [...basis, ...basis]) {
      const along = v.reduce((sum, x, i) => sum + x * b[i], 0);
      for (let i = 0; i < size; i++) v[i] -= along * b[i];
    }
    const after = length();
    if (after > 1e-10 * before) basis.push(v.map((x) => x / after));
  }
  return basis;
}
