import { checkInteger, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
/**
 * - `no steps`: no ρ step was taken.
 * - `skipped`: every ρ step was skipped, for a loss or gradient that was not finite.
 * - `undetermined`: too few ρ steps to say.
 * - `converging`: the path still drifts towards its limit.
 * - `converged`: over the window the mean gradient is indistinguishable from zero and the path is flat.
 * - `oscillating`: increments alternate in sign and do not shrink: the ρ learning rate is too large.
 * - `at bound`: the value lies at the edge of its range throughout the window.
 * - `diverged`: a value is not finite, or has grown a million-fold.
 */
export type ConvergenceStatus =
  | 'no steps'
  | 'skipped'
  | 'undetermined'
  | 'converging'
  | 'converged'
  | 'oscillating'
  | 'at bound'
  | 'diverged';

export interface Convergence {
  status: ConvergenceStatus;
  /** Fitted linear rate q of |value − limit| ∝ qᵗ per ρ step; NaN when it cannot be fitted. */
  rate: number;
  /** Mean of the gradient over the window, and the standard error of that mean. */
  gradient: { mean: number; standardError: number };
}

const mean = (xs: readonly number[]) => xs.reduce((sum, x) => sum + x, 0) / xs.length;

function squaredResiduals(values: readonly number[], regressor: (t: number) => number): number {
  const x = values.map((_, t) => regressor(t));
  const [mx, my] = [mean(x), mean(values)];
  let [sxx, sxy, syy] = [0, 0, 0];
  values.forEach((y, t) => {
    sxx += (x[t] - mx) ** 2;
    sxy += (x[t] - mx) * (y - my);
    syy += (y - my) ** 2;
  });
  return sxx > 0 ? Math.max(0, syy - sxy ** 2 / sxx) : syy;
}

/**
 * The rate q of linear convergence v(t) ≈ v∞ + c qᵗ, by least squares: for each q the other two are linear, so the
 * search is over q alone, by golden section in (0, 1). NaN for fewer than 4 values, a constant path, or a value that is not
 * finite.
 *
 * Theory: Stein Brito 2025, Theorem 4.1 (linear convergence for a small enough η_ρ under strong convexity).
 */
export function fitLinearRate(values: readonly number[]): number {
  if (values.length < 4 || values.every((v) => v === values[0]) || !values.every(Number.isFinite)) {
    return Number.NaN;
  }
  const error = (logit: number) => {
    const q = 1 / (1 + Math.exp(-logit));
    return squaredResiduals(values, (t) => q ** t);
  };
  // The error can be flat far from the optimum: bracket it on a coarse grid first.
  const grid = Array.from({ length: 41 }, (_, i) => -5 + i * 0.35);
  const best = grid.reduce((least, x) => (error(x) < error(least) ? x : least));
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [best - 0.35, best + 0.35];
  for (let i = 0; i < 60; i++) {
    const [a, b] = [high - golden * (high - low), low + golden * (high - low)];
    if (error(a) < error(b)) high = b;
    else low = a;
  }
  return 1 / (1 + Math.exp(-(low + high) / 2));
}

function checkRange(range: readonly number[]): void {
  if (range?.length === 2 && range[0] < range[1]) return;
  refuse('range', range, 'two numbers, [lower, upper]', 'Leave it out if there are no bounds.');
}

/**
 * Judges the convergence of a path of values and gradients, one for each ρ step (method.md §6).
 * @example
 * ```ts
 * const value = Array.from({ length: 40 }, (_, i) => 1 + 0.5 ** i);
 * convergence({ value, gradient: value.map((_, i) => (-1) ** i) }).status; // 'converged'
 * ```
 */
export function convergence(
  path: { readonly value: readonly number[]; readonly gradient: readonly number[] },
  options: {
    /** How many of the last steps to judge by, at least 4. Default 20. */
    window?: number;
    /** Where the values may lie, for `at bound`. Default: anywhere. */
    range?: readonly [number, number];
  } = {},
): Convergence {
  checkOptions('convergence', options, { window: 1, range: 1 });
  const { window = 20, range = [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] } = options;
  checkInteger('window', window, 4, 'Use 20.');
  checkRange(range);
  const values = path.value.slice(-window);
  const gradients = path.gradient.slice(-window).filter(Number.isFinite);
  const n = gradients.length;
  const center = n > 0 ? mean(gradients) : Number.NaN;
  const spread =
    n > 1 ? Math.sqrt(gradients.reduce((sum, g) => sum + (g - center) ** 2, 0) / (n - 1)) : Number.NaN;
  const gradient = { mean: center, standardError: spread / Math.sqrt(n) };
  const result = (status: ConvergenceStatus): Convergence => ({
    status,
    rate: fitLinearRate(path.value),
    gradient,
  });

  if (path.value.length === 0) return result('no steps');
  if (!path.gradient.some(Number.isFinite)) return result('skipped');
  const scale = Math.max(...path.value.slice(0, 1).map(Math.abs), Number.MIN_VALUE);
  if (values.some((v) => !Number.isFinite(v) || Math.abs(v) > 1e6 * Math.max(scale, 1)))
    return result('diverged');
  if (values.length < window) return result('undetermined');

  const width = Number.isFinite(range[1] - range[0]) ? range[1] - range[0] : scale;
  const near = (v: number) => v - range[0] < 1e-3 * width || range[1] - v < 1e-3 * width;
  if (values.every(near)) return result('at bound');

  const steps = values.slice(1).map((v, t) => v - values[t]);
  const flips = steps.slice(1).filter((step, t) => step * steps[t] < 0).length / (steps.length - 1);
  const size = (xs: readonly number[]) => Math.sqrt(mean(xs.map((x) => x * x)));
  const half = Math.floor(steps.length / 2);
  const level = Math.max(Math.abs(mean(values)), Number.MIN_VALUE);
  const shrinking = size(steps.slice(half)) < 0.7 * size(steps.slice(0, half));
  if (flips > 0.8 && !shrinking && size(steps) > 1e-3 * level) return result('oscillating');

  const drift = Math.abs(mean(values.slice(-half)) - mean(values.slice(0, half)));
  const quiet = Math.abs(center) <= 2 * gradient.standardError || Math.abs(center) < 1e-12;
  return result(quiet && drift < 0.05 * level ? 'converged' : 'converging');
}
