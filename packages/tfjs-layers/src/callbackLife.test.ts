import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test, vi } from 'vitest';
import { callbackList } from './callbackList';
import { crossRegularization } from './crossRegularization';
import { injectNoise, noiseLayers } from './injectNoise';
import { l2 } from './norms';
import { predict } from './predict';
import { toInferenceModel } from './toInferenceModel';

beforeAll(() => tf.setBackend('cpu'));

const x = tf.randomNormal([24, 3], 0, 1, 'float32', 1);
const y = tf.sum(x, 1, true);
const init = (seed: number) => tf.initializers.glorotNormal({ seed });
function network() {
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        units: 6,
        inputShape: [3],
        activation: 'tanh',
        kernelInitializer: init(1),
        name: 'hidden',
      }),
      tf.layers.dense({ units: 1, kernelInitializer: init(2), name: 'out' }),
    ],
  });
  compile(model);
  return model;
}
const compile = (model: tf.LayersModel, loss = 'meanSquaredError') =>
  model.compile({ optimizer: tf.train.sgd(0.01), loss });
const data = { regularizationData: [x, y] as [tf.Tensor, tf.Tensor], samples: 2, batchSize: 24 };
const args = { epochs: 1, batchSize: 4, shuffle: false, verbose: 0 as const };
const still = () => ({ step: () => {}, iterations: 0, slots: [], dispose() {} });
const numbers = (tensor: tf.Tensor | tf.Tensor[]) => [...(tensor as tf.Tensor).dataSync()];
async function saved(model: tf.LayersModel, config?: tf.io.SaveConfig) {
  let kept: tf.io.ModelArtifacts | undefined;
  const handler = tf.io.withSaveHandler(async (artifacts) => {
    kept = artifacts;
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  });
  await model.save(handler, config);
  return tf.loadLayersModel(tf.io.fromMemory(kept as tf.io.ModelArtifacts));
}
const message = (run: Promise<unknown>) =>
  run.then(
    () => 'accepted',
    (error: Error) => error.message,
  );

test('a hooked model that predicted one draw, was saved without noise and could not be unhooked', async () => {
  const model = network();
  const plain = numbers(model.predict(x) as tf.Tensor);
  const noise = { initialSigma: 2 };
  const cross = crossRegularization({ ...data, every: 1, noise, optimizer: still });
  model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
  await model.fit(x, y, { ...args, callbacks: cross });

  // predict of the hooked model equals that of the explicit one: the average of many draws.
  const [hooked, explicit] = [model, cross.toModel()].map((one) => predict(one, x, { samples: 8, seed: 3 }));
  expect(numbers(hooked.mean)).toEqual(numbers(explicit.mean));
  expect(Math.min(...numbers(hooked.variance))).toBeGreaterThan(0);
  // model.predict and evaluate are one draw each, so they differ each time.
  expect(numbers(model.predict(x))).not.toEqual(numbers(model.predict(x)));
  expect(numbers(model.evaluate(x, y) as tf.Scalar)).not.toEqual(numbers(model.evaluate(x, y) as tf.Scalar));
  // save and toInferenceModel include the noise.
  expect(numbers(predict(await saved(model), x, { samples: 8, seed: 3 }).mean)).toEqual(numbers(hooked.mean));
  expect(await message(saved(model, { includeOptimizer: true }))).toContain('Leave out includeOptimizer');
  const inference = toInferenceModel(model, { samples: 4 });
  expect(numbers(inference.predict(x))).toEqual(
    numbers(toInferenceModel(cross.toModel(), { samples: 4 }).predict(x)),
  );

  // A second callback continues with the same σ.
  const second = crossRegularization({ ...data, every: 1, noise: true });
  await model.fit(x, y, { ...args, callbacks: second });
  expect(Object.keys(second.history.rho)).toEqual(Object.keys(cross.history.rho));
  const [path] = Object.values(second.history.rho);
  // One step away from 2; a new hook would begin at 1.
  expect(path.value[0]).toBeGreaterThan(1.2);
  expect(path.value.at(-1)).not.toBe(2);
  second.unhook();
  expect(numbers(model.predict(x))).toEqual(plain);
  expect(numbers(predict(cross.toModel(), x, { samples: 2 }).variance)[0]).toBeGreaterThan(0);
});

