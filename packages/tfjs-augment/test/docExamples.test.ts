import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import ts from 'typescript';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { packages } from './packages';

const root = fileURLToPath(new URL('../../..', import.meta.url));
const examples = readdirSync(join(root, 'packages'))
  .flatMap((name) =>
    readdirSync(join(root, 'packages', name, 'src'), { recursive: true, encoding: 'utf8' }).map(
      (file) => `packages/${name}/src/${file}`,
    ),
  )
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .flatMap((file) => {
    const text = readFileSync(join(root, file), 'utf8');
    return [
      ...text.matchAll(
        /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export (?:\w+ )*?(?:function\*?|class|const) (\w+)/g,
      ),
    ].flatMap(([, comment, name]) =>
      comment
        .replace(/^\s*\* ?/gm, '')
        .split(/^(?=@)/m)
        .filter((tag) => tag.startsWith('@example'))
        .map((tag) =>
          tag
            .slice('@example'.length)
            .replace(/^```.*$/gm, '')
            .trim(),
        )
        .map((code): [string, string, string] => [file.split('/')[1], name, code]),
    );
  });

/** What users meet first. Each has an example. */
const mainExports: Record<string, string[]> = {
  calibration: [
    ...['evaluate', 'expectedCalibrationError', 'brierScore', 'brierDecomposition', 'reliabilityCurve'],
    ...['reliabilityDiagram', 'temperatureScaling', 'vectorScaling', 'bootstrapInterval'],
  ],
  core: ['createTrainer', 'convergence'],
  datasets: ['fashionMnist', 'digits', 'diabetes', 'split', 'batches'],
  jax: ['crossRegularize', 'addNoise', 'averagedPrediction', 'adam', 'retractTo'],
  linear: ['Ridge', 'Lasso', 'SmoothingSpline'],
  report: ['report', 'figures', 'watchRun'],
  runs: ['runAll', 'startWorker'],
  tfjs: ['addNoise', 'monteCarloPredict', 'trainOptimizer'],
  'tfjs-augment': ['injectAugmentation', 'LearnableAugmentation', 'augmentationLayers'],
  'tfjs-layers': [
    ...['crossRegularization', 'injectNoise', 'predict', 'toInferenceModel', 'LearnableNoise', 'noisePlaces'],
    ...[
      'l1',
      'l2',
      'groupLasso',
      'norm',
      'callbackList',
      'checkpoint',
      'fitEnsemble',
      'Ensemble',
      'loadEnsemble',
    ],
  ],
  'tfjs-node': ['useBestBackend'],
  'tfjs-wasm': ['useWasm'],
};

test.each(Object.entries(mainExports))('every main export of %s has an example', (name, exported) => {
  const having = examples.filter(([of]) => of === name).map(([, one]) => one);
  expect(exported.filter((one) => !having.includes(one))).toEqual([]);
});

/** Examples that run elsewhere, and where. */
const elsewhere: Record<string, string> = {
  startWorker: 'needs a Redis: packages/runs/test/redis.test.ts',
  runAll: 'starts processes: packages/runs/README.md',
  loadEnsemble: 'needs IndexedDB: packages/tfjs-layers/README.md saves and loads',
  idxFolder: 'reads files of a Debian package: packages/datasets/src/node/loaders.test.ts',
  checkOptions: 'is not for users: packages/core/src/options.test.ts',
  useWasm: 'chooses the backend of the whole process: packages/tfjs-wasm/README.md',
  useBestBackend: 'chooses the backend of the whole process: packages/tfjs-node/README.md',
  // Parts of one program, in which arrays are consumed.
  ...Object.fromEntries(
    ['crossRegularize', 'addNoise', 'averagedPrediction', 'retractTo'].map((name) => [
      `jax ${name}`,
      'parts of one program: packages/jax/README.md',
    ]),
  ),
};
const here = examples.filter(([of, name]) => !elsewhere[name] && !elsewhere[`${of} ${name}`]);

const initial = process.cwd();
await tf.setBackend('cpu');
beforeEach(() => {
  process.chdir(mkdtempSync(join(tmpdir(), 'examples-')));
  vi.spyOn(console, 'log').mockImplementation(() => {});
});
afterAll(() => {
  process.chdir(initial);
});

/** What an example takes as given. */
function given() {
  const createModel = () => {
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ name: 'first', inputShape: [4], units: 16, activation: 'relu' }),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
    return model;
  };
  const inputs = (n: number) => tf.randomNormal([n, 4], 0, 1, 'float32', n);
  const targets = (n: number) =>
    tf.oneHot(
      tf.tensor1d(
        Array.from({ length: n }, (_, i) => i % 3),
        'int32',
      ),
      3,
    );
  const history = {
    step: [1, 2],
    loss: [2, 1],
    rho: { noise: { value: [1, 0.5], gradient: [0.1, 0.1] } },
    skipped: 0,
  };
  return {
    ...{ tf, createModel, history, cross: { history } },
    model: createModel(),
    ...{ xTrain: inputs(60), yTrain: targets(60), xReg: inputs(12), yReg: targets(12), xTest: inputs(5) },
    images: tf.sequential({ layers: [tf.layers.flatten({ inputShape: [16, 16, 3] })] }),
    tfvis: { render: { linechart: async () => {} } },
  };
}

test.each(here)('the example of %s, %s, runs', async (of, name, code) => {
  const others = Object.assign({}, ...Object.values(packages));
  const scope = { ...others, ...packages[of], ...given() };
  const { outputText } = ts.transpileModule(`async () => {\n${code}\n}`, {
    compilerOptions: { target: ts.ScriptTarget.ES2022 },
  });
  // The name itself has to be in it.
  expect(code).toContain(name);
  // A program may define the same names as those given here.
  const run = new Function('scope', `with (scope) { return (${outputText.trim().replace(/;$/, '')})(); }`);
  await run(scope);
});
