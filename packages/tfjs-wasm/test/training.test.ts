import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import '../src/registerKernels';
import { kernelsOf } from '../src/kernels';
import { floats, onBackend, wasm } from './agreement';
import { native } from './builtNative';
import {
  agree,
  notLayers,
  ofOneExample,
  type TrainingResult,
  train,
  trainingCases,
} from './trainingCases.mjs';

const cases = trainingCases(tf);

async function run(backend: string): Promise<(TrainingResult | { error: string })[]> {
  await tf.setBackend(backend);
  const results = [];
  for (const each of cases) {
    try {
      results.push(await train(tf, each));
    } catch (error) {
      results.push({ error: (error as Error).message });
    }
  }
  return results;
}

let expectedOnce: ReturnType<typeof run> | undefined;

test.each(native ? ['wasm', 'native'] : ['wasm'])(
  'on %s every layer, activation, loss and optimizer trains as on cpu',
  async (kernels) => {
    expectedOnce ??= run('cpu');
    const expected = await expectedOnce;
    await tf.setBackend('wasm');
    kernelsOf(wasm()).useNative(kernels === 'native' ? native : undefined, 2);
    const actual = await run('wasm');
    kernelsOf(wasm()).useNative(undefined);
    const failing = cases.filter((each, i) => {
      const [a, e] = [actual[i], expected[i]];
      if ('error' in e) return false; // tfjs itself has no gradient
      if ('error' in a) return true;
      return each.compared ? !agree(a, e) : !a.losses.every(Number.isFinite);
    });
    expect(failing.map(({ name }) => name)).toEqual([]);
    expect(expected.filter((e) => 'error' in e).length).toBeLessThan(7);
  },
);

test('the cases leave out no layer', () => {
  const covered = new Set(cases.map(({ layer }) => layer));
  const left = Object.keys(tf.layers).filter(
    (name) =>
      !covered.has(name) && !Object.values(notLayers).flat().includes(name) && !ofOneExample.includes(name),
  );
  expect(left).toEqual([]);
});

test('nearest-neighbour resizing has the gradient of its forward pass, which it lacks on cpu', () => {
  const attrs = { size: [12, 12], alignCorners: false, halfPixelCenters: false };
  const [images, dy, other] = [floats([2, 6, 6, 3], 1), floats([2, 12, 12, 3], 2), floats([2, 6, 6, 3], 3)];
  const dot = (a: ArrayLike<number>, b: ArrayLike<number>) =>
    Array.from(a).reduce((sum, value, i) => sum + value * b[i], 0);
  const [forward] = onBackend('cpu', 'ResizeNearestNeighbor', { inputs: { images: other }, attrs });
  const expected = dot(forward.values, dy.values);
  const gradient = (backend: 'cpu' | 'wasm') =>
    dot(
      onBackend(backend, 'ResizeNearestNeighborGrad', { inputs: { images, dy }, attrs })[0].values,
      other.values,
    );
  expect(wasm()).toBeDefined();
  expect(gradient('wasm')).toBeCloseTo(expected, 3);
  expect(Math.abs(gradient('cpu') - expected)).toBeGreaterThan(0.1);
});
/** Losses of a few steps on fixed data from fixed weights. */
async function losses(backend: string): Promise<number[]> {
  await tf.setBackend(backend);
  const glorot = (seed: number) => tf.initializers.glorotUniform({ seed });
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({
        inputShape: [8, 8, 3],
        filters: 8,
        kernelSize: 3,
        padding: 'same',
        kernelInitializer: glorot(1),
      }),
      tf.layers.batchNormalization(),
      tf.layers.reLU(),
      tf.layers.conv2d({
        filters: 12,
        kernelSize: 3,
        strides: 2,
        activation: 'relu',
        kernelInitializer: glorot(2),
      }),
      tf.layers.maxPooling2d({ poolSize: 2, strides: 1 }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 4, activation: 'softmax', kernelInitializer: glorot(3) }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  const x = tf.tensor(floats([16, 8, 8, 3], 5).values, [16, 8, 8, 3]);
  const y = tf.oneHot(
    tf.tensor1d(
      Array.from({ length: 16 }, (_, i) => i % 4),
      'int32',
    ),
    4,
  );
  const history: number[] = [];
  const tensors: number[] = [];
  for (let step = 0; step < 8; step++) {
    history.push((await model.trainOnBatch(x, y)) as number);
    tensors.push(tf.memory().numTensors);
  }
  expect(new Set(tensors.slice(2)).size).toBe(1);
  tf.dispose([x, y]);
  model.dispose();
  return history;
}

test('a convolutional net with batch norm and Adam trains on wasm as on cpu', async () => {
  const expected = await losses('cpu');
  const actual = await losses('wasm');
  expect(expected[7]).toBeLessThan(expected[0]);
  actual.forEach((loss, i) => {
    expect(loss).toBeCloseTo(expected[i], 3);
  });
});
