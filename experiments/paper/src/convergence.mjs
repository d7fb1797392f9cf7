// Theorem 4.1: ρ converges linearly for small enough rates, at the predicted rate. Theorem 4.5: it converges to the same point
// from every start. This also measures which point that is.
import { l2Norm } from '@crossreg/core';
import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { Ridge } from '@crossreg/linear';
import { EigenvalueDecomposition, Matrix } from 'ml-matrix';
import { alternate, batchOf } from './alternate.mjs';
import { dot, normal, quantile, rows, seedOf, slope } from './numbers.mjs';

/** See `seedOf`. A set of examples uses two streams, one for inputs and one for errors. */
const streams = { truth: 1, training: 2, heldOut: 4 };

function problem(seed, n = 40, p = 8, noise = 2) {
  const truth = normal(p, seedOf(seed, streams.truth));
  const draw = (count, stream) => {
    const x = rows(normal(count * p, seedOf(seed, stream)), p);
    const errors = normal(count, seedOf(seed, stream + 1));
    return { x, y: x.map((row, i) => dot(row, truth) + noise * errors[i]) };
  };
  return { training: draw(n, streams.training), heldOut: draw(60, streams.heldOut), p };
}

/** One step of the scheme as a function of w: ρ is its length, so w is the whole state. */
const stepOf = (options) => (w) => alternate({ ...options, start: w, steps: 1 }).w;

/** The largest |eigenvalue| of the derivative of one step at its fixed point: the factor of linear convergence. */
function predictedRate(options, fixedPoint) {
  const step = stepOf(options);
  const columns = [...fixedPoint].map((_, j) => {
    const moved = (by) => step(fixedPoint.map((v, k) => (j === k ? v + by : v)));
    const [above, below] = [moved(1e-6), moved(-1e-6)];
    return [...above].map((v, k) => (v - below[k]) / 2e-6);
  });
  const { realEigenvalues: a, imaginaryEigenvalues: b } = new EigenvalueDecomposition(new Matrix(columns));
  return Math.max(...a.map((v, i) => Math.hypot(v, b[i])));
}

export function convergence() {
  const { training, heldOut, p } = problem(1);
  const scheme = {
    training: batchOf(training.x, training.y),
    heldOut: batchOf(heldOut.x, heldOut.y),
    regularizer: l2Norm(),
  };
  const start = normal(p, 5).map((v) => 0.1 * v);
  const thetaRate = 0.1;
  const table = {};
  const series = [];
  for (const rhoRate of [0.003, 0.01, 0.03, 0.1, 0.3, 0.9, 1.2, 1.3]) {
    const options = { ...scheme, thetaRate, rhoRate };
    const { w } = alternate({ ...options, start, steps: Math.min(20000, Math.round(60 / rhoRate) + 3000) });
    const { path } = alternate({ ...options, start, steps: Math.round(12 / rhoRate) + 800 });
    const limit = Math.hypot(...w);
    const distance = path.map((rho) => Math.abs(rho - limit));
    // Only the slowest mode is left here: late in the run, but well above rounding.
    const tail = distance.flatMap((d, i) =>
      d < 1e-4 * limit && d > 1e-11 * limit ? [[i, Math.log(d)]] : [],
    );
    const predicted = predictedRate(options, w);
    const last = distance.at(-1);
    table[rhoRate] = {
      'predicted rate': predicted.toFixed(5),
      'fitted rate':
        predicted < 1 && tail.length > 10
          ? Math.exp(
              slope(
                tail.map(([i]) => i),
                tail.map(([, d]) => d),
              ).slope,
            ).toFixed(5)
          : '–',
      'ρ in the end': path.at(-1).toFixed(6),
      status:
        last < 1e-3 * limit || (predicted < 1 && last < distance[0]) ? 'converges' : 'does not converge',
    };
    if (predicted < 1)
      series.push({
        name: `η_ρ ${rhoRate}`,
        x: distance.map((_, i) => i),
        y: distance.map((d) => d / limit),
      });
  }
  console.log(
    `Theorem 4.1: the alternating scheme on ridge, 40 × ${p}, η_θ = ${thetaRate}: factor of |ρ − ρ*| per ρ step`,
  );
  console.table(table);

  // The limit from starts of different lengths, and next to the best point of the path in many problems.
  const options = { ...scheme, thetaRate, rhoRate: 0.1 };
  const limits = [0.01, 0.1, 1, 3].map((scale) => {
    const { path } = alternate({ ...options, start: start.map((v) => 10 * scale * v), steps: 4000 });
    return path.at(-1);
  });
  console.log(
    `Theorem 4.5: ρ in the end from four starts: ${limits.map((rho) => rho.toFixed(9)).join(', ')}`,
  );
  const excess = { projected: [], moved: [] };
  for (let seed = 1; seed <= 50; seed++) {
    const { training: a, heldOut: b } = problem(seed);
    const fit = (gradient) =>
      new Ridge({ fitIntercept: false, gradient }).fit(a.x, a.y, { regularizationData: [b.x, b.y] })
        .learned[0];
    const [total, projected] = [fit('total'), fit('projected')];
    excess.projected.push(projected.validationLoss / total.validationLoss - 1);
    excess.moved.push(Math.abs(Math.log(projected.rho / total.rho)));
  }
  const percent = (xs, q) => `${(100 * quantile(xs, q)).toFixed(3)} %`;
  console.log(
    `The limit of the scheme beside the best λ, 50 problems: validation loss above it by ${percent(excess.projected, 0.5)} ` +
      `(median), ${percent(excess.projected, 0.9)} (9 of 10), ${percent(excess.projected, 1)} (worst); ` +
      `ρ apart by ${percent(excess.moved, 0.5)} (median)`,
  );
  saveFigure(new URL('../out/', import.meta.url), 'convergence', [
    {
      title: 'Distance of ρ from its limit',
      x: 'ρ step',
      y: '|ρ − ρ*| / ρ*',
      yLog: true,
      series: series.filter((s) => s.x.length < 700),
    },
  ]);
}
