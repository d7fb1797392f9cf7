import { float64 } from '@crossreg/core';

/** Eight seeds for each problem, one for each stream. Results depend on these numbers, so none changes. */
export const seedOf = (problem, stream) => 8 * problem + stream;

export const normal = (n, seed) => float64.normal([n], seed).data;

/** Numbers as rows of a table. */
export const rows = (data, columns) =>
  Array.from({ length: data.length / columns }, (_, i) => data.subarray(i * columns, (i + 1) * columns));

export const dot = (a, b) => a.reduce((sum, v, i) => sum + v * b[i], 0);
export const mean = (xs) => xs.reduce((sum, x) => sum + x, 0) / xs.length;
export const standardError = (xs) => {
  const center = mean(xs);
  return Math.sqrt(xs.reduce((sum, x) => sum + (x - center) ** 2, 0) / (xs.length - 1) / xs.length);
};
export const quantile = (xs, q) =>
  [...xs].sort((a, b) => a - b)[Math.min(xs.length - 1, Math.floor(q * xs.length))];
export const meanSquare = (predicted, y) => mean(Array.from(predicted, (v, i) => (v - y[i]) ** 2));

/** Least squares y = a + b x: the slope b with its 95 % interval, from the t distribution, because there are few points. */
export function slope(x, y) {
  const [mx, my] = [mean(x), mean(y)];
  const sxx = x.reduce((sum, v) => sum + (v - mx) ** 2, 0);
  const b = x.reduce((sum, v, i) => sum + (v - mx) * (y[i] - my), 0) / sxx;
  const residual = x.reduce((sum, v, i) => sum + (y[i] - my - b * (v - mx)) ** 2, 0);
  const t = [12.71, 4.3, 3.18, 2.78, 2.57, 2.45, 2.36][x.length - 3] ?? 2;
  const half = t * Math.sqrt(residual / (x.length - 2) / sxx);
  return { slope: b, low: b - half, high: b + half };
}