test('dispose left the noise in: now the model is its own again, and toModel has the noise', async () => {
  const model = network();
  const plain = numbers(model.predict(x));
  model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
  const cross = crossRegularization({ ...data, every: 1, noise: true });
  await model.fit(x, y, { ...args, callbacks: cross });
  const explicit = cross.toModel();
  cross.dispose();
  expect(numbers(model.predict(x))).toEqual(plain);
  expect(numbers(predict(explicit, x, { samples: 2 }).variance)[0]).toBeGreaterThan(0);
  expect(numbers((await saved(model)).predict(x) as tf.Tensor)).toEqual(plain);
});

test('dispose without toModel leaves no tensor of the noise behind', async () => {
  const model = network();
  model.compile({ optimizer: tf.train.sgd(0), loss: 'meanSquaredError' });
  await model.fit(x, y, args);
  const { numTensors } = tf.memory();
  const cross = crossRegularization({ ...data, every: 1, noise: true });
  await model.fit(x, y, { ...args, callbacks: cross });
  cross.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('after compiling again, the ρ loss is that of the new compilation', async () => {
  const model = injectNoise(network(), { initialSigma: 0 });
  const cross = crossRegularization({ ...data, every: 6, optimizer: still });
  const expected: number[] = [];
  for (const loss of ['meanSquaredError', 'meanAbsoluteError']) {
    model.compile({ optimizer: tf.train.sgd(0), loss });
    await model.fit(x, y, { ...args, callbacks: cross });
    const error = tf.sub(model.predict(x) as tf.Tensor, y);
    expected.push(tf.mean(loss === 'meanSquaredError' ? tf.square(error) : tf.abs(error)).dataSync()[0]);
  }
  expect(cross.history.loss).toHaveLength(2);
  cross.history.loss.forEach((loss, i) => {
    expect(loss).toBeCloseTo(expected[i], 5);
  });
});

test('a sequential model that is compiled again keeps its history; unfrozen layers under a norm are refused', async () => {
  const model = network();
  const cross = crossRegularization({ ...data, every: 6, regularizers: [l2()] });
  await model.fit(x, y, { ...args, callbacks: cross });
  compile(model);
  await model.fit(x, y, { ...args, callbacks: cross });
  expect(cross.history.step).toEqual([6, 12]);
  model.layers[0].trainable = false;
  compile(model);
  expect(await message(model.fit(x, y, { ...args, callbacks: cross }))).toContain(
    'was compiled to train 2 weights where it was 4',
  );
});

test('one callback for two models, or twice in a list, is refused (it trained the second model only, or took twice the steps)', async () => {
  const cross = crossRegularization({ ...data, every: 6 });
  const [a, b] = [network(), network()].map((one) => injectNoise(one));
  for (const one of [a, b]) compile(one);
  expect(await message(a.fit(x, y, { ...args, callbacks: [cross, cross] }))).toContain(
    'callbacks: has the same crossRegularization 2 times. Give it once.',
  );
  const norms = crossRegularization({ ...data, regularizers: [l2()] });
  expect(await message(a.fit(x, y, { ...args, callbacks: [cross, norms] }))).toContain(
    'callbacks: has 2 crossRegularizations, each of which would move every σ. Give one with all options',
  );
  // Nor does it matter that a fit breaks off before training.
  const broken = new tf.CustomCallback({
    onTrainBegin: async () => {
      throw new Error('mine');
    },
  });
  expect(await message(a.fit(x, y, { ...args, callbacks: [broken, cross] as never }))).toBe('mine');
  // It was refused before the first step, and works afterwards.
  await a.fit(x, y, { ...args, callbacks: [cross] });
  expect(cross.history.step).toEqual([6]);
  expect(await message(b.fit(x, y, { ...args, callbacks: cross }))).toContain(
    'Make one callback for each model',
  );
  expect(await message(cross.trainOnBatch(b, tf.neg(x), y))).toContain('Make one callback for each model');
  await a.fit(x, y, { ...args, callbacks: cross });
  expect(cross.history.step).toEqual([6, 12]);
});

test('if nothing was learned, one warning says why and what to set, and a status tells it', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const fit = async (options: object) => {
    warn.mockClear();
    const model = injectNoise(network());
    compile(model);
    const cross = crossRegularization({ ...data, ...options });
    await model.fit(x, y, { ...args, callbacks: cross });
    const status = Object.values(cross.status()).map(({ status: one }) => one);
    return { warnings: warn.mock.calls.map(([text]) => String(text)), status };
  };
  const few = await fit({ every: 20 });
  expect(few.warnings).toHaveLength(1);
  expect(few.warnings[0]).toContain(
    'training had 6 steps, and the first ρ step is after 20 (every: 20, warmUp: 0)',
  );
  expect(few.status).toEqual(['no steps']);
  expect((await fit({ every: 2, warmUp: 10 })).warnings[0]).toContain('after 12 (every: 2, warmUp: 10)');
  // A data set: tensors with NaN are refused before training.
  const batches = async () => ({
    next: async () => ({ value: { xs: tf.clone(x), ys: tf.fill([24, 1], Number.NaN) } }),
  });
  const nan = await fit({ every: 2, regularizationData: { iterator: batches } });
  expect(nan.warnings).toHaveLength(1);
  expect(nan.warnings[0]).toContain('all 3 ρ steps were skipped');
  expect(nan.status).toEqual(['skipped']);
  expect((await fit({ every: 2 })).warnings).toEqual([]);
  warn.mockRestore();
});

test('a loop without onEpochEnd keeps its history and no tensor for each ρ step (it lost the one and kept the others)', async () => {
  const model = injectNoise(network());
  compile(model);
  const cross = crossRegularization({ ...data, every: 1 });
  const batch = tf.neg(x);
  await cross.trainOnBatch(model, batch, y);
  const { numTensors } = tf.memory();
  for (let i = 0; i < 20; i++) await cross.trainOnBatch(model, batch, y);
  expect(tf.memory().numTensors).toBe(numTensors);
  expect(cross.history.step).toHaveLength(21);
});

test('logs: History and EarlyStopping of TensorFlow.js see the regularization loss and every σ', async () => {
  const model = injectNoise(network());
  compile(model);
  const cross = crossRegularization({ ...data, every: 3 });
  const { history } = await model.fit(x, y, { ...args, epochs: 3, callbacks: cross });
  const [[name, path]] = Object.entries(cross.history.rho);
  const { loss } = cross.history;
  const pairs = [0, 1, 2].map((epoch) => (loss[2 * epoch] + loss[2 * epoch + 1]) / 2);
  (history.regularization_loss as number[]).forEach((value, epoch) => {
    expect(value).toBeCloseTo(pairs[epoch], 6);
  });
  expect(history[name]).toEqual([path.value[1], path.value[3], path.value[5]]);

  // The level has a name that consumers recognize as one.
  const held = network();
  const levels = crossRegularization({ ...data, every: 3, regularizers: [l2({ layers: ['hidden'] })] });
  const { history: ofLevels } = await held.fit(x, y, { ...args, epochs: 2, callbacks: levels });
  const { value } = levels.history.rho['hidden/l2'];
  expect(ofLevels.hidden_l2).toEqual([value[1], value[3]]);

  // With a threshold that cannot be reached, training ends when the patience is over.
  const stop = tf.callbacks.earlyStopping({
    monitor: 'regularization_loss',
    minDelta: 1e6,
    patience: 2,
    mode: 'min',
  });
  const stopped = await model.fit(x, y, { ...args, epochs: 9, callbacks: [cross, stop] });
  expect(stopped.epoch).toHaveLength(3);

  // An epoch without a ρ step has the values of the last one; before the first there are none.
  const other = injectNoise(network());
  compile(other);
  const seldom = crossRegularization({ ...data, every: 12 });
  const late = await other.fit(x, y, { ...args, epochs: 3, callbacks: seldom });
  expect(late.history.regularization_loss).toEqual([seldom.history.loss[0], seldom.history.loss[0]]);
});

test('plain callback objects in one list with ours are refused, and the error says the line that works', async () => {
  const model = injectNoise(network());
  compile(model);
  const cross = crossRegularization({ ...data, every: 2 });
  const seen: unknown[] = [];
  // TypeScript infers the parameters, as in the option of TensorFlow.js.
  const callbacks = callbackList(cross, {
    onEpochEnd: async (epoch, logs) => {
      seen.push([epoch, typeof logs?.regularization_loss]);
    },
  });
  await model.fit(x, y, { ...args, callbacks });
  expect(seen).toEqual([[0, 'number']]);
  const onEpochEnd = async (epoch: number) => {
    seen.push(epoch);
  };
  const others = y.neg();
  await cross.fit(model, x, others, { ...args, callbacks: { onEpochEnd } });
  await cross.fit(model, x, others, { ...args, callbacks: [{ onEpochEnd }] as never });
  expect(seen).toHaveLength(3);
  expect(await message(model.fit(x, y, { ...args, callbacks: [{ onEpochEnd }, cross] as never }))).toContain(
    'callbacks: callbackList(cross, { onEpochEnd })',
  );
  expect(() => callbackList(cross, 7 as never)).toThrow('callbacks: must be callbacks or objects');
});

test('σ of a noise layer that is not trainable stays as it is, and the others learn', async () => {
  const noisy = injectNoise(
    tf.sequential({
      layers: [1, 2, 3].map((seed) =>
        tf.layers.dense({
          units: 4,
          inputShape: [3 + Number(seed > 1)],
          activation: seed < 3 ? 'tanh' : 'linear',
          kernelInitializer: init(seed),
        }),
      ),
    }),
  );
  const [fixed, free] = noiseLayers(noisy);
  fixed.trainable = false;
  compile(noisy);
  const cross = crossRegularization({ ...data, regularizationData: [x, tf.tile(y, [1, 4])], every: 1 });
  const sigma = () => [fixed, free].map((layer) => numbers(layer.sigma())[0]);
  const before = sigma();
  const fit = (callback: typeof cross) => noisy.fit(x, tf.tile(y, [1, 4]), { ...args, callbacks: callback });
  await fit(cross);
  expect(sigma()[0]).toBe(before[0]);
  expect(sigma()[1]).not.toBe(before[1]);
  expect(Object.keys(cross.history.rho)).toEqual([free.name]);

  // What is learned is decided when training begins: a change is not ignored.
  fixed.trainable = true;
  compile(noisy);
  expect(await message(fit(cross))).toContain('trainable of a noise or augmentation layer had changed');
  for (const layer of [fixed, free]) layer.trainable = false;
  expect(await message(fit(crossRegularization(data)))).toContain(
    `has nothing to learn in "${fixed.name}", "${free.name}": trainable is false`,
  );
});

test('after unhook, the callback does not go on (σ drifted by the momentum of its optimizer)', async () => {
  const model = network();
  const cross = crossRegularization({ ...data, every: 1, noise: true });
  await model.fit(x, y, { ...args, callbacks: cross });
  cross.unhook();
  const refusal = 'has no noise any more, because it was unhooked';
  expect(await message(model.fit(x, y, { ...args, callbacks: cross }))).toContain(refusal);
  expect(await message(cross.trainOnBatch(model, tf.neg(x), y))).toContain(refusal);
  expect(
    await message(model.fit(x, y, { ...args, callbacks: crossRegularization({ ...data, noise: true }) })),
  ).toBe('accepted');
});
