import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveSeed, permutation, sgd } from '@crossreg/core';
import { seedNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Checkpoint, checkpoint } from './checkpoint';
import { type CrossRegularization, crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';
import { modelState } from './modelState';
import { l2 } from './norms';
import { predict } from './predict';

beforeAll(() => tf.setBackend('cpu'));
const root = mkdtempSync(join(tmpdir(), 'crossreg-checkpoint-'));
afterAll(() => rmSync(root, { recursive: true }));
let folders = 0;
const newFolder = () => join(root, `${folders++}`);

const numbers = (count: number, width: number, seed: number) =>
  tf.randomNormal([count, width], 0, 1, 'float32', seed);
const [x, xReg] = [numbers(32, 4, 1), numbers(24, 4, 2)];
const classOf = (examples: tf.Tensor) =>
  tf.oneHot(examples.slice([0, 0], [-1, 3]).argMax(1), 3).cast('float32');
const [y, yReg] = [classOf(x), classOf(xReg)];

const optimizers: Record<string, () => tf.Optimizer> = {
  adam: () => tf.train.adam(0.01),
  momentum: () => tf.train.momentum(0.01, 0.9),
  rmsprop: () => tf.train.rmsprop(0.01, 0.9, 0.5),
  'centered rmsprop': () => tf.train.rmsprop(0.01, 0.9, 0.5, 1e-7, true),
  adagrad: () => tf.train.adagrad(0.01),
  adadelta: () => tf.train.adadelta(0.1),
  sgd: () => tf.train.sgd(0.1),
};

/** A network with batch normalization and a constraint, which must not be applied again on restore. */
function network({ optimizer = 'adam', units = 6, activation = 'relu' as 'relu' | 'tanh', noise = false }) {
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });
  const plain = tf.sequential({
    layers: [
      tf.layers.dense({
        units,
        inputShape: [4],
        kernelInitializer: init(1),
        kernelConstraint: tf.constraints.unitNorm({ axis: 0 }),
      }),
      tf.layers.batchNormalization(),
      tf.layers.activation({ activation }),
      tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(2) }),
    ],
  });
  const model = noise ? injectNoise(plain, { per: 'channel' }) : plain;
  model.compile({ optimizer: optimizers[optimizer](), loss: 'categoricalCrossentropy' });
  return model;
}

interface Progress {
  step: number;
  losses: number[];
}

interface Run {
  model: tf.LayersModel;
  cross?: CrossRegularization;
}

/** A user's loop: the order of batches follows from the step, and a checkpoint is saved now and then. */
async function train({ model, cross }: Run, kept: Checkpoint<Progress>, to: number): Promise<number[]> {
  seedNoise(7);
  const { step: from, losses } = (await kept.restore()) ?? { step: 0, losses: [] };
  for (let step = from; step < to; step++) {
    const order = permutation(32, deriveSeed(3, Math.floor(step / 4))).slice(
      (step % 4) * 8,
      (step % 4) * 8 + 8,
    );
    const at = tf.tensor1d([...order], 'int32');
    const batch = [tf.gather(x, at), tf.gather(y, at)];
    const loss = await (cross ?? model).trainOnBatch(
      ...((cross ? [model, ...batch] : batch) as [never, never, never]),
    );
    losses.push(loss as number);
    tf.dispose([at, batch]);
    // 0.9¹² by twelve products and by one power are different numbers: Adam restored by `setWeights` alone would differ.
    if (step % 11 === 10) await kept.save({ step: step + 1, losses });
  }
  return losses;
}

const bits = (tensors: readonly tf.Tensor[]) =>
  tensors.map((tensor) => [...new Uint8Array(new Float32Array(tensor.dataSync()).buffer)]);
/** The complete result of a run, to the bit. */
async function outcome({ model, cross }: Run, losses: number[]) {
  const { weights, optimizer } = await modelState(model);
  await cross?.onEpochEnd(0);
  const trained = cross?.toModel() ?? model;
  return {
    losses,
    weights: bits([...weights, ...trained.weights.map((weight) => weight.read())]),
    optimizer: bits([
      ...optimizer.weights.map(({ tensor }) => tensor),
      ...Object.values(optimizer.variables),
    ]),
    history: Object.values(cross?.history.rho ?? {}).concat(cross?.history.loss as never),
    prediction: bits(Object.values(predict(trained, xReg, { samples: 3 }))),
  };
}

