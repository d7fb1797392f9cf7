/** What {@link minimize} found. */
export interface Minimum {
  point: Float64Array;
  value: number;
  /** Whether the largest entry of the gradient fell below the tolerance. */
  converged: boolean;
  iterations: number;
}

const MEMORY = 10;

/**
 * L-BFGS for smooth convex functions of a few to some thousand numbers, with backtracking to the Armijo condition.
 * Pairs of steps and gradient changes without positive curvature are not remembered.
 *
 * Source: J. Nocedal, S. Wright, *Numerical Optimization*, 2nd ed., algorithm 7.4.
 *
 * @param f Returns the value at `x` and writes the gradient into `gradient`.
 */
export function minimize(
  f: (x: Float64Array, gradient: Float64Array) => number,
  start: Float64Array,
  { tolerance = 1e-9, maxIterations = 1000 } = {},
): Minimum {
  let x = Float64Array.from(start);
  let gradient = new Float64Array(x.length);
  let value = f(x, gradient);
  const pairs: { s: Float64Array; y: Float64Array; curvature: number }[] = [];
  let iterations = 0;
  while (largest(gradient) > tolerance && iterations < maxIterations) {
    const direction = descentDirection(gradient, pairs);
    const slope = dot(direction, gradient);
    // The first step has no curvature to go by: a tenth of a unit at most.
    let length = pairs.length > 0 ? 1 : Math.min(1, 0.1 / Math.sqrt(-slope));
    const nextGradient = new Float64Array(x.length);
    let next = step(x, length, direction);
    let nextValue = f(next, nextGradient);
    // Near the minimum rounding hides the decrease. The derivative along the step, which shrinks there, still shows it.
    const rounding = 64 * Number.EPSILON * Math.abs(value);
    const isBetter = () =>
      nextValue <= value + 1e-4 * length * slope ||
      (nextValue <= value + rounding && Math.abs(dot(direction, nextGradient)) <= -0.5 * slope);
    while (!isBetter() && length > 1e-12) {
      length /= 2;
      next = step(x, length, direction);
      nextValue = f(next, nextGradient);
    }
    if (!isBetter()) break;
    const s = difference(next, x);
    const y = difference(nextGradient, gradient);
    const curvature = dot(s, y);
    if (curvature > 1e-16 * dot(y, y)) pairs.push({ s, y, curvature });
    if (pairs.length > MEMORY) pairs.shift();
    x = next;
    value = nextValue;
    gradient = nextGradient;
    iterations++;
  }
  return { point: x, value, converged: largest(gradient) <= Math.max(tolerance, 1e-7), iterations };
}

/** Minus the inverse Hessian, as remembered in the pairs, times the gradient (the two-loop recursion). */
function descentDirection(
  gradient: Float64Array,
  pairs: readonly { s: Float64Array; y: Float64Array; curvature: number }[],
): Float64Array {
  const q = gradient.map((g) => -g);
  const alphas: number[] = [];
  for (const { s, y, curvature } of [...pairs].reverse()) {
    const alpha = dot(s, q) / curvature;
    alphas.push(alpha);
    addScaled(q, -alpha, y);
  }
  const latest = pairs[pairs.length - 1];
  if (latest) {
    const scale = latest.curvature / dot(latest.y, latest.y);
    for (let i = 0; i < q.length; i++) q[i] *= scale;
  }
  for (const { s, y, curvature } of pairs) addScaled(q, alphas.pop()! - dot(y, q) / curvature, s);
  return q;
}

const largest = (x: Float64Array) => x.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
const difference = (a: Float64Array, b: Float64Array) => a.map((value, i) => value - b[i]);
const step = (x: Float64Array, length: number, direction: Float64Array) =>
  x.map((value, i) => value + length * direction[i]);

function dot(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += a[i] * b[i];
  return sum;
}

function addScaled(target: Float64Array, scale: number, x: Float64Array): void {
  for (let i = 0; i < target.length; i++) target[i] += scale * x[i];
}
