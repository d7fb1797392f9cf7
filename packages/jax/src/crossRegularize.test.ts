import {
  adam as coreAdam,
  createTrainer,
  exp,
  float64,
  l1Norm,
  l2Norm,
  noiseOptimizer,
  normLevel,
  type Regularizer,
  regularizationParameter,
} from '@crossreg/core';
import { defaultDevice, init, type Array as JaxArray, numpy as np, random } from '@jax-js/jax';
import { beforeAll, describe, expect, test } from 'vitest';
import { array, classifier, hidden, inputs, numbers, rows } from '../test/problems';
import { adam, crossRegularize, normOf, retractTo, saveState } from '.';

beforeAll(async () => {
  await init('cpu', 'wasm');
  defaultDevice('wasm');
});

const array64 = (n: number[], phase: number) =>
  float64.array(
    numbers(
      n.reduce((a, b) => a * b, 1),
      phase,
    ),
    n,
  );
const relative = (actual: number[], expected: ArrayLike<number>) =>
  Math.max(...actual.map((x, i) => Math.abs(x - expected[i]) / (1e-2 + Math.abs(expected[i]))));

/** A network with one hidden layer whose noise is given, so that core's float64 can say what must come out. */
function noisyRegression() {
  const draws = 2;
  const loss = (params: any, rho: any, { x, y }: any, key: JaxArray, samples: number) => {
    key.dispose();
    const pre = np.dot(x, params.first);
    const outputs = Array.from({ length: samples }, (_, k) => {
      const noise = array([rows, hidden], 10 + k).mul(rho.ref);
      const h = pre.ref.add(noise);
      // log(1 + eʰ), as core has it.
      return np.dot(np.log(np.exp(h).add(1)), params.second.ref);
    });
    const mean = outputs.reduce((a, b) => a.add(b)).div(samples);
    return np.sum(np.square(mean.sub(y))).div(rows);
  };
  const batch = (phase: number) => ({ x: array([rows, inputs], phase), y: array([rows, 1], phase + 5) });
  const loss64 = (first: any, second: any, sigma: () => any, phase: number, samples: number) => {
    const fw = float64;
    const [x, y] = [array64([rows, inputs], phase), array64([rows, 1], phase + 5)];
    const pre = fw.matMul(x, first);
    const outputs = Array.from({ length: samples }, (_, k) =>
      fw.matMul(fw.softplus(fw.add(pre, fw.mul(array64([rows, hidden], 10 + k), sigma()))), second),
    );
    const mean = fw.div(
      outputs.reduce((a, b) => fw.add(a, b)),
      fw.array(samples),
    );
    const error = fw.sub(mean, y);
    return fw.div(fw.sum(fw.mul(error, error)), fw.array(rows));
  };
  return { loss, loss64, batch, draws };
}

