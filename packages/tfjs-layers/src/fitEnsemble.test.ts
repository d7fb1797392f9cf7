import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildSources } from '../test/buildSources';
import type { CheckpointStore } from './checkpointStore';
import type { Ensemble } from './ensemble';
import { type EnsembleProgress, type FitEnsembleOptions, fitEnsemble, type MemberInfo } from './fitEnsemble';
import { l2 } from './norms';

beforeAll(() => tf.setBackend('cpu'));
// Inside the package, so that a program there finds TensorFlow.js; not in git.
const cache = fileURLToPath(new URL('../.cache', import.meta.url));
mkdirSync(cache, { recursive: true });
const root = mkdtempSync(join(cache, 'ensemble-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${folders++}`);

const x = tf.randomNormal([60, 3], 0, 1, 'float32', 1);
const labels = Array.from({ length: 60 }, (_, i) => i % 3);
const y = tf.oneHot(tf.tensor1d(labels, 'int32'), 3).toFloat();

function createModel({ seed }: MemberInfo) {
  const init = (i: number) => tf.initializers.glorotNormal({ seed: seed + i });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({ units: 4, inputShape: [3], activation: 'relu', kernelInitializer: init(0) }),
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(1) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.02), loss: 'categoricalCrossentropy' });
  return model;
}
const fit = { epochs: 3, batchSize: 8, verbose: 0 } as const;
const options: FitEnsembleOptions = {
  regularizationData: { folds: 3, stratified: true },
  ...{ noise: true, every: 2, samples: 2, batchSize: 5, fit },
};
const bits = ({ members }: Ensemble) =>
  members.map((member) =>
    member.weights.map((w) => [...new Uint8Array(new Float32Array(w.read().dataSync()).buffer)]),
  );
/** Throws in the middle of an epoch of a member. */
const breakAt = (member: number, epoch: number) => {
  let [began, now] = [-1, 0];
  return new tf.CustomCallback({
    onTrainBegin: async () => {
      began += 1;
    },
    onEpochBegin: async (e) => {
      now = e;
    },
    onBatchEnd: async (batch) => {
      if (began === member && now === epoch && batch === 2) throw new Error('broken off');
    },
  });
};

test('every member trains on the examples outside its fold, all folds together are the data, and nothing leaks', async () => {
  // What the members' θ steps see: the first input is the example's number.
  const numbered = tf.concat([tf.range(0, 60).expandDims(1), x.slice([0, 1])], 1) as tf.Tensor2D;
  const seen: Set<number>[] = [];
  const progress: EnsembleProgress[] = [];
  const before = tf.memory().numTensors;
  const ensemble = await fitEnsemble(
    (info) => {
      const model = createModel(info);
      const set = new Set<number>();
      seen.push(set);
      const [first] = model.layers;
      const call = first.call.bind(first);
      first.call = (inputs, kwargs) => {
        if (kwargs.training)
          for (const row of ([inputs].flat()[0] as tf.Tensor2D).arraySync()) set.add(row[0]);
        return call(inputs, kwargs);
      };
      return model;
    },
    numbered,
    y,
    {
      ...options,
      regularizationData: { folds: 5, stratified: true },
      onProgress: ({ logs, ...one }) => progress.push({ ...one, logs: { ...logs } }),
    },
  );
  expect(ensemble.members).toHaveLength(5);
  const held = seen.map((set) => Array.from({ length: 60 }, (_, i) => i).filter((i) => !set.has(i)));
  expect(held.flat().sort((a, b) => a - b)).toEqual(Array.from({ length: 60 }, (_, i) => i));
  for (const fold of held) {
    expect([0, 1, 2].map((c) => fold.filter((i) => labels[i] === c).length)).toEqual([4, 4, 4]);
  }
  expect(progress.map(({ member, members, epoch, epochs }) => [member, members, epoch, epochs])).toEqual(
    [0, 1, 2, 3, 4].flatMap((member) => [1, 2, 3].map((epoch) => [member, 5, epoch, 3])),
  );
  expect(Object.keys(progress[0].logs)).toContain('regularization_loss');
  // Two kernels, two biases, σ, and the moving deviation of each member.
  expect(tf.memory().numTensors - before).toBe(5 * ensemble.members[0].weights.length);
  ensemble.dispose();
  expect(tf.memory().numTensors).toBe(before);
  numbered.dispose();
});

