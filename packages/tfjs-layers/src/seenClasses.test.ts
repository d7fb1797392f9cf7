import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeAll, expect, test, vi } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { injectNoise } from './injectNoise';
import { regularizationBatches } from './regularizationData';
import { SeenClasses } from './seenClasses';

beforeAll(() => tf.setBackend('cpu'));
afterEach(() => vi.restoreAllMocks());

/** Two outputs: one of three classes, one unit that is 0 or 1. */
function network() {
  const input = tf.input({ shape: [2] });
  const hidden = tf.layers.dense({ units: 3, activation: 'tanh' }).apply(input);
  const outputs = [
    tf.layers.dense({ units: 3, activation: 'softmax', name: 'kind' }).apply(hidden),
    tf.layers.dense({ units: 1, activation: 'sigmoid', name: 'flag' }).apply(hidden),
  ] as tf.SymbolicTensor[];
  const model = injectNoise(tf.model({ inputs: input, outputs }));
  model.compile({ optimizer: tf.train.sgd(0.01), loss: ['categoricalCrossentropy', 'binaryCrossentropy'] });
  return model;
}
type Example = [kind: number, flag: number];
/** Batches of such examples, as a data set. */
const dataset = (batches: readonly Example[][]) =>
  tf.data.array(batches.map((_, i) => i)).map((i) => {
    const batch = batches[i as unknown as number];
    return {
      xs: tf.ones([batch.length, 2]),
      ys: {
        kind: tf.oneHot(
          tf.tensor1d(
            batch.map(([kind]) => kind),
            'int32',
          ),
          3,
        ),
        flag: tf.tensor2d(batch.map(([, flag]) => [flag])),
      },
    };
  }) as never;
test.each([
  [
    'sparseCategoricalCrossentropy',
    2,
    [0, 1, 2, 1],
    'has class numbers beyond the 2 classes. Number them from 0',
  ],
  ['sparseCategoricalCrossentropy', 2, [0, 1, -1, 1], 'has class numbers beyond the 2 classes'],
  [
    'binaryCrossentropy',
    1,
    [-1, 1, -1, 1],
    'has values from -1 to 1, but its loss binaryCrossentropy takes 0, 1 and',
  ],
  ['binaryCrossentropy', 1, [1, 2, 1, 2], 'has values from 1 to 2'],
])('%s with %i units: targets %j are refused', async (loss, units, targets, message) => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units, inputShape: [2] })] });
  model.compile({ optimizer: 'sgd', loss });
  for (const allowMissingClasses of [false, true]) {
    const options = { batchSize: 4, seed: 1, allowMissingClasses };
    await expect(
      regularizationBatches([tf.ones([4, 2]), tf.tensor1d(targets)], model, options),
    ).rejects.toThrow(`regularizationData: the target of output "${model.outputNames[0]}" ${message}`);
  }
});

const complete: Example[][] = [
  [
    [0, 1],
    [0, 1],
  ],
  [
    [1, 1],
    [2, 0],
  ],
];
const withoutTwo: Example[][] = [
  [
    [0, 1],
    [0, 0],
  ],
  [[1, 1]],
];
const withoutZero: Example[][] = [
  complete[0],
  [
    [1, 1],
    [2, 1],
  ],
];
const options = { batchSize: 9, seed: 1 };
const passes = async (batches: readonly Example[][], count: number, allowMissingClasses = false) => {
  const source = await regularizationBatches(dataset(batches), network(), {
    ...options,
    allowMissingClasses,
  });
  for (let i = 0; i < count; i++) tf.dispose((await source.next()) as never);
  return source;
};

test('the classes of several batches are collected', async () => {
  const seen = new SeenClasses(network());
  const kinds = (...list: number[]) => tf.oneHot(tf.tensor1d(list, 'int32'), 3);
  seen.add([kinds(0, 0), tf.tensor2d([[1], [1]])]);
  expect(await seen.missing()).toBe('class 1, 2 in the target of output "kind"');
  seen.add([kinds(1, 2), tf.tensor2d([[1], [1]])]);
  expect(await seen.missing()).toBe('class 0 in the target of output "flag"');
  seen.add([kinds(1), tf.tensor2d([[0]])]);
  expect(await seen.missing()).toBeUndefined();
});