const options = {
  regularizationData: [xReg, yReg] as [tf.Tensor, tf.Tensor],
  every: 2,
  samples: 2,
  batchSize: 9,
};
/** Not the layer under the constraint. */
const isOutput = (layer: tf.layers.Layer) => layer.outputShape[1] === 3 && layer.getClassName() === 'Dense';
const cases: [string, () => Run][] = [
  ...Object.keys(optimizers).map((optimizer): [string, () => Run] => [
    `plain, ${optimizer}`,
    () => ({ model: network({ optimizer }) }),
  ]),
  ...['adam', 'momentum'].flatMap((optimizer): [string, () => Run][] => [
    [
      `injected noise, ${optimizer}`,
      () => ({ model: network({ optimizer, noise: true }), cross: crossRegularization(options) }),
    ],
    [
      `hooked noise and norms, ${optimizer}`,
      () => ({
        model: network({ optimizer }),
        cross: crossRegularization({
          ...options,
          noise: true,
          regularizers: [l2({ layers: isOutput })],
        }),
      }),
    ],
  ]),
];

test.each(cases)('%s: an interrupted loop continues to the identical result', async (_, make) => {
  const straight = make();
  const expected = await outcome(straight, await train(straight, checkpoint(newFolder(), straight), 18));
  const folder = newFolder();
  const broken = make();
  // Three steps are lost, and repeated.
  await train(broken, checkpoint(folder, broken), 14);
  const resumed = make();
  const before = tf.memory().numTensors;
  const kept = checkpoint<Progress>(folder, resumed);
  expect((await kept.restore())?.step).toBe(11);
  expect(await outcome(resumed, await train(resumed, kept, 18))).toEqual(expected);
  expect(tf.memory().numTensors - before).toBeLessThan(40);
});

test('models of one run are saved together, and progress may hold tensors and typed arrays', async () => {
  const folder = newFolder();
  const population = () => [{ model: network({}) }, { model: network({ optimizer: 'momentum' }) }];
  const first = population();
  const kept = checkpoint(folder, first);
  expect(await kept.restore()).toBeUndefined();
  for (const { model } of first) await model.trainOnBatch(x, y);
  const best = first[0].model.weights.map((weight) => weight.read());
  await kept.save({ step: 1, best, order: permutation(5, 1), rates: [Number.NaN, -0] });
  const second = population();
  const progress = await checkpoint(folder, second).restore();
  expect(bits(progress.best)).toEqual(bits(best));
  expect([progress.order, progress.rates]).toEqual([permutation(5, 1), [Number.NaN, -0]]);
  for (const [i, { model }] of second.entries()) {
    expect(bits(model.weights.map((w) => w.read()))).toEqual(
      bits(first[i].model.weights.map((w) => w.read())),
    );
  }
});

test('the learning rate is part of the state', async () => {
  for (const optimizer of ['adam', 'momentum', 'sgd', 'rmsprop']) {
    const folder = newFolder();
    const [first, second] = [network({ optimizer }), network({ optimizer })];
    const optimizerOf = (model: tf.LayersModel) => model.optimizer as any;
    if (optimizerOf(first).setLearningRate) optimizerOf(first).setLearningRate(0.003);
    else optimizerOf(first).learningRate = 0.003;
    const kept = checkpoint(folder, { model: first });
    await kept.restore();
    await kept.save({});
    await checkpoint(folder, { model: second }).restore();
    for (const model of [first, second]) await model.trainOnBatch(x, y);
    expect(bits(second.weights.map((w) => w.read()))).toEqual(bits(first.weights.map((w) => w.read())));
  }
});

const messageOf = (promise: Promise<unknown>) =>
  promise.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