test('resumed repeatedly, member by member, it ends with identical results; a finished one is returned at once', async () => {
  const run = (checkpoint?: FitEnsembleOptions['checkpoint'], callbacks?: tf.CustomCallback, seed = 4) =>
    fitEnsemble(createModel, x, y, { ...options, seed, checkpoint, fit: { ...fit, callbacks } as never });
  const straight = bits(await run());
  const folder = newFolder();
  const before = tf.memory().numTensors;
  await expect(run(folder, breakAt(0, 1))).rejects.toThrow('broken off');
  await expect(run(folder, breakAt(1, 2))).rejects.toThrow('broken off');
  // Everything is freed, except what fitDataset itself leaves of the interrupted batch.
  expect(tf.memory().numTensors).toBe(before + 2 * (await leftByFitDataset()));
  expect(bits(await run(folder))).toEqual(straight);
  let steps = 0;
  const count = new tf.CustomCallback({
    onBatchEnd: async () => {
      steps += 1;
    },
  });
  expect(bits(await run(folder, count))).toEqual(straight);
  expect(steps).toBe(0);
  await expect(run(folder, undefined, 5)).rejects.toThrow(
    /^checkpoint: comes from another run: .*cross\.seed is/,
  );

  // The same with stores; another seed gives another ensemble.
  const kept = new Map<number, Uint8Array>();
  const store = (member: number): CheckpointStore => ({
    read: async () => kept.get(member),
    write: async (bundle) => void kept.set(member, bundle),
    remove: async () => void kept.delete(member),
  });
  expect(bits(await run(store))).toEqual(straight);
  expect([...kept.keys()]).toEqual([0, 1, 2]);
  expect(bits(await run(undefined, undefined, 5))).not.toEqual(straight);
});

/** Tensors that stock `fitDataset` does not free when a callback throws at the end of a batch. */
async function leftByFitDataset(): Promise<number> {
  const { numTensors } = tf.memory();
  const model = createModel({ member: 0, seed: 1 });
  const data = tf.data.array([0, 1, 2, 3]).map(() => ({ xs: x.clone(), ys: y.clone() }));
  const args = { epochs: 1, verbose: 0, callbacks: breakAt(0, 0) } as const;
  await expect(model.fitDataset(data as never, args)).rejects.toThrow('broken off');
  model.dispose();
  model.optimizer.dispose();
  return tf.memory().numTensors - numTensors;
}

