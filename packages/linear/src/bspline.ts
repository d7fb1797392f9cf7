import { Array64 } from '@crossreg/core';

/** Knots of a B-spline basis on [first, last]. Both end knots have the full multiplicity of the degree. */
export function clampedKnots(breaks: readonly number[], degree: number): Float64Array {
  const ends = (at: number) => new Array<number>(degree).fill(at);
  return Float64Array.from([...ends(breaks[0]), ...breaks, ...ends(breaks[breaks.length - 1])]);
}

/**
 * The B-splines of some degree on some knots, or a derivative of them, at points inside: `[points, basis]`, by the recursion of
 * de Boor 1978. (The npm libraries evaluate curves, not bases.)
 */
export function bsplineBasis(
  points: ArrayLike<number>,
  knots: Float64Array,
  degree: number,
  derivative = 0,
): Array64 {
  const size = knots.length - degree - 1;
  const out = new Float64Array(points.length * size);
  for (let row = 0; row < points.length; row++) {
    const x = points[row];
    // The interval [knots[span], knots[span + 1]) with x in it; the last one is closed.
    let span = degree;
    while (span < size - 1 && x >= knots[span + 1]) span += 1;
    // Values of all lower degrees in turn; the last `derivative` turns differentiate those of degree d.
    let values = [1];
    for (let d = 1; d <= degree; d++) {
      const differentiate = d > degree - derivative;
      const next = new Array<number>(d + 1).fill(0);
      for (let i = 0; i < d; i++) {
        const [left, right] = [knots[span - d + 1 + i], knots[span + 1 + i]];
        const share = values[i] / (right - left);
        next[i] += differentiate ? -d * share : (right - x) * share;
        next[i + 1] += differentiate ? d * share : (x - left) * share;
      }
      values = next;
    }
    values.forEach((v, i) => {
      out[row * size + span - degree + i] = v;
    });
  }
  return new Array64(out, [points.length, size]);
}

/**
 * ∫ B_i'' B_j'' over the whole range, for cubic splines. Their second derivatives are linear between knots, so Simpson's rule
 * on each interval is exact.
 */
export function roughness(knots: Float64Array): Array64 {
  const degree = 3;
  const size = knots.length - degree - 1;
  const out = new Float64Array(size * size);
  for (let span = degree; span < size; span++) {
    const [a, b] = [knots[span], knots[span + 1]];
    if (!(b > a)) continue;
    // One-sided at the ends of the interval: second derivatives are continuous there.
    [a, (a + b) / 2, b].forEach((x, k) => {
      const second = bsplineBasis([x], knots, degree, 2).data;
      const weight = ((b - a) / 6) * [1, 4, 1][k];
      for (let i = Math.max(0, span - degree - 1); i <= Math.min(size - 1, span + 1); i++) {
        for (let j = Math.max(0, span - degree - 1); j <= Math.min(size - 1, span + 1); j++) {
          out[i * size + j] += weight * (second[i] * second[j]);
        }
      }
    });
  }
  return new Array64(out, [size, size]);
}
