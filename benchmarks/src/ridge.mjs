// 200 random ridge problems: does cross-regularization reach the best validation loss of the path? This file finds the best one
// by a dense grid over λ and golden section, with a separate factorization.
//   node benchmarks/src/ridge.mjs [problems]
import { float64 as fw, uniform } from '@crossreg/core';
import { Ridge } from '@crossreg/linear';
import { Matrix, QrDecomposition, SVD } from 'ml-matrix';

const count = Number(process.argv[2] ?? 200);

/** Training and held-out examples: X with a given condition number and some collinear columns, y with a given noise. */
function problem(seed) {
  const next = uniform(seed);
  const logUniform = (low, high) => Math.exp(Math.log(low) + next() * Math.log(high / low));
  const n = Math.round(logUniform(20, 500));
  const p = Math.round(logUniform(2, 400));
  const held = Math.round(logUniform(10, 200));
  const condition = logUniform(1, 1e6);
  const noise = [0, 0.1, 1, 10][Math.floor(next() * 4)];
  const collinear = next() < 0.3;
  const draw = (rows, columns, part) =>
    Matrix.from1DArray(rows, columns, fw.normal([rows, columns], seed * 16 + part).data);
  // Columns with spread-out scales in a random basis: Σ^½ Qᵀ.
  const scales = Array.from({ length: p }, (_, j) => condition ** (-j / Math.max(1, p - 1)));
  const rotation = new QrDecomposition(draw(p, p, 1)).orthogonalMatrix;
  const mix = rotation.mulRowVector(scales).mmul(rotation.transpose());
  const rows = (m, part) => {
    const x = draw(m, p, part).mmul(mix);
    if (collinear && p > 2) for (let i = 0; i < m; i++) x.set(i, p - 1, x.get(i, 0) - 2 * x.get(i, 1));
    return x;
  };
  const truth = draw(p, 1, 2);
  const [x, xHeld] = [rows(n, 3), rows(held, 4)];
  const spread = (v) => Math.sqrt(v.to1DArray().reduce((sum, a) => sum + a * a, 0) / v.rows);
  const signal = x.mmul(truth);
  const size = noise * spread(signal);
  const y = signal.add(draw(n, 1, 5).mul(size));
  const yHeld = xHeld.mmul(truth).add(draw(held, 1, 6).mul(size));
  return { n, p, held, condition, noise, collinear, x, y, xHeld, yHeld };
}

/** The best validation loss over a dense grid of λ, refined by golden section, and the prediction there. */
function best({ x, y, xHeld, yHeld }) {
  const means = x.mean('column');
  const yMean = y.mean();
  const centered = x.clone().subRowVector(means);
  const svd = new SVD(centered, { autoTranspose: true });
  const s = svd.diagonal;
  const b = svd.leftSingularVectors.transpose().mmul(y.clone().sub(yMean));
  const scores = xHeld.clone().subRowVector(means).mmul(svd.rightSingularVectors);
  const largest = Math.max(...s);
  const predict = (lambda) =>
    scores.mmul(
      new Matrix(s.map((v, i) => [v > largest * 1e-13 ? (v * b.get(i, 0)) / (v * v + lambda) : 0])),
    );
  const loss = (lambda) => {
    const residual = predict(lambda).add(yMean).sub(yHeld);
    return residual.to1DArray().reduce((sum, r) => sum + r * r, 0) / yHeld.rows;
  };
  const at = (u) => loss(largest ** 2 * Math.exp(u));
  const [low, high, points] = [-45, 25, 700];
  let [bestU, bestLoss] = [0, Number.POSITIVE_INFINITY];
  let minima = 0;
  let before = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  for (let i = 0; i <= points; i++) {
    const u = low + ((high - low) * i) / points;
    const value = at(u);
    if (value < bestLoss) [bestU, bestLoss] = [u, value];
    if (before[1] < before[0] * (1 - 1e-9) && before[1] < value * (1 - 1e-9)) minima += 1;
    before = [before[1], value];
  }
  const golden = (Math.sqrt(5) - 1) / 2;
  let [a, c] = [bestU - 0.1, bestU + 0.1];
  for (let i = 0; i < 60; i++) {
    const [l, r] = [c - golden * (c - a), a + golden * (c - a)];
    if (at(l) < at(r)) c = r;
    else a = l;
  }
  const options = [0, largest ** 2 * Math.exp((a + c) / 2), Number.MAX_VALUE];
  const lambda = options.reduce((least, l) => (loss(l) < loss(least) ? l : least));
  return { lambda, loss: loss(lambda), prediction: predict(lambda), minima };
}

