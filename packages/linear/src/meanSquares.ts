import type { Sums } from './sums';

/** A mean squared error as a function of the coefficients of centered and scaled columns: wᵀGw − 2cᵀw + power. */
export interface MeanSquares {
  size: number;
  /** G, `[p, p]`. */
  gram: Float64Array;
  /** c. */
  correlation: Float64Array;
  power: number;
}

/** The values that are subtracted and divided by, as offsets from the origin of the sums. */
export interface SumsCentering {
  x: Float64Array;
  scale: Float64Array;
  y: number;
}

/** A column that keeps less than this share of its mean square after centering is constant. */
const constant = 1e-12;

/** The centering that training sums ask for. */
export function centerSums(
  { count, x, y, xx }: Sums,
  { fitIntercept = true, standardize = false }: { fitIntercept?: boolean; standardize?: boolean },
): SumsCentering {
  const p = x.length;
  const variance = (j: number) => Math.max(0, xx[j * p + j] / count - (x[j] / count) ** 2);
  const isConstant = (j: number) => variance(j) <= (constant * xx[j * p + j]) / count;
  return {
    x: fitIntercept ? x.map((v) => v / count) : new Float64Array(p),
    scale: Float64Array.from(x, (_, j) => (standardize && !isConstant(j) ? Math.sqrt(variance(j)) : 1)),
    y: fitIntercept ? y / count : 0,
  };
}

/** The mean squared error on the examples of some sums, in a given centering. */
export function meanSquares({ count, x, y, xx, xy, yy }: Sums, at: SumsCentering): MeanSquares {
  const p = x.length;
  const gram = new Float64Array(p * p);
  const correlation = new Float64Array(p);
  const [mx, my] = [x.map((v) => v / count), y / count];
  for (let j = 0; j < p; j++) {
    // Σ (x − a)(x' − a')/n = Σ x x'/n − m a' − a m' + a a'
    const [m, a] = [mx[j], at.x[j]];
    for (let k = 0; k < p; k++) {
      gram[j * p + k] =
        (xx[j * p + k] / count - m * at.x[k] - a * mx[k] + a * at.x[k]) / (at.scale[j] * at.scale[k]);
    }
    correlation[j] = (xy[j] / count - m * at.y - a * my + a * at.y) / at.scale[j];
  }
  for (let j = 0; j < p; j++) {
    // The rest of a constant column is rounding error; as exact zeros it enters no model.
    if (gram[j * p + j] > (constant * xx[j * p + j]) / count / at.scale[j] ** 2) continue;
    for (let k = 0; k < p; k++) gram[j * p + k] = gram[k * p + j] = 0;
    correlation[j] = 0;
  }
  return { size: p, gram, correlation, power: yy / count - 2 * my * at.y + at.y ** 2 };
}
