// Lasso.fit with 5 folds against scikit-learn's LassoCV on the same data and folds: times as ratios of medians, and whether the
// results agree. It needs a Python with scikit-learn (PYTHON names it; default python3), and is skipped without one.
//   PYTHON=/usr/bin/python3 node benchmarks/src/lasso.mjs
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { float64 as fw } from '@crossreg/core';
import { diabetes } from '@crossreg/datasets';
import { Lasso } from '@crossreg/linear';

const python = process.env.PYTHON ?? 'python3';
const script = fileURLToPath(new URL('./lassoCV.py', import.meta.url));

/** y depends on 20 of the columns, with noise as large as the signal. */
function synthetic(n, p) {
  const { data } = fw.normal([n, p], 1);
  const { data: noise } = fw.normal([n], 2);
  const targets = Float64Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let j = 0; j < 20; j++) sum += data[i * p + j * Math.floor(p / 20)] * (1 - j / 40);
    return sum + noise[i] * 4;
  });
  return { features: data, targets, shape: [n, p] };
}

const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
const problems = [
  { name: 'diabetes 442 × 10', rounds: 15, ...(await diabetes({ scaled: true })) },
  { name: 'synthetic 5,000 × 500', rounds: 5, ...synthetic(5000, 500) },
];

const rows = [];
for (const { name, rounds, features, targets, shape } of problems) {
  const [n, p] = shape;
  const folds = Array.from({ length: n }, (_, i) => Math.floor((i * 5) / n));
  const times = [];
  let ours;
  for (let i = 0; i < rounds; i++) {
    const started = performance.now();
    ours = new Lasso().fit({ data: features, shape }, targets, { folds });
    if (i > 0) times.push((performance.now() - started) / 1000);
  }
  const part = (from, to) => ({ data: features.subarray(from * p, to * p), shape: [to - from, p] });
  const cut = folds.indexOf(4);
  const split = new Lasso().fit(part(0, cut), targets.subarray(0, cut), {
    regularizationData: [part(cut, n), targets.subarray(cut)],
  });
  const zeros = ours.coefficients.filter((w) => w === 0).length;
  const row = { 'our zeros': zeros, 'our CV loss': ours.validationLoss.toPrecision(6) };
  const folder = mkdtempSync(join(tmpdir(), 'crossreg-'));
  try {
    writeFileSync(join(folder, 'x'), features);
    writeFileSync(join(folder, 'y'), targets);
    const { status, stderr, error } = spawnSync(python, [script, folder, n, p, rounds], { encoding: 'utf8' });
    if (status !== 0) {
      const reason = error?.message ?? stderr.trim().split('\n').at(-1);
      console.error(
        `✖ SKIPPED the comparison with scikit-learn (${reason}). Set PYTHON to a Python that has it.`,
      );
    } else {
      const theirs = JSON.parse(readFileSync(join(folder, 'result.json'), 'utf8'));
      Object.assign(row, {
        'LassoCV zeros': theirs.coefficients.filter((w) => w === 0).length,
        'LassoCV CV loss': theirs.loss.toPrecision(6),
        'time over LassoCV': (median(times) / median(theirs.seconds)).toFixed(2),
        'over its exact path': (median(times) / median(theirs.lars)).toFixed(2),
        'one split: loss over the best of 1,000 λ': (split.validationLoss / theirs.split.loss).toFixed(6),
        'zeros that differ': theirs.split.coefficients.filter(
          (w, j) => (w === 0) !== (split.coefficients[j] === 0),
        ).length,
        'scikit-learn': theirs.version,
      });
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
  rows.push([name, row]);
}
console.log('Lasso.fit with 5 folds against LassoCV (100 λ) and LassoLarsCV of scikit-learn, same folds');
for (const [name, row] of rows) {
  console.log(`\n${name}`);
  console.table(row);
}