const results = [];
for (let seed = 1; seed <= count; seed++) {
  const given = problem(seed);
  const { x, y, xHeld, yHeld } = given;
  const array = (m) => ({ data: Float64Array.from(m.to1DArray()), shape: [m.rows, m.columns] });
  const optimum = best(given);
  const row = { seed, ...given, optimum };
  const power = yHeld.to1DArray().reduce((sum, v) => sum + v * v, 0) / yHeld.rows;
  for (const [name, options] of Object.entries({
    lowest: {},
    first: { earlyStopping: true },
    projected: { gradient: 'projected' },
  })) {
    const fit = new Ridge(options).fit(array(x), y.to1DArray(), {
      regularizationData: [array(xHeld), yHeld.to1DArray()],
    });
    const [learned] = fit.learned;
    // Without noise the best loss is only rounding, so the excess is counted from 1e-12 of the targets' power.
    const excess = (learned.validationLoss - optimum.loss) / (optimum.loss + 1e-12 * power);
    const prediction = fit.predict(array(xHeld));
    let [gap, size] = [0, 0];
    const yMean = y.mean();
    prediction.forEach((v, i) => {
      gap += (v - yMean - optimum.prediction.get(i, 0)) ** 2;
      size += optimum.prediction.get(i, 0) ** 2;
    });
    row[name] = {
      excess,
      distance: Math.sqrt(gap / (size + 1e-12 * power * yHeld.rows)),
      ...learned,
      steps: learned.history.length,
    };
  }
  results.push(row);
  process.stderr.write(`\r${seed}/${count}`);
}
process.stderr.write('\n');

const quantile = (xs, q) => [...xs].sort((a, b) => a - b)[Math.min(xs.length - 1, Math.floor(q * xs.length))];
const summary = (name) => {
  const excess = results.map((row) => row[name].excess);
  return {
    'within 0.1 %': excess.filter((e) => e <= 1e-3).length,
    'w within 1 %': results.filter((row) => row[name].distance <= 0.01).length,
    'median excess': quantile(excess, 0.5).toExponential(1),
    '90 %': quantile(excess, 0.9).toExponential(1),
    worst: Math.max(...excess).toExponential(1),
    'median steps': quantile(
      results.map((row) => row[name].steps),
      0.5,
    ),
  };
};
console.log(`${count} ridge problems: validation loss over the best of a dense λ grid`);
console.table({
  'ρ follows the path (default)': summary('lowest'),
  'the same, stopping at the first minimum': summary('first'),
  'projected gradient (the alternating scheme)': summary('projected'),
});
console.log(
  `${results.filter(({ optimum }) => optimum.minima > 1).length} have more than one local minimum inside the grid`,
);
const missed = results.filter(({ lowest }) => !(lowest.excess <= 1e-3 && lowest.distance <= 0.01));
console.log(`${missed.length} problems outside 0.1 % in loss or 1 % in prediction`);
console.table(
  missed.map(({ seed, n, p, condition, noise, collinear, lowest, optimum }) => ({
    seed,
    n,
    p,
    condition: condition.toExponential(0),
    noise,
    collinear,
    excess: lowest.excess.toExponential(1),
    distance: lowest.distance.toExponential(1),
    lambda: lowest.lambda.toExponential(1),
    best: optimum.lambda.toExponential(1),
    status: lowest.status,
    minima: lowest.minima,
    loss: optimum.loss,
  })),
);
