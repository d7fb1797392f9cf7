import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { deriveSeed, permutation } from '@crossreg/core';
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

/** A net with batch normalization and a constraint, which must not be applied once more when it is restored. */
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

/** The loop of a user: batches in an order that follows from the step, a checkpoint now and then. */
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
    if (step % 5 === 4) await kept.save({ step: step + 1, losses });
  }
  return losses;
}

const bits = (tensors: readonly tf.Tensor[]) =>
  tensors.map((tensor) => [...new Uint8Array(new Float32Array(tensor.dataSync()).buffer)]);
/** Everything that a run ends with, to the bit. */
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
          regularizers: [l2({ layers: /2$|4$|6$|8$|0$/ })],
        }),
      }),
    ],
  ]),
];

test.each(cases)('%s: a loop that broke off goes on to the identical result', async (_, make) => {
  const straight = make();
  const expected = await outcome(straight, await train(straight, checkpoint(newFolder(), straight), 18));
  const folder = newFolder();
  const broken = make();
  // Three steps are lost, and made again.
  await train(broken, checkpoint(folder, broken), 13);
  const resumed = make();
  const before = tf.memory().numTensors;
  const kept = checkpoint<Progress>(folder, resumed);
  expect((await kept.restore())?.step).toBe(10);
  expect(await outcome(resumed, await train(resumed, kept, 18))).toEqual(expected);
  expect(tf.memory().numTensors - before).toBeLessThan(40);
});
