// A program of several training runs, for killed.test.ts: each keeps a checkpoint, the process may kill itself while it
// writes one, and in the end it prints everything they came to.
import { createHash } from 'node:crypto';
import fs from 'node:fs/promises';
import { syncBuiltinESMExports } from 'node:module';
import { setTimeout } from 'node:timers/promises';
import { deriveSeed, permutation, uniform } from '@crossreg/core';
import { seedNoise } from '@crossreg/tfjs';
import { injectAugmentation } from '@crossreg/tfjs-augment';
import {
  type CrossRegularization,
  checkpoint,
  crossRegularization,
  injectNoise,
  l2,
  predict,
} from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';

const runs = [
  { kind: 'noise', optimizer: () => tf.train.adam(0.01) },
  { kind: 'hooked noise and norms, by fit', optimizer: () => tf.train.momentum(0.02, 0.9) },
  { kind: 'augmentation', optimizer: () => tf.train.adam(0.01) },
  { kind: 'dropout', optimizer: () => tf.train.momentum(0.02, 0.9) },
] as const;
type Run = (typeof runs)[number];
export type Kind = Run['kind'];

export interface ProgramOptions {
  /** Wasm with so many threads; cpu without. */
  threads?: number;
  folder: string;
  epochs: number;
  /** In which save (from 1) of a run, and where in it, the process kills itself. */
  die?: { kind: Kind; save: number; at: 'half written' | 'before the name' | 'after the name' };
}

const options: ProgramOptions = JSON.parse(process.argv[2]);
if (options.threads === undefined) await tf.setBackend('cpu');
else await useWasm({ threads: options.threads });
/** Number of saves in the present run. */
let saves = 0;
let current: Kind = 'noise';
if (options.die) dieInWrite(options.die);

const size = 6;
const examples = (count: number, seed: number) => {
  const x = tf.randomNormal([count, size, size, 1], 0, 1, 'float32', seed);
  const middle = tf.mean(tf.slice(x, [0, 2, 2, 0], [-1, 2, 2, 1]), [1, 2, 3]);
  return { x, y: tf.oneHot(tf.cast(tf.greater(middle, 0), 'int32'), 2).cast('float32') };
};
const [train, held] = [examples(40, 1), examples(24, 2)];

const hash = (tensors: tf.Tensor[]) => {
  const sum = createHash('sha256');
  for (const tensor of tensors) sum.update(new Uint8Array(new Float32Array(tensor.dataSync()).buffer));
  return sum.digest('hex');
};

const results: object[] = [];
for (const run of runs) {
  [current, saves] = [run.kind, 0];
  const { model, cross } = build(run);
  const losses = await (run.kind === 'hooked noise and norms, by fit'
    ? byFit(model, cross as CrossRegularization)
    : byLoop(run, model, cross));
  const trained = cross?.toModel() ?? model;
  results.push({
    kind: run.kind,
    losses,
    weights: hash(trained.weights.map((weight) => weight.read())),
    optimizer: hash((await model.optimizer.getWeights()).map(({ tensor }) => tensor)),
    history: cross?.history,
    prediction: hash(Object.values(predict(trained, held.x, { samples: 3 }))),
  });
}
console.log(`result ${JSON.stringify(results)}`);
process.exit(0);

function folderOf({ kind }: Run): string {
  return `${options.folder}/${kind}`;
}

function build(run: Run): { model: tf.LayersModel; cross?: CrossRegularization } {
  const init = (seed: number) => tf.initializers.glorotNormal({ seed });
  const plain = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [size, size, 1],
        filters: 4,
        kernelSize: 3,
        kernelInitializer: init(1),
      }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.flatten(),
      ...(run.kind === 'dropout' ? [tf.layers.dropout({ rate: 0.3 })] : []),
      tf.layers.dense({ units: 2, activation: 'softmax', kernelInitializer: init(2) }),
    ],
  });
  const model =
    run.kind === 'noise'
      ? injectNoise(plain)
      : run.kind === 'augmentation'
        ? injectAugmentation(plain, {
            translate: 0.5,
            rotate: 5,
            noise: 0.1,
            horizontalFlip: 0.5,
            valueRange: [-3, 3],
          })
        : plain;
  model.compile({ optimizer: run.optimizer(), loss: 'categoricalCrossentropy' });
  if (run.kind === 'dropout') return { model };
  const byFit = run.kind === 'hooked noise and norms, by fit';
  const cross = crossRegularization({
    regularizationData: [held.x, held.y],
    ...{ every: 2, samples: 2, batchSize: 10 },
    ...(byFit && { noise: true, regularizers: [l2()], checkpoint: folderOf(run) }),
  });
  return { model, cross };
}

/** Tells the parent the position, so that it can kill this process. */
function tell(epoch: number, batch: number): Promise<void> {
  process.stdout.write(`${current} ${epoch}.${batch}\n`);
  return setTimeout(2);
}

async function byFit(model: tf.LayersModel, cross: CrossRegularization): Promise<unknown> {
  seedNoise(5);
  let now = 0;
  const callbacks = new tf.CustomCallback({
    onEpochBegin: async (epoch) => {
      now = epoch;
    },
    onBatchEnd: (batch) => tell(now, batch),
  });
  const args = { epochs: options.epochs, batchSize: 10, verbose: 0 as const, callbacks };
  return (await cross.fit(model, train.x, train.y, args)).history;
}

async function byLoop(run: Run, model: tf.LayersModel, cross?: CrossRegularization): Promise<number[]> {
  seedNoise(5);
  const kept = checkpoint<{ epoch: number; losses: number[] }>(folderOf(run), { model, cross });
  const { epoch: first, losses } = (await kept.restore()) ?? { epoch: 0, losses: [] };
  for (let epoch = first; epoch < options.epochs; epoch++) {
    const order = permutation(40, deriveSeed(1, epoch));
    for (let batch = 0; batch < 4; batch++) {
      // Stock dropout draws from Math.random, which no checkpoint saves; here it follows from the step.
      if (run.kind === 'dropout') Math.random = uniform(deriveSeed(2, epoch, batch));
      const at = tf.tensor1d([...order.subarray(batch * 10, batch * 10 + 10)], 'int32');
      const [x, y] = [tf.gather(train.x, at), tf.gather(train.y, at)];
      const loss = cross ? await cross.trainOnBatch(model, x, y) : await model.trainOnBatch(x, y);
      losses.push(loss as number);
      tf.dispose([at, x, y]);
      await tell(epoch, batch);
    }
    await cross?.onEpochEnd(epoch);
    await kept.save({ epoch: epoch + 1, losses });
  }
  return losses;
}

/** Makes this process kill itself in the middle of writing a checkpoint. */
function dieInWrite({ kind, save, at }: NonNullable<ProgramOptions['die']>): void {
  const { open, rename } = fs;
  const now = () => current === kind && saves === save;
  const die = () => {
    process.kill(process.pid, 'SIGKILL');
    return new Promise<never>(() => {});
  };
  fs.open = async (...args) => {
    const file = await open(...args);
    if (args[1] === 'w') saves += 1;
    if (args[1] === 'w' && now() && at === 'half written') {
      file.writeFile = async (data) => {
        await file.write((data as Uint8Array).subarray(0, (data as Uint8Array).length >> 1));
        return die();
      };
    }
    return file;
  };
  fs.rename = async (...args) => {
    if (now() && at === 'before the name') await die();
    await rename(...args);
    if (now() && at === 'after the name') await die();
  };
  syncBuiltinESMExports();
}
