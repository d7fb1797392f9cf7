// Theorem 4.4: the excess risk of a ρ fitted to a regularization set grows with dim ρ = k, falls with the size m of that set,
// and does not depend on dim θ = d. Slopes on log-log axes.

import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { Ridge } from '@crossreg/linear';
import { dot, mean, normal, rows, seedOf, slope, standardError } from './numbers.mjs';

/** See `seedOf`. With `Ridge`, a set of examples uses two streams, one for inputs and one for errors. */
const streams = { truth: 1, training: 2, heldOut: 4 };
const groupedStreams = { errors: 2, heldOut: 3, heldOutErrors: 4 };

const repetitions = 200;

/**
 * Ridge with k groups of columns, each with its own ρ, on a training set with orthogonal columns. There w_g is the least
 * squares solution ŵ_g scaled to length ρ_g, so only the lengths have to be learned. Returns the excess of the expected squared
 * error over that of the best lengths, in units of the noise variance.
 */
function grouped({ k, m, d }, seed) {
  const truth = normal(d, seedOf(seed, streams.truth)).map((v) => v / Math.sqrt(d));
  // n = d training examples at noise 1: the error of each coefficient has variance 1/d, like the coefficient itself.
  const errors = normal(d, seedOf(seed, groupedStreams.errors));
  const solution = truth.map((v, j) => v + errors[j] / Math.sqrt(d));
  const size = d / k;
  const part = (v, g) => v.subarray(g * size, (g + 1) * size);
  const lengths = Array.from({ length: k }, (_, g) => Math.hypot(...part(solution, g)));
  const x = rows(normal(m * d, seedOf(seed, groupedStreams.heldOut)), d);
  const noise = normal(m, seedOf(seed, groupedStreams.heldOutErrors));
  const directions = Array.from({ length: k }, (_, g) => part(solution, g).map((v) => v / lengths[g]));
  const scores = x.map((row) => directions.map((u, g) => dot(part(row, g), u)));
  const y = x.map((row, i) => dot(row, truth) + noise[i]);
  // ρ steps: gradient descent on the mean squared error of the regularization set, ρ ≥ 0.
  const rho = lengths.slice();
  for (let step = 0; step < 300; step++) {
    const gradient = new Float64Array(k);
    scores.forEach((row, i) => {
      const residual = dot(row, rho) - y[i];
      for (let g = 0; g < k; g++) gradient[g] += (2 / m) * residual * row[g];
    });
    for (let g = 0; g < k; g++) rho[g] = Math.max(0, rho[g] - (0.4 / (1 + k / m)) * gradient[g]);
  }
  // Expected error for standard normal columns is a parabola in each length, lowest at ⟨u_g, truth⟩.
  return rho.reduce((sum, r, g) => sum + (r - Math.max(0, dot(directions[g], part(truth, g)))) ** 2, 0);
}

/**
 * `Ridge` itself, with one ρ and columns that are not orthogonal. The same fit, given the true coefficients, finds the best ρ.
 */
function ridge({ m, d }, seed) {
  const truth = normal(d, seedOf(seed, streams.truth)).map((v) => v / Math.sqrt(d));
  const draw = (count, stream) => {
    const x = rows(normal(count * d, seedOf(seed, stream)), d);
    const errors = normal(count, seedOf(seed, stream + 1));
    return [x, x.map((row, i) => dot(row, truth) + errors[i])];
  };
  const training = draw(2 * d, streams.training);
  const identity = Array.from({ length: d }, (_, i) =>
    Float64Array.from({ length: d }, (_, j) => Number(i === j)),
  );
  const error = (heldOut) => {
    const { coefficients } = new Ridge({ fitIntercept: false }).fit(...training, {
      regularizationData: heldOut,
    });
    return coefficients.reduce((sum, w, j) => sum + (w - truth[j]) ** 2, 0);
  };
  return error(draw(m, streams.heldOut)) - error([identity, truth]);
}

const sweeps = [
  {
    name: 'k: groups, each its ρ',
    axis: 'k',
    run: grouped,
    values: [1, 2, 4, 8, 16],
    fixed: { m: 400, d: 64 },
    theory: 1,
  },
  {
    name: 'm: regularization set',
    axis: 'm',
    run: grouped,
    values: [50, 100, 200, 400, 800],
    fixed: { k: 4, d: 64 },
    theory: -1,
  },
  {
    name: 'd: coefficients',
    axis: 'd',
    run: grouped,
    values: [16, 32, 64, 128, 256],
    fixed: { k: 4, m: 200 },
    theory: 0,
  },
  { name: 'm, Ridge', axis: 'm', run: ridge, values: [25, 50, 100, 200, 400], fixed: { d: 24 }, theory: -1 },
  { name: 'd, Ridge', axis: 'd', run: ridge, values: [8, 16, 32, 64], fixed: { m: 100 }, theory: 0 },
];

export function risk() {
  const table = {};
  const panels = [];
  for (const { name, axis, run, values, fixed, theory } of sweeps) {
    const cost = values.map((value) =>
      Array.from({ length: run === ridge ? repetitions / 2 : repetitions }, (_, seed) =>
        run({ ...fixed, [axis]: value }, seed + 1),
      ),
    );
    const excess = cost.map(mean);
    const fitted = slope(values.map(Math.log), excess.map(Math.log));
    table[name] = {
      ...Object.fromEntries(
        values.map((_, i) => [
          `#${i + 1}`,
          `${excess[i].toExponential(1)} ± ${standardError(cost[i]).toExponential(0)}`,
        ]),
      ),
      slope: `${fitted.slope.toFixed(2)} (${fitted.low.toFixed(2)} to ${fitted.high.toFixed(2)})`,
      theory,
    };
    panels.push({
      title: `Excess risk against ${name}`,
      x: axis,
      y: 'excess risk / noise variance',
      xLog: true,
      yLog: true,
      series: [
        { name: 'mean', x: values, y: excess },
        {
          name: `slope ${theory}`,
          dashed: true,
          x: values,
          y: values.map((v) => excess[0] * (v / values[0]) ** theory),
        },
      ],
    });
    process.stderr.write(`\r${name}          `);
  }
  console.log(
    `\nTheorem 4.4: excess risk of a fitted ρ over the best ρ, ${repetitions} repetitions (Ridge: ${repetitions / 2}); slopes with 95 % intervals`,
  );
  console.table(table);
  saveFigure(new URL('../out/', import.meta.url), 'risk', panels);
}