test('targets other than classes have no missing class: soft labels, counts, several at once', async () => {
  const model = tf.sequential({ layers: [tf.layers.dense({ units: 2, inputShape: [1] })] });
  model.compile({ optimizer: 'sgd', loss: 'meanSquaredError' });
  for (const rows of [[[0.3, 0.7]], [[5, 0]], [[1, 1]], [[-1, 0]]]) {
    const seen = new SeenClasses(model);
    seen.add([tf.tensor2d(rows)]);
    expect(await seen.missing()).toBeUndefined();
  }
});

test('a data set without a class is refused after its first pass, tensors before the first step', async () => {
  await passes(withoutTwo, 2);
  await expect(passes(withoutTwo, 3)).rejects.toThrow(
    'regularizationData: has no example of class 2 in the target of output "kind". Hold out the same share of every class',
  );
  await expect(passes(withoutZero, 3)).rejects.toThrow(
    'no example of class 0 in the target of output "flag"',
  );
  await passes(withoutTwo, 5, true);
  // The pass has all classes, although no batch has.
  await passes(complete, 5);
});

test('a training that ends earlier warns about the missing class', async () => {
  const warn = vi.spyOn(console, 'warn').mockImplementation(() => {});
  const fit = async (batches: readonly Example[][], epochs: number) => {
    warn.mockClear();
    const model = network();
    const cross = crossRegularization({ regularizationData: dataset(batches), every: 1 });
    const [x, kind, flag] = [
      tf.ones([4, 2]),
      tf.oneHot(tf.tensor1d([0, 1, 2, 0], 'int32'), 3),
      tf.ones([4, 1]),
    ];
    await model.fit(x, [kind, flag], { epochs, verbose: 0, callbacks: cross });
    return warn.mock.calls.flat().join();
  };
  expect(await fit(withoutTwo, 1)).toContain(
    'has seen no example of class 1, 2 in the target of output "kind"',
  );
  expect(await fit(withoutTwo, 2)).toContain('has seen no example of class 2 in');
  expect(await fit(complete, 2)).toBe('');
  await expect(fit(withoutTwo, 3)).rejects.toThrow('has no example of class 2');
});

test('nothing is left on the device', async () => {
  const model = network();
  const before = tf.memory().numTensors;
  const source = await regularizationBatches(dataset(complete), model, options);
  for (let i = 0; i < 4; i++) {
    const { x, y } = await source.next();
    tf.dispose([x, y]);
  }
  await source.unseen();
  expect(tf.memory().numTensors).toBe(before);
});

test('class numbers of a large vocabulary are counted without one-hot rows, and few of the missing ones are named', async () => {
  const words = 5000;
  const model = tf.sequential({
    layers: [
      tf.layers.embedding({ inputDim: words, outputDim: 1, inputLength: 8 }),
      tf.layers.dense({ units: words, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: 'sgd', loss: 'sparseCategoricalCrossentropy' });
  // Every word but 0, 10, 20, …
  const numbers = Array.from({ length: 200 * 8 }, (_, i) => (i % 10 === 0 ? 1 : i));
  const y = tf.tensor3d(numbers, [200, 8, 1]);
  const kernel = tf.getKernel('OneHot', 'cpu');
  tf.unregisterKernel('OneHot', 'cpu');
  try {
    const seen = new SeenClasses(model);
    seen.add([y]);
    await seen.checkPossible();
    expect(await seen.missing()).toBe('class 0, 10, 20, 30, 40, 50, … (3560 in all)');
  } finally {
    tf.registerKernel(kernel!);
  }
  const beyond = new SeenClasses(model);
  beyond.add([tf.fill([2, 8, 1], words)]);
  await expect(beyond.checkPossible()).rejects.toThrow('has class numbers beyond the 5000 classes');
});
