import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { root } from './documents.mjs';

/** Runs a program in Node that can import the dependencies of one of our packages. */
const runIn = (name: string, program: string) =>
  promisify(execFile)(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(root, 'packages', name),
  });

// The built package, in a program that mixes import and require. Each of them makes a copy of the module.
test('the ES module and the CommonJS module of @crossreg/tfjs share one stream of noise', async () => {
  const program = `
    import assert from 'node:assert/strict';
    import { createRequire } from 'node:module';
    import * as imported from '@crossreg/tfjs';
    import { isSampling } from '@crossreg/tfjs/internal';
    const required = createRequire(import.meta.url)('@crossreg/tfjs');
    assert.notEqual(imported.NoiseStream, required.NoiseStream, 'these are not two copies');

    imported.seedNoise(5);
    assert.deepEqual(required.currentNoise().next(), new imported.NoiseStream(5).next());
    assert.equal(imported.currentNoise().count, 1);
    const stream = new required.NoiseStream(7);
    required.withNoise(stream, () => {
      assert.equal(imported.currentNoise(), stream);
      assert.equal(isSampling(), true);
    });
    assert.equal(isSampling(), false);
    assert.equal(required.currentNoise().seed, 5);`;
  await runIn('tfjs', program);
});

test('an error of @crossreg/core that comes through another package is an ArgumentError, in both formats', async () => {
  const program = `
    import assert from 'node:assert/strict';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    for (const load of [(name) => import(name), async (name) => require(name)]) {
      const { ArgumentError } = await load('@crossreg/core');
      const { checkInteger } = await load('@crossreg/core/internal');
      const { Ridge } = await load('@crossreg/linear');
      assert.throws(() => checkInteger('n', 0.5, 1, 'Use 1.'), ArgumentError);
      assert.throws(() => new Ridge({ typo: 1 }), ArgumentError);
    }`;
  await runIn('linear', program);
});

// Jest compiles CommonJS modules in this way, in which every import() fails.
test('the CommonJS module of @crossreg/tfjs-layers keeps checkpoints without import()', async () => {
  const program = `
    import assert from 'node:assert/strict';
    import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
    import { createRequire } from 'node:module';
    import { tmpdir } from 'node:os';
    import { join, resolve } from 'node:path';
    import { compileFunction } from 'node:vm';
    const file = resolve('dist/index.cjs');
    const module = { exports: {} };
    const run = compileFunction(readFileSync(file, 'utf8'), ['module', 'exports', 'require']);
    run(module, module.exports, createRequire(file));
    const folder = mkdtempSync(join(tmpdir(), 'crossreg-jest-'));
    try {
      const store = module.exports.folderStore(folder);
      assert.equal(await store.read(), undefined);
      await store.write(Uint8Array.of(1, 2, 3));
      assert.deepEqual([...(await store.read())], [1, 2, 3]);
    } finally {
      rmSync(folder, { recursive: true });
    }`;
  await runIn('tfjs-layers', program);
});

test('models and fits of another copy of TensorFlow.js are refused as such', async () => {
  const program = `
    import assert from 'node:assert/strict';
    import { createRequire } from 'node:module';
    const require = createRequire(import.meta.url);
    const path = require.resolve('@tensorflow/tfjs-layers');
    const { crossRegularization, fitEnsemble, injectNoise, predict } = await import('@crossreg/tfjs-layers');
    await import('@tensorflow/tfjs');
    const tf = require('@tensorflow/tfjs-core');
    await tf.setBackend('cpu');
    delete require.cache[path];
    const other = require(path);
    const createModel = () => {
      const model = other.sequential({ layers: [other.layers.dense({ units: 1, inputShape: [2] })] });
      model.compile({ optimizer: tf.train.sgd(0.1), loss: 'meanSquaredError' });
      return model;
    };
    const [x, y] = [tf.ones([4, 2]), tf.ones([4, 1])];
    const regularizationData = [x, y];
    const callbacks = crossRegularization({ regularizationData });
    const copies = /another copy of TensorFlow\\.js.*npm ls @tensorflow\\/tfjs-layers must show one version/;
    assert.throws(() => injectNoise(createModel()), copies);
    assert.throws(() => predict(createModel(), x), copies);
    await assert.rejects(fitEnsemble(createModel, x, y, { regularizationData: { folds: 2 } }), copies);
    await assert.rejects(createModel().fit(x, y, { epochs: 1, verbose: 0, callbacks }), copies);`;
  await runIn('tfjs-layers', program);
});
