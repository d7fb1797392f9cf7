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
 * Second derivatives F of cubic B-splines, `[2 · intervals, basis]`, scaled so that FᵀF = ∫ B_i'' B_j'' over the whole range.
 * They are linear between knots, so Gauss's rule with two points on each interval is exact.
 */
export function secondDerivatives(knots: Float64Array): Array64 {
  const degree = 3;
  const breaks = knots.subarray(degree, knots.length - degree);
  const middles = Array.from(breaks.subarray(1), (b, i) => ({
    at: (breaks[i] + b) / 2,
    half: (b - breaks[i]) / 2,
  }));
  const points = middles.flatMap(({ at, half }) => [at - half / Math.sqrt(3), at + half / Math.sqrt(3)]);
  const { data, shape } = bsplineBasis(points, knots, degree, 2);
  const columns = shape[1];
  return new Array64(
    data.map((v, i) => v * Math.sqrt(middles[Math.floor(i / (2 * columns))].half)),
    shape,
  );
}
