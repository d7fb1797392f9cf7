import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSources } from '../test/buildSources';
import { injectNoise, noiseLayers } from './injectNoise';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));
/** A folder outside the workspace, where only TensorFlow.js is installed. */
const folder = mkdtempSync(join(tmpdir(), 'crossreg-'));

beforeAll(async () => {
  await tf.setBackend('cpu');
  mkdirSync(join(folder, 'node_modules/@tensorflow'), { recursive: true });
  for (const name of ['tfjs-core', 'tfjs-layers', 'tfjs-backend-cpu']) {
    const installed = realpathSync(source(`../node_modules/@tensorflow/${name}`));
    symlinkSync(installed, join(folder, 'node_modules/@tensorflow', name));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

const x = [0.5, -1, 2, 0.1, 0.2, -0.3, 1, 1, -2, 0, 0.7, 0.4];
function trained(): tf.LayersModel {
  const inner = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [4], units: 5 }),
      tf.layers.batchNormalization({ gammaInitializer: 'randomNormal' }),
      tf.layers.reLU(),
    ],
  });
  const model = tf.sequential({ layers: [inner, tf.layers.dense({ units: 4, activation: 'tanh' })] });
  model.add(tf.layers.dense({ units: 2, activation: 'softmax' }));
  return model;
}

async function saveTo(name: string, model: tf.LayersModel): Promise<void> {
  await model.save(
    tf.io.withSaveHandler(async (artifacts) => {
      const { weightData, ...rest } = artifacts;
      writeFileSync(join(folder, `${name}.json`), JSON.stringify(rest));
      writeFileSync(join(folder, `${name}.bin`), new Uint8Array(weightData as ArrayBuffer));
      return { modelArtifactsInfo: tf.io.getModelArtifactsInfoForJSON(artifacts) };
    }),
  );
}

/** Runs a script in a new process, with the model `name` loaded as `model`, and returns its result. */
function inNewProcess(name: string, imports: string, body: string): unknown {
  const script = `
    import { readFileSync } from 'node:fs';
    import * as tf from '@tensorflow/tfjs-core';
    import '@tensorflow/tfjs-backend-cpu';
    import * as tfl from '@tensorflow/tfjs-layers';
    ${imports}
    await tf.setBackend('cpu');
    const { buffer, byteOffset, byteLength } = readFileSync('${name}.bin');
    const weightData = buffer.slice(byteOffset, byteOffset + byteLength);
    const artifacts = JSON.parse(readFileSync('${name}.json', 'utf8'));
    const model = await tfl.loadLayersModel(tf.io.fromMemory({ ...artifacts, weightData }));
    const x = tf.tensor(${JSON.stringify(x)}, [3, 4]);
    console.log(JSON.stringify(await (async () => { ${body} })()));
  `;
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, script);
  const output = execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', stdio: 'pipe' });
  return JSON.parse(output.trim().split('\n').at(-1)!);
}

test('a saved model loads in a new process and predicts the same numbers for the same noise seed', async () => {
  const noisy = injectNoise(trained());
  noisy.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
  const batch = tf.tensor(x, [3, 4]);
  // Moving statistics other than those of a new model.
  for (let step = 0; step < 3; step++) await noisy.trainOnBatch(batch, tf.oneHot([0, 1, 0], 2));
  noiseLayers(noisy).forEach((layer, i) => {
    layer.rho.assign(tf.scalar(0.3 * i - 0.5));
  });
  await saveTo('noisy', noisy);
  await buildSources({ crossreg: '../src/index.ts' }, folder);
  const expected = predict(noisy, batch, { samples: 4, seed: 9 }).mean;
  const loaded = inNewProcess(
    'noisy',
    `import { predict } from './crossreg.mjs';`,
    'return [...predict(model, x, { samples: 4, seed: 9 }).mean.dataSync()];',
  );
  expect(loaded).toEqual([...expected.dataSync()]);
});

test('an inference model loads and predicts where no @crossreg package can be resolved', async () => {
  const inference = toInferenceModel(injectNoise(trained()), { samples: 3, seed: 4 });
  await saveTo('inference', inference);
  expect(readFileSync(join(folder, 'inference.json'), 'utf8')).not.toContain('LearnableNoise');
  const result = inNewProcess(
    'inference',
    '',
    `const resolved = await import('@crossreg/tfjs-layers').then(() => true, () => false);
     return { resolved, y: [...model.predict(x).dataSync()] };`,
  );
  const y = inference.predict(tf.tensor(x, [3, 4])) as tf.Tensor;
  expect(result).toEqual({ resolved: false, y: [...y.dataSync()] });
});

test('two processes train to the same bits, with noise and seeded dropout', async () => {
  await buildSources({ crossreg: '../src/index.ts' }, folder);
  symlinkSync(
    realpathSync(source('../node_modules/@tensorflow/tfjs')),
    join(folder, 'node_modules/@tensorflow/tfjs'),
  );
  const script = (seed: number) => `
    import * as tf from '@tensorflow/tfjs';
    import { crossRegularization, predict } from './crossreg.mjs';
    await tf.setBackend('cpu');
    const init = (seed) => tf.initializers.glorotNormal({ seed });
    const model = tf.sequential({ layers: [
      tf.layers.dense({ inputShape: [4], units: 8, activation: 'relu', kernelInitializer: init(1) }),
      tf.layers.dropout({ rate: 0.3, seed: 5 }),
      tf.layers.dense({ units: 8, activation: 'relu', kernelInitializer: init(2) }),
      tf.layers.dense({ units: 1, kernelInitializer: init(3) }),
    ] });
    model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
    const x = tf.randomNormal([64, 4], 0, 1, 'float32', 1);
    const y = tf.sum(x, 1, true);
    const cross = crossRegularization({ regularizationData: { split: 0.25 }, noise: true, every: 3, seed: ${seed} });
    const { history } = await cross.fit(model, x, y, { epochs: 3, batchSize: 16, validationSplit: 0.2, verbose: 0 });
    const loop = crossRegularization({ regularizationData: [tf.neg(x), tf.neg(y)], seed: ${seed} });
    await loop.trainOnBatch(model, x, y);
    const bits = cross.toModel().getWeights().map((w) => [...new Uint32Array(Float32Array.from(w.dataSync()).buffer)]);
    console.log(JSON.stringify({ history, bits, rho: cross.history.rho }));
  `;
  const run = (seed: number) => {
    const file = join(folder, 'train.mjs');
    writeFileSync(file, script(seed));
    return execFileSync(process.execPath, [file], { cwd: folder, encoding: 'utf8', stdio: 'pipe' })
      .trim()
      .split('\n')
      .at(-1);
  };
  const first = run(1);
  expect(JSON.parse(first!).history.loss).toHaveLength(3);
  expect(run(1)).toBe(first);
  expect(run(2)).not.toBe(first);
});