test('40 steps of a noisy network agree with core in float64', async () => {
  const { loss, loss64, batch, draws } = noisyRegression();
  const schedule = { every: 3, samples: draws, warmUp: 2 } as const;
  const method = crossRegularize<any, any, any>({
    trainLoss: (p, r, b, key) => loss(p, r, b, key, 1),
    regularizationLoss: loss,
    optimizer: adam({ learningRate: 0.02 }),
    ...schedule,
  });
  const params = { first: array([inputs, hidden], 1), second: array([hidden, 1], 2) };
  let state = method.init(params, 0.3);
  const losses: number[] = [];
  const key = random.key(0);
  for (let step = 0; step < 40; step++) {
    let value: JaxArray;
    [state, value] = method.step(state, batch(step % 3), () => batch(7), key.ref);
    losses.push((await value.data())[0]);
  }

  const fw = float64;
  const [first, second] = [fw.variable(array64([inputs, hidden], 1)), fw.variable(array64([hidden, 1], 2))];
  const raw = fw.variable(fw.array(Math.log(0.3)));
  const sigma = () => fw.exp(raw);
  const reference = createTrainer<any, number>({
    framework: fw,
    theta: [first, second],
    rho: [regularizationParameter(fw, { name: 'rho', variable: raw })],
    trainLoss: (phase) => loss64(first, second, sigma, phase, 1),
    regularizationLoss: (phase, { samples }) => loss64(first, second, sigma, phase, samples),
    schedule,
    thetaOptimizer: coreAdam({ learningRate: 0.02 }),
    rhoOptimizer: noiseOptimizer(schedule),
  });
  const expected = Array.from({ length: 40 }, (_, step) => reference.step(step % 3, () => 7).data[0]);
  await reference.history.flush();

  expect(relative(losses, expected)).toBeLessThan(1e-3);
  expect(relative(await state.params.first.js().flat(), first.data)).toBeLessThan(2e-3);
  const record = await method.history(state);
  expect(record.step).toEqual(reference.history.step);
  expect(record.step).toHaveLength(12);
  expect(relative(record.loss, reference.history.loss)).toBeLessThan(1e-3);
  expect(relative(record.rho.rho.value, reference.history.rho.rho.value)).toBeLessThan(2e-3);
  // σ has a path to follow.
  expect(Math.max(...record.rho.rho.value) / Math.min(...record.rho.rho.value)).toBeGreaterThan(1.03);
});

test('the gradient of a ρ step agrees with finite differences in float64', async () => {
  const { loss, loss64, batch, draws } = noisyRegression();
  const method = crossRegularize<any, any, any>({
    trainLoss: (p, r, b, key) => loss(p, r, b, key, 1).mul(0),
    regularizationLoss: loss,
    optimizer: adam({ learningRate: 1e-20 }),
    every: 1,
    samples: draws,
  });
  let state = method.init({ first: array([inputs, hidden], 1), second: array([hidden, 1], 2) }, 0.6);
  [state] = method.step(state, batch(0), () => batch(7), random.key(0));
  const { rho } = await method.history(state);
  const at = (raw: number) =>
    loss64(
      array64([inputs, hidden], 1),
      array64([hidden, 1], 2),
      () => float64.array(Math.exp(raw)),
      7,
      draws,
    ).data[0];
  const h = 1e-5;
  const difference = (at(Math.log(0.6) + h) - at(Math.log(0.6) - h)) / (2 * h);
  expect(Math.abs(difference)).toBeGreaterThan(0.01);
  expect(Math.abs(rho.rho.gradient[0] / difference - 1)).toBeLessThan(1e-4);
});

describe.each<[string, Regularizer]>([
  ['l2', l2Norm()],
  ['l1', l1Norm({ steps: 12 })],
])('%s', (_, regularizer) => {
  test('a norm level moves as in core', async () => {
    // Least squares: the weights move on the level set, the regularization set moves the level.
    const error = (w: JaxArray, { x, y }: any) => np.mean(np.square(np.dot(x, w).sub(y)));
    const method = crossRegularize<any, any, any>({
      trainLoss: (params, _, batch) => error(params.w, batch),
      regularizationLoss: (params, _, batch) => error(params.w, batch),
      optimizer: adam({ learningRate: 0.02 }),
      every: 4,
      retract(params, rho) {
        const [w] = retractTo(regularizer, [params.w], rho.w);
        return { ...params, w };
      },
    });
    const w = array([inputs, 1], 3);
    let state = method.init({ w: w.ref }, { w: normOf(regularizer, [w]) });
    const batch = (phase: number) => ({ x: array([rows, inputs], phase), y: array([rows, 1], phase + 5) });
    for (let step = 0; step < 40; step++) {
      [state] = method.step(state, batch(step % 3), () => batch(7), random.key(0));
    }

    const fw = float64;
    const w64 = fw.variable(array64([inputs, 1], 3));
    const level = fw.variable(fw.log(regularizer.value(fw, [w64])));
    const error64 = (phase: number) => {
      const e = fw.sub(fw.matMul(array64([rows, inputs], phase), w64), array64([rows, 1], phase + 5));
      return fw.div(fw.sum(fw.mul(e, e)), fw.array(rows));
    };
    const reference = createTrainer<any, number>({
      framework: fw,
      theta: [w64],
      rho: [normLevel(fw, { name: 'w', weights: [w64], regularizer, variable: level, bijector: exp })],
      trainLoss: error64,
      regularizationLoss: error64,
      schedule: { every: 4 },
      thetaOptimizer: coreAdam({ learningRate: 0.02 }),
      rhoOptimizer: noiseOptimizer({ every: 4 }),
    });
    for (let step = 0; step < 40; step++) reference.step(step % 3, () => 7);
    await reference.history.flush();
    const { rho } = await method.history(state);
    expect(relative(rho.w.value, reference.history.rho.w.value)).toBeLessThan(2e-3);
    expect(relative(rho.w.gradient, reference.history.rho.w.gradient)).toBeLessThan(2e-2);
    const final = state.params.w.js().flat() as number[];
    expect(relative(final, w64.data)).toBeLessThan(1e-2);
    expect(normOf(regularizer, [np.array(final)]).js()).toBeCloseTo(rho.w.value.at(-1)!, 4);
  });
});