test('a checkpoint of another run is refused, says what differs, and changes nothing', async () => {
  const folder = newFolder();
  const model = network({ noise: true });
  const cross = crossRegularization({ ...options, seed: 1 });
  const kept = checkpoint(folder, { model, cross }, { settings: { seed: 1, examples: 32 } });
  await kept.restore();
  await cross.trainOnBatch(model, x, y);
  await kept.save({ epoch: 1 });

  const refusal = async (
    network: tf.LayersModel,
    other: object = {},
    settings: object = { seed: 1, examples: 32 },
  ) => {
    const before = bits(network.weights.map((w) => w.read()));
    const run = {
      model: network,
      cross: crossRegularization({ ...options, seed: 1, ...other } as typeof options),
    };
    const message = await messageOf(checkpoint(folder, run, { settings }).restore());
    const same = JSON.stringify(bits(network.weights.map((w) => w.read()))) === JSON.stringify(before);
    expect(same).toBe(message !== 'accepted');
    return message;
  };
  const noise = true;
  expect(await refusal(network({ noise }))).toBe('accepted');
  expect(await refusal(network({ noise, units: 7 }))).toContain(
    'run.models[0].layers[0].config.units is 6 there and 7 here',
  );
  expect(await refusal(network({ noise, activation: 'tanh' }))).toContain(
    'config.activation is "relu" there and "tanh" here',
  );
  expect(await refusal(network({ noise, optimizer: 'momentum' }))).toContain(
    'run.models[0].optimizer.class is "Adam" there and "Momentum" here',
  );
  expect(await refusal(network({ noise }), { seed: 2 })).toContain('cross.seed is 1 there and 2 here');
  expect(await refusal(network({ noise }), { every: 3 })).toContain('cross.schedule.every is 2 there and 3');
  const fewer = { regularizationData: [xReg.slice(0, 20), yReg.slice(0, 20)] };
  expect(await refusal(network({ noise }), fewer)).toContain('is 24 there and 20 here');
  expect(await refusal(network({ noise }), {}, { seed: 1, examples: 33 })).toContain(
    'run.settings.examples is 32 there and 33 here',
  );
  expect(await refusal(network({}), { noise: true })).toContain('run.models[0].layers');
  expect(await messageOf(checkpoint(folder, { model: network({ noise }) }).restore())).toContain(
    'comes from another run',
  );

  const byMomentum = { optimizer: sgd({ learningRate: 1 }) };
  expect(await refusal(network({ noise }), byMomentum)).toContain(
    'cross.optimizer.name is "default" there and "sgd" here',
  );
  const uncompiled = tf.sequential({ layers: [tf.layers.dense({ units: 1, inputShape: [1] })] });
  expect(await messageOf(checkpoint(folder, { model: uncompiled }).restore())).toContain('is not compiled');
  uncompiled.compile({ optimizer: tf.train.adamax(0.1), loss: 'meanSquaredError' });
  expect(await messageOf(checkpoint(folder, { model: uncompiled }).restore())).toContain(
    'is compiled with the optimizer Adamax, whose state cannot be saved',
  );
});

test('an earlier run is not overwritten by mistake, and a damaged one is not replaced', async () => {
  const folder = newFolder();
  const model = network({});
  const kept = checkpoint(folder, { model });
  await kept.save({ step: 1 });
  await kept.save({ step: 2 });
  const again = () => checkpoint(folder, { model });
  expect(await messageOf(again().save({ step: 3 }))).toContain('holds an earlier run');
  expect((await again().restore()).step).toBe(2);
  const path = join(folder, 'checkpoint.bin');
  const bytes = readFileSync(path);
  bytes[bytes.length >> 1] ^= 1;
  writeFileSync(path, bytes);
  const damaged = again();
  expect(await messageOf(damaged.restore())).toContain('is damaged');
  expect(await messageOf(damaged.save({ step: 3 }))).toContain('holds an earlier run');
  await damaged.remove();
  expect(await damaged.restore()).toBeUndefined();
  await damaged.save({ step: 4 });
  expect((await again().restore()).step).toBe(4);
  // The remains of the next one after a crash are ignored.
  writeFileSync(`${path}.part`, 'half');
  expect((await again().restore()).step).toBe(4);
  for (const store of [7, '', null, {}, { read() {}, write() {} }]) {
    expect(() => checkpoint(store as never, { model })).toThrow('checkpoint: must be the name of a folder');
  }
});