test('a program that is killed with SIGKILL in its second member and restarted ends with identical results', async () => {
  await buildSources({ layers: '../src/index.ts' }, root);
  const file = join(root, 'program.mjs');
  writeFileSync(
    file,
    `import * as tf from '@tensorflow/tfjs';
    import { fitEnsemble } from './layers.mjs';
    await tf.setBackend('cpu');
    const x = tf.randomNormal([40, 3], 0, 1, 'float32', 1);
    const y = tf.sum(x, 1, true);
    const createModel = ({ seed }) => {
      const init = (i) => tf.initializers.glorotNormal({ seed: seed + i });
      const model = tf.sequential({ layers: [
        tf.layers.dense({ units: 4, inputShape: [3], activation: 'relu', kernelInitializer: init(0) }),
        tf.layers.dense({ units: 1, kernelInitializer: init(1) }),
      ] });
      model.compile({ optimizer: tf.train.adam(0.02), loss: 'meanSquaredError' });
      return model;
    };
    const ensemble = await fitEnsemble(createModel, x, y, {
      regularizationData: { folds: 3 }, noise: true, checkpoint: process.argv[2],
      fit: {
        epochs: 3, batchSize: 8, verbose: 0,
        callbacks: { onBatchEnd: async () => { await new Promise((go) => setTimeout(go, 5)); } },
      },
      onProgress: ({ member, epoch }) => console.log('at', member, epoch),
    });
    const { mean, between, within } = ensemble.predict(x);
    console.log('result', JSON.stringify([mean, between, within].map((t) => [...t.dataSync()])));`,
  );
  const start = (folder: string, killAt?: string) =>
    new Promise<string>((resolve) => {
      const child = spawn(process.execPath, [file, folder], { stdio: ['ignore', 'pipe', 'ignore'] });
      let output = '';
      child.stdout.on('data', (data) => {
        output += data;
        if (killAt && output.includes(killAt)) child.kill('SIGKILL');
      });
      child.on('close', () => resolve(output));
    });
  const straight = await start(newFolder());
  expect(straight.match(/^at /gm)).toHaveLength(9);
  const folder = newFolder();
  const killed = await start(folder, 'at 1 2\n');
  expect(killed).not.toContain('result');
  const resumed = await start(folder);
  expect(resumed).not.toContain('at 0');
  expect(resumed).toContain('at 2 3');
  expect(resumed.split('result ')[1]).toBe(straight.split('result ')[1]);
}, 120_000);

/** The examples that each member of an ensemble holds out, found by what its noise-free fit never sees. */
async function heldOut(regularizationData: FitEnsembleOptions['regularizationData'], members?: number) {
  const numbered = tf.tidy(() => tf.range(0, 60).expandDims(1));
  const seen: Set<number>[] = [];
  const ensemble = await fitEnsemble(
    () => {
      const model = tf.sequential({
        layers: [tf.layers.dense({ units: 3, inputShape: [1], activation: 'softmax' })],
      });
      model.compile({ optimizer: tf.train.sgd(1e-6), loss: 'categoricalCrossentropy' });
      const set = new Set<number>();
      seen.push(set);
      const call = model.layers[0].call.bind(model.layers[0]);
      model.layers[0].call = (inputs, kwargs) => {
        if (kwargs.training) for (const [i] of ([inputs].flat()[0] as tf.Tensor2D).arraySync()) set.add(i);
        return call(inputs, kwargs);
      };
      return model;
    },
    numbered,
    y,
    { regularizationData, members, regularizers: [l2()], fit: { epochs: 1, verbose: 0 } },
  );
  numbered.dispose();
  ensemble.dispose();
  return seen.map((set) => Array.from({ length: 60 }, (_, i) => i).filter((i) => !set.has(i)));
}

test('independent members have separate splits, or one fold held out of all; norms on sequential models', async () => {
  const before = tf.memory().numTensors;
  const splits = await heldOut({ split: 0.2, stratified: true }, 2);
  expect(splits.map(({ length }) => length)).toEqual([12, 12]);
  expect(splits[0]).not.toEqual(splits[1]);
  const same = await heldOut({ folds: 5, fold: 2, stratified: true }, 3);
  expect(same[0]).toHaveLength(12);
  expect(same[1]).toEqual(same[0]);
  expect(same[2]).toEqual(same[0]);
  const folds = await heldOut({ folds: 5, stratified: true });
  expect(folds[2]).toEqual(same[0]);
  const groups = labels.map((_, i) => Math.floor(i / 6));
  for (const fold of await heldOut({ folds: 5, groups })) {
    expect(fold).toHaveLength(12);
    expect(new Set(fold.map((i) => groups[i])).size).toBe(2);
  }
  expect(tf.memory().numTensors).toBe(before);
});

