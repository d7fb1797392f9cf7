import { tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import * as augment from '../src';
import { packages } from './packages';
import { publicOptions } from './publicOptions';

await tf.setBackend('cpu');
const make = () => {
  const made = tf.sequential({
    layers: [
      tf.layers.dense({ inputShape: [2], units: 3, activation: 'relu' }),
      tf.layers.dense({ units: 1 }),
    ],
  });
  made.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  return made;
};
const model = make();
const other = tf.sequential({ layers: [tf.layers.dense({ inputShape: [2], units: 1 })] });
const images = tf.sequential({ layers: [tf.layers.flatten({ inputShape: [4, 4, 3] })] });
const [x, y] = [tf.zeros([4, 2]), tf.zeros([4, 1])];
const w = tf.variable(tf.ones([2, 2]));
const scope: Record<string, unknown> = {
  ...{ tf, tfjs, make, model, other, images, x, y, w },
  regularizationData: [x, y],
  layer: new augment.LearnableAugmentation({ rotate: 5 }),
  data: { features: [1, 2, 3], targets: [1, 2, 3], shape: [3, 1] },
  p: [[0.5, 0.5]],
  record: { step: [1], loss: [1], rho: { a: { value: [1], gradient: [0] } }, skipped: 0 },
  visor: { render: { linechart() {} } },
};

/**
 * For every object of options, code that gives it one that does not exist. Where the same options go through several
 * functions, each has its row: that one checks says nothing of another.
 */
const codes: Record<string, Record<string, string>> = {
  calibration: {
    'bootstrapInterval(3)': 'bootstrapInterval(accuracy, p, [0], { typo: 1 })',
    'brierDecomposition(2)': 'brierDecomposition(p, [0], { typo: 1 })',
    'expectedCalibrationError(2)': 'expectedCalibrationError(p, [0], { typo: 1 })',
    'maximumCalibrationError(2)': 'maximumCalibrationError(p, [0], { typo: 1 })',
    'negativeLogLikelihood(2)': 'negativeLogLikelihood(p, [0], { typo: 1 })',
    'reliabilityCurve(2)': 'reliabilityCurve(p, [0], { typo: 1 })',
    'reliabilityDiagram(2)': 'reliabilityDiagram(p, [0], { typo: 1 })',
  },
  core: {
    'convergence(1)': 'convergence({ value: [], gradient: [] }, { typo: 1 })',
    'createTrainer(0)': 'createTrainer({ typo: 1 })',
    'createTrainer(0).schedule':
      'createTrainer({ framework: tfjs, theta: [w], rho: [regularizationParameter(tfjs, { name: "s", variable: tf.variable(tf.scalar(0)) })], trainLoss: () => 0, regularizationLoss: () => 0, schedule: { typo: 1 } })',
    'customRegularizer(0)': 'customRegularizer({ typo: 1 })',
    'groupLasso(0)': 'groupLasso({ typo: 1 })',
    'l1Norm(0)': 'l1Norm({ typo: 1 })',
    'noiseOptimizer(1)': 'noiseOptimizer({ every: 1 }, { typo: 1 })',
    'adam(0)': 'adam({ learningRate: 0.1, typo: 1 })',
    'sgd(0)': 'sgd({ learningRate: 0.1, typo: 1 })',
    'new RegularizationStep(0)':
      'new RegularizationStep({ framework: tfjs, rho: [regularizationParameter(tfjs, { name: "s", variable: w })], typo: 1 })',
    'normLevel(1)':
      'normLevel(tfjs, { name: "w", weights: [w], regularizer: l2Norm(), variable: w, typo: 1 })',
    'regularizationParameter(1)': 'regularizationParameter(tfjs, { name: "s", variable: w, typo: 1 })',
    'createSchedule(0)': 'createSchedule({ typo: 1 })',
    'smoothness(0)': 'smoothness({ matrix: [1], size: 1, typo: 1 })',
  },
  jax: {
    'adam(0)': 'adam({ learningRate: 0.1, typo: 1 })',
    'addNoise(3)': 'addNoise({}, {}, {}, { typo: 1 })',
    'averagedPrediction(3)': 'averagedPrediction((x) => x, {}, {}, { typo: 1 })',
    'crossRegularize(0)': 'crossRegularize({ typo: 1 })',
    'noiseOptimizer(0)': 'noiseOptimizer({ typo: 1 })',
    'noiseOptimizer(1)': 'noiseOptimizer({ every: 1 }, { typo: 1 })',
    'sgd(0)': 'sgd({ learningRate: 0.1, typo: 1 })',
  },
  datasets: {
    'batches(1)': '[...batches(data, { batchSize: 1, typo: 1 })]',
    'parseCifar10(1)': 'parseCifar10(new Uint8Array(3073), { typo: 1 })',
    'diabetes(0)': 'await diabetes({ typo: 1 })',
    'digits(0)': 'await digits({ typo: 1 })',
    'fashionMnist(0)': 'await fashionMnist({ typo: 1 })',
    'imagesFromIdx(2)':
      'await imagesFromIdx({ shape: [1, 1, 1], values: new Uint8Array(1) }, { shape: [1], values: new Uint8Array(1) }, { classNames: ["a"], typo: 1 })',
    'split(1)': 'split(data, { size: 1, typo: 1 })',
    'imagesFromSvhn(1)': 'await imagesFromSvhn(new Uint8Array(200), { typo: 1 })',
  },
  'datasets/node': {
    'cifar10(0)': 'await cifar10({ typo: 1 })',
    'idxFolder(1)': 'await idxFolder("nowhere", { classNames: ["a"], typo: 1 })',
    'mnist(0)': 'await mnist({ typo: 1 })',
    'spamAssassin(0)': 'await spamAssassin({ typo: 1 })',
    'svhn(0)': 'await svhn({ typo: 1 })',
  },
  linear: Object.fromEntries(
    ['Lasso', 'Ridge', 'SmoothingSpline'].flatMap((name) => [
      [`new ${name}(0)`, `new ${name}({ typo: 1 })`],
      [
        `${name}.fit(2)`,
        `new ${name}().fit(${name === 'SmoothingSpline' ? '[1, 2]' : '[[1], [2]]'}, [1, 2], { typo: 1 })`,
      ],
    ]),
  ),
  report: {
    'figures(1)': 'await figures(record, { typo: 1 })',
    'report(1)': 'await report(record, { typo: 1 })',
    'watchRun(2)': 'watchRun(visor, { history: record }, { typo: 1 })',
  },
  runs: {
    'runAll(0)': 'await runAll({ typo: 1 })',
    'startWorker(0)': 'await startWorker({ typo: 1 })',
  },
  tfjs: { 'monteCarloPredict(2)': 'monteCarloPredict((x) => x, [x], { typo: 1 })' },
  'tfjs-augment': {
    'augment(2)': 'augment({ map() {} }, layer, { typo: 1 })',
    'injectAugmentation(1)': 'injectAugmentation(images, { rotate: 5, typo: 1 })',
    'new LearnableAugmentation(0)': 'new LearnableAugmentation({ rotate: 5, typo: 1 })',
    'warp(2)': 'warp(tf.zeros([1, 2, 2, 1]), tf.zeros([1, 2, 3]), { mode: "edge", typo: 1 })',
    ...Object.fromEntries(
      [
        ...['translate', 'translateX', 'translateY', 'rotate', 'shear', 'scale'],
        ...['brightness', 'contrast', 'saturation', 'noise'],
      ].flatMap((kind) => [
        [`injectAugmentation(1).${kind}`, `injectAugmentation(images, { ${kind}: { typo: 1 } })`],
        [`new LearnableAugmentation(0).${kind}`, `new LearnableAugmentation({ ${kind}: { typo: 1 } })`],
      ]),
    ),
  },
  'tfjs-layers': {
    'checkpoint(1)': 'checkpoint("folder", { model, typo: 1 })',
    'checkpoint(2)': 'checkpoint("folder", { model }, { typo: 1 })',
    ...Object.fromEntries(
      ['crossRegularization', 'new CrossRegularization'].flatMap((name) => [
        [`${name}(0)`, `${name}({ regularizationData, typo: 1 })`],
        [`${name}(0).regularizationData`, `${name}({ regularizationData: { split: 0.1, typo: 1 } })`],
        [`${name}(0).noise`, `${name}({ regularizationData, noise: { typo: 1 } })`],
      ]),
    ),
    'CrossRegularization.fit(3)':
      'await crossRegularization({ regularizationData, noise: true }).fit(model, x, y, { typo: 1 })',
    'toInferenceModel(1)': 'toInferenceModel(injectNoise(model), { typo: 1 })',
    ...Object.fromEntries(
      ['injectNoise', 'hookNoise'].flatMap((name) => [
        [`${name}(1)`, `${name}(model, { typo: 1 })`],
        [`${name}(1).recurrent`, `${name}(model, { recurrent: { typo: 1 } })`],
      ]),
    ),
    'new LearnableNoise(0)': 'new LearnableNoise({ typo: 1 })',
    'groupLasso(0)': 'groupLasso({ typo: 1 })',
    'new Ensemble(1)': 'new Ensemble([model, model], { typo: 1 })',
    'Ensemble.predict(1)': 'new Ensemble([model, other]).predict(x, { typo: 1 })',
    'fitEnsemble(3)': 'await fitEnsemble(make, x, y, { regularizationData, members: 2, typo: 1 })',
    'fitEnsemble(3).fit':
      'await fitEnsemble(make, x, y, { regularizationData, noise: true, members: 2, fit: { typo: 1 } })',
    'fitEnsemble(3).noise':
      'await fitEnsemble(make, x, y, { regularizationData, members: 2, noise: { typo: 1 } })',
    'fitEnsemble(3).regularizationData':
      'await fitEnsemble(make, x, y, { regularizationData: { folds: 2, typo: 1 } })',
    'l1(0)': 'l1({ typo: 1 })',
    'l2(0)': 'l2({ typo: 1 })',
    'norm(1)': 'norm(l2().regularizer, { typo: 1 })',
    'predict(2)': 'predict(model, x, { typo: 1 })',
  },
  'tfjs-node': { 'useBestBackend(0)': 'await useBestBackend({ typo: 1 })' },
  'tfjs-wasm': { 'useWasm(0)': 'await useWasm({ typo: 1 })' },
};

const rows = Object.entries(codes).flatMap(([name, list]) =>
  Object.entries(list).map(([place, code]) => [name, place, code] as const),
);

const options = publicOptions();

test('every object of options of an exported function, as found from the types, has a row here', () => {
  const listed = rows.map(([name, place]) => `${name} ${place}`);
  expect(listed.sort()).toEqual(options.map((one) => `${one.package} ${one.place}`).sort());
});

test.each(rows)('an option that does not exist is refused: %s %s', async (name, _, code) => {
  const names = { ...scope, ...packages[name] };
  const run = new Function(...Object.keys(names), `return (async () => { ${code}; })();`);
  const before = tf.memory().numTensors;
  const error: Error = await run(...Object.values(names)).then(
    () => new Error('nothing was refused'),
    (reason: Error) => reason,
  );
  expect(error.message).toMatch(/^(\w+: )?typo:? is not an option of /);
  expect(error.message).toContain('The options are ');
  // Unless the code itself creates tensors.
  if (!/tf\.|make|injectNoise\(model\)/.test(code)) expect(tf.memory().numTensors).toBe(before);
});

/** `typo: 1` replaced by a seed, with the arguments that a call checks before its seed. */
const seeds = rows
  .filter(([name, place]) => options.some((one) => one.package === name && one.place === place && one.seeded))
  .flatMap(([name, place, code]) =>
    ['0.5', 'NaN', "'1'"].map(
      (value) => [name, place, value, needed(place, code).replace('typo: 1', `seed: ${value}`)] as const,
    ),
  );

function needed(place: string, code: string): string {
  if (place === 'createTrainer(0)') {
    return code.replace(
      'typo',
      'framework: tfjs, theta: [w], rho: [regularizationParameter(tfjs, { name: "s", variable: tf.variable(tf.scalar(0)) })], trainLoss: () => 0, regularizationLoss: () => 0, typo',
    );
  }
  // Only folds have a seed.
  if (!place.endsWith('.regularizationData')) return code;
  return code
    .replace('split: 0.1', 'folds: 2, fold: 0')
    .replace('{ folds: 2, typo: 1 }', '{ folds: 2, fold: 0, typo: 1 }, members: 2');
}

test.each(seeds)(
  'seeds that are not whole numbers, in every object of options: %s %s refuses %s',
  async (name, _, value, code) => {
    const names = { ...scope, ...packages[name] };
    const run = new Function(...Object.keys(names), `return (async () => { ${code}; })();`);
    const error: Error = await run(...Object.values(names)).then(
      () => new Error('nothing was refused'),
      (reason: Error) => reason,
    );
    expect(error.message).toMatch(
      /^(\w+: )?(regularizationData\.)?seed:? must be (a whole number|an integer)/,
    );
    expect(error.message).toContain(`but is ${value.replaceAll("'", '"')}`);
  },
);
