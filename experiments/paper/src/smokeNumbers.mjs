// Numbers of small runs. A change that only moves or renames code must not change them:
//   node experiments/paper/src/smokeNumbers.mjs > experiments/paper/results/smoke.json
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { differencePenalty, l1Norm, l2Norm, smoothness } from '@crossreg/core';
import { Lasso, Ridge, SmoothingSpline } from '@crossreg/linear';
import { useWasm } from '@crossreg/tfjs-wasm';
import { alternate, batchOf } from './alternate.mjs';
import { execute } from './deep/execute.mjs';
import { knownRuns } from './deep/experiments.mjs';
import { profiles } from './deep/profiles.mjs';
import { dot, normal, rows } from './numbers.mjs';

/** In float64: the learned penalties of `linear`, and the alternating scheme of core with each norm. */
export function linearNumbers() {
  const p = 8;
  const truth = normal(p, 99);
  const draw = (count, seed) => {
    const x = rows(normal(count * p, seed), p);
    return { x, y: x.map((row, i) => dot(row, truth) + 2 * normal(count, seed + 1)[i]) };
  };
  const [training, heldOut] = [draw(30, 1), draw(40, 3)];
  const fitted = Object.fromEntries(
    Object.entries({ Ridge, Lasso }).map(([name, Model]) => {
      const model = new Model().fit(training.x, training.y, { folds: 5 });
      return [name, [model.rho, ...model.coefficients]];
    }),
  );
  const points = Array.from({ length: 40 }, (_, i) => i / 39);
  const wave = points.map((x, i) => Math.sin(6 * x) + 0.3 * normal(40, 5)[i]);
  const spline = new SmoothingSpline().fit(points, wave, { folds: 5 });
  const scheme = {
    ...{ training: batchOf(training.x, training.y), heldOut: batchOf(heldOut.x, heldOut.y) },
    ...{ start: normal(p, 7), steps: 300, thetaRate: 0.05, rhoRate: 0.05, every: 3 },
  };
  const norms = { l2: l2Norm(), l1: l1Norm(), smooth: smoothness(differencePenalty(p)) };
  const alternated = Object.entries(norms).flatMap(([norm, regularizer]) =>
    ['retracted', 'literal'].map((name) => [
      `${norm} ${name}`,
      [...alternate({ ...scheme, regularizer, scheme: name }).w],
    ]),
  );
  return {
    ...fitted,
    SmoothingSpline: [spline.rho, ...spline.predict(points)],
    ...Object.fromEntries(alternated),
  };
}

/**
 * Networks of the smoke profile, with and without learned noise, on wasm kernels and one thread. (Native kernels depend on the
 * instructions of the processor.)
 */
export async function networkNumbers() {
  await useWasm({ threads: 1, native: false });
  const numbers = {};
  for (const name of ['plain', 'cross', 'channels', 'cross-decay-cosine', 'transformer', 'population']) {
    const run = knownRuns(profiles.smoke).find((each) => each.name === name);
    const checkpoint = mkdtempSync(join(tmpdir(), 'crossreg-smoke-'));
    const { test, sigma, course } = await execute(run, profiles.smoke, { checkpoint, onStep() {} });
    rmSync(checkpoint, { recursive: true });
    const losses = course.flatMap(({ loss }) => loss ?? []);
    numbers[name] = [test.nll, test.brier, ...losses, ...Object.values(sigma).flat()];
  }
  return numbers;
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  const numbers = { linear: linearNumbers(), networks: await networkNumbers() };
  console.log(JSON.stringify(numbers, null, 1));
  process.exit(0);
}