describe('is refused before the first step:', () => {
  const rare = tf
    .oneHot(
      tf.tensor1d(
        labels.map((c, i) => (i < 2 ? 2 : c % 2)),
        'int32',
      ),
      3,
    )
    .toFloat();
  const shared = () => {
    const layer = tf.layers.dense({ name: 'common', units: 3, inputShape: [3], activation: 'softmax' });
    return () => {
      const model = tf.sequential({ layers: [layer] });
      model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
      return model;
    };
  };
  const oneOptimizer = () => {
    const optimizer = tf.train.sgd(0.1);
    return (info: MemberInfo) => {
      const model = createModel(info);
      model.compile({ optimizer, loss: 'categoricalCrossentropy' });
      return model;
    };
  };
  const wider = (info: MemberInfo) => {
    const model = tf.sequential({
      layers: [tf.layers.dense({ units: 3 + info.member, inputShape: [3], activation: 'softmax' })],
    });
    model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
    return model;
  };
  test.each<[string, Partial<FitEnsembleOptions>, string | RegExp, { y?: tf.Tensor; create?: unknown }?]>([
    [
      'a fold without a class',
      { regularizationData: { folds: 3, stratified: true } },
      /^regularizationData.folds: leave no example of class 2 in fold \d. Give at least 3 examples of each class/,
      { y: rare },
    ],
    [
      'a class in one group',
      { regularizationData: { folds: 3, groups: labels } },
      'regularizationData.folds: leave no example of class',
    ],
    [
      'fewer groups than folds',
      { regularizationData: { folds: 4, groups: labels } },
      'are 4, but there are 3 groups',
    ],
    ['more folds than examples', { regularizationData: { folds: 61 } }, 'are 61, but there are 60 examples'],
    [
      'a split of a member that lacks a class',
      { regularizationData: { split: 0.05, stratified: false }, members: 5 },
      'regularizationData.split: leaves no example of class',
      { y: rare },
    ],
    [
      'one fold',
      { regularizationData: { folds: 1 } },
      'regularizationData.folds: must be an integer of at least 2',
    ],
    ['members beside folds', { members: 4 }, 'members: is 4, but there are 3 folds'],
    ['no members', { regularizationData: { split: 0.2 } }, 'members: is missing'],
    ['no data', { regularizationData: undefined, members: 2 }, 'regularizationData: is missing'],
    ['an unknown option', { epochs: 3 } as never, 'epochs: is not an option of fitEnsemble'],
    [
      'one store for all',
      { checkpoint: 5 as never },
      'checkpoint: must be the name of a folder or a function',
    ],
    [
      'an uncompiled model',
      {},
      'createModel: returned',
      { create: () => tf.sequential({ layers: [tf.layers.dense({ units: 3, inputShape: [3] })] }) },
    ],
    [
      'no model',
      {},
      'createModel: must return a tf.LayersModel, but returned undefined',
      { create: () => undefined },
    ],
    ['no function', {}, 'createModel: must be a function', { create: 5 }],
    ['a shared layer', {}, 'createModel: gave member 1 the layer common of member 0', { create: shared() }],
    [
      'a shared optimizer',
      {},
      'createModel: gave member 1 the optimizer of member 0',
      { create: oneOptimizer() },
    ],
    [
      'other outputs',
      {},
      'createModel: has outputs of shape [any,3] in member 0, but [any,4] in member 1',
      { create: wider },
    ],
    ['targets that do not fit', {}, 'x, y: the target of output', { y: tf.zeros([60, 2]) }],
  ])('%s', async (_, change, message, { y: targets = y, create = createModel } = {}) => {
    let trained = false;
    const callbacks = new tf.CustomCallback({
      onTrainBegin: async () => {
        trained = true;
      },
    });
    const before = tf.memory().numTensors;
    await expect(
      fitEnsemble(create as never, x, targets, {
        ...options,
        fit: { ...fit, callbacks },
        ...change,
      }),
    ).rejects.toThrow(message);
    expect(trained).toBe(false);
    // The caller keeps a refused model.
    if (create === createModel) expect(tf.memory().numTensors).toBe(before);
  });
});