test('a step that is not finite leaves the state unchanged, and is counted', async () => {
  const { method, params, batch } = classifier();
  const bad = () => ({
    ...batch(1),
    x: np.array(new Float32Array(rows * inputs).fill(Number.NaN), { shape: [rows, inputs] }),
  });
  let state = method.init(params(), { hidden: 0.3 });
  [state] = method.step(state, batch(0), () => batch(1), random.key(0));
  const before = await saveState(state);
  [state] = method.step(state, bad(), bad, random.key(0));
  const after = await saveState(state);
  const different = after.leaves.filter(
    ({ values }, i) => String(values) !== String(before.leaves[i].values),
  );
  expect(different.map(({ name }) => name)).toEqual(['skipped']);
  expect(state.skipped.ref.js()).toBe(1);
  const record = await method.history(state);
  expect([record.skipped, record.step]).toEqual([1, [2]]);
  [state] = method.step(state, batch(0), () => batch(1), random.key(0));
  const next = await saveState(state);
  expect(String(next.leaves[0].values)).not.toBe(String(after.leaves[0].values));
});

test('a run continues with the same state after a regularization batch was missing', async () => {
  const { method, params, batch } = classifier();
  const run = async (isMissing: boolean) => {
    let state = method.init(params(), { hidden: 0.3 });
    [state] = method.step(state, batch(0), () => batch(1), random.key(0));
    const [own, key] = [batch(0), random.key(0)];
    if (isMissing) {
      const fails = () => {
        throw new Error('fetch failed');
      };
      expect(() => method.step(state, own, fails, key)).toThrow('fetch failed');
      const ended = () => undefined;
      expect(() => method.step(state, own, ended, key)).toThrow(
        /nextRegularizationBatch: returned undefined at step 1, where a ρ step is due/,
      );
    }
    [state] = method.step(state, own, () => batch(1), key);
    return saveState(state);
  };
  expect(await run(true)).toEqual(await run(false));
});

test('bad options are refused by name', () => {
  const { method, params } = classifier();
  const losses = { trainLoss: () => np.zeros([]), regularizationLoss: () => np.zeros([]) };
  const optimizer = adam({ learningRate: 0.1 });
  expect(() => crossRegularize({ ...losses, optimizer: {} as any })).toThrow(
    /optimizer: must be an optimizer of this package, with functions init/,
  );
  expect(() => crossRegularize({ ...losses, optimizer, trainLoss: 3 as any })).toThrow(
    /trainLoss: must be a function/,
  );
  expect(() => crossRegularize({ ...losses, optimizer, every: 0 })).toThrow(
    /every: must be 'auto' or an integer/,
  );
  expect(() => crossRegularize({ ...losses, optimizer, evry: 2 } as any)).toThrow(/every/);
  expect(() => method.init(params(), { hidden: -1 })).toThrow(/rho.hidden: must be strictly between 0/);
});
