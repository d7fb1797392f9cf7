import '@tensorflow/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { NormalizeBatch } from '../src/batchNorm';
import { kernelsOf } from '../src/kernels';
import { floats, relativeError, wasm } from './agreement';
import { native } from './builtNative';

// Operations that are written together with the next kernel, compared with the same ones run singly on our wasm kernels.
const sets = native?.instructionSets() ?? [];
beforeAll(() => tf.setBackend('wasm'));
afterAll(() => {
  native?.useInstructionSet(sets[0]);
  kernelsOf(wasm()).useNative(undefined);
});
const use = (set?: string, threads = 1) => {
  if (set) native!.useInstructionSet(set);
  kernelsOf(wasm()).useNative(set ? native : undefined, threads);
};

const activations = {
  none: (x: tf.Tensor) => tf.mul(x, 1),
  relu: (x: tf.Tensor) => tf.relu(x),
  relu6: (x: tf.Tensor) => tf.relu6(tf.mul(x, 5)),
  'relu6, at once': (x: tf.Tensor) => tf.relu6(x),
  leakyRelu: (x: tf.Tensor) => tf.leakyRelu(x, 0.3),
};
const statistics = ['batch', 'given'] as const;
const noises = ['none', 'scalar', 'channels'] as const;

interface Problem {
  shape: number[];
  activation: keyof typeof activations;
  statistic: (typeof statistics)[number];
  noise: (typeof noises)[number];
  mirrored: boolean;
  /** Whether the intermediate tensors are read. */
  between: boolean;
  seed: number;
}

const problems: fc.Arbitrary<Problem> = fc.record({
  shape: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 2, maxLength: 4 }),
  activation: fc.constantFrom(...(Object.keys(activations) as (keyof typeof activations)[])),
  statistic: fc.constantFrom(...statistics),
  noise: fc.constantFrom(...noises),
  mirrored: fc.boolean(),
  between: fc.boolean(),
  seed: fc.nat(),
});

const runKernel = (kernel: string, inputs: tf.NamedTensorMap, attrs: object) =>
  tf.engine().runKernel(kernel, inputs, { ...attrs }) as tf.Tensor;

/** x + scale · ε, as @crossreg/tfjs has it. */
const addNoise = (x: tf.Tensor, scale: tf.Tensor, mirrored: boolean) => {
  const key = { k0: 11, k1: 12, mirrored };
  return tf.customGrad((x, scale, save) => {
    (save as tf.GradSaveFunc)([scale as tf.Tensor]);
    return {
      value: runKernel('CrossregAddNoise', { x: x as tf.Tensor, scale: scale as tf.Tensor }, key),
      gradFunc: (dy, [scale]) => [
        tf.clone(dy),
        runKernel('CrossregNoiseProducts', { dy }, { ...key, perChannel: scale.rank === 1 }),
      ],
    };
  })(x, scale);
};

/** The value and all gradients. */
function results(problem: Problem): number[][] {
  const { activation, statistic, noise, mirrored, between, seed } = problem;
  const shape = [problem.shape[0] * (mirrored ? 2 : 1), ...problem.shape.slice(1)];
  const tensor = (of: number[], k: number) => tf.tensor(floats(of, seed + k).values, of);
  return tf.tidy(() => {
    const channels = shape[shape.length - 1];
    const scales = { none: [], scalar: [tf.scalar(0.4)], channels: [tensor([channels], 4)] }[noise];
    const inputs = [tensor(shape, 1), ...[2, 3].map((k) => tensor([channels], k)), ...scales];
    const [mean, variance] = [tensor([channels], 5), tf.abs(tensor([channels], 6))];
    const f = (x: tf.Tensor, scale: tf.Tensor, offset: tf.Tensor, sigma?: tf.Tensor) => {
      const attrs = { varianceEpsilon: 0.1, momentum: 0.9 };
      const moving = { movingMean: mean, movingVariance: variance };
      let y =
        statistic === 'batch'
          ? (runKernel(NormalizeBatch, { x, scale, offset, ...moving }, attrs) as unknown as tf.Tensor[])[0]
          : runKernel('FusedBatchNorm', { x, mean, variance, scale, offset }, attrs);
      if (sigma) y = addNoise(y, sigma, mirrored);
      const z = activations[activation](y);
      return between ? tf.add(z, y) : z;
    };
    const { value, grads } = tf.valueAndGrads(f as never)(inputs, tensor(shape, 7)) as {
      value: tf.Tensor;
      grads: tf.Tensor[];
    };
    return [value, ...grads].map((each) => Array.from(each.dataSync()));
  });
}

/** The gradient jumps at 0 and at 6, so no number may be so near that rounding decides. */
const isClear = (problem: Problem) => {
  use();
  return results({ ...problem, activation: 'none', between: false })[0].every((y) => Math.abs(y) > 1e-4);
};

test('statistics of one number for all channels have the gradients of cpu, with kernels of every kind', async () => {
  const gradients = async (backend: string) => {
    await tf.setBackend(backend);
    return tf.tidy(() => {
      const random = (shape: number[], seed: number) => tf.tensor(floats(shape, seed).values, shape);
      const y = (x: tf.Tensor, mean: tf.Tensor, offset: tf.Tensor, scale: tf.Tensor) => {
        const statistics = [mean, tf.ones([1]), offset, scale] as tf.Tensor1D[];
        return tf.batchNorm(x as tf.Tensor4D, statistics[0], statistics[1], statistics[2], statistics[3]);
      };
      const statistics = [2, 3, 4].map((seed) => random([1], seed));
      const dy = random([2, 3, 3, 4], 5);
      return tf
        .grads(y)([random([2, 3, 3, 4], 1), ...statistics], dy)
        .map((g) => [...g.dataSync()]);
    });
  };
  const expected = await gradients('cpu');
  for (const set of [undefined, ...sets]) {
    await tf.setBackend('wasm');
    use(set);
    (await gradients('wasm')).forEach((each, i) => {
      expect(relativeError(each, expected[i])).toBeLessThan(1e-5);
    });
  }
});

describe.each(sets.map((set, i) => [set, i === 0 ? 500 : 100] as const))('on %s', (set, numRuns) => {
  test('normalization, noise, activation and their gradients are those of the operations one by one', () => {
    const before = [wasm().numDataIds(), tf.memory().numTensors, tf.memory().numDataBuffers];
    fc.assert(
      fc.property(problems, (problem) => {
        fc.pre(isClear(problem));
        const expected = results(problem);
        for (const threads of [1, 3]) {
          use(set, threads);
          results(problem).forEach((values, i) => {
            // Where numbers cancel, as with one row, a rounding error of their size remains.
            expect(relativeError([1, ...values], [1, ...expected[i]])).toBeLessThan(1e-4);
          });
        }
      }),
      { numRuns, seed: 20250601 },
    );
    expect([wasm().numDataIds(), tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual(before);
  });
});

describe.runIf(native)('an output that is not written', () => {
  beforeAll(() => use(sets[0]));
  const attrs = { varianceEpsilon: 1e-3 };
  const normalized = (x: tf.Tensor) =>
    runKernel(
      'FusedBatchNorm',
      { x, mean: tf.zeros([3]), variance: tf.ones([3]), scale: tf.ones([3]), offset: tf.ones([3]) },
      attrs,
    );
  const isWritten = (y: tf.Tensor) => kernelsOf(wasm()).deferred.of(y) === undefined;

  test('is written by its first reader, whatever happened to its inputs', () => {
    const y = tf.tidy(() => normalized(tf.fill([4, 3], 2)));
    const same = tf.reshape(tf.clone(y), [3, 4]);
    expect(isWritten(y)).toBe(false);
    // In the memory that would be free without the inputs.
    const others = Array.from({ length: 8 }, () => tf.fill([4, 3], 5));
    const doubled = tf.mul(same, 2);
    expect(isWritten(y)).toBe(true);
    expect(Array.from(doubled.dataSync())).toEqual(
      new Array(12).fill(Math.fround(2 * (2 / Math.sqrt(1.001) + 1))),
    );
    tf.dispose([y, same, doubled, others]);
  });

  test('is never written if it is not read, and leaves nothing behind', () => {
    const before = [wasm().numDataIds(), tf.memory().numTensors, tf.memory().numDataBuffers];
    for (let i = 0; i < 100; i++) tf.tidy(() => tf.relu(normalized(tf.ones([4, 3]))).dataSync());
    const y = tf.tidy(() => normalized(tf.ones([4, 3])));
    tf.relu(y).dispose();
    expect(isWritten(y)).toBe(false);
    y.dispose();
    expect([wasm().numDataIds(), tf.memory().numTensors, tf.memory().numDataBuffers]).toEqual(before);
  });

  test('may be added to itself after its inputs were disposed', () => {
    const sum = tf.tidy(() => {
      const y = tf.tidy(() => normalized(tf.fill([2000, 3], 2)));
      return tf.add(y, y);
    });
    expect(sum.dataSync()[5999]).toBeCloseTo(2 * (2 / Math.sqrt(1.001) + 1), 5);
    sum.dispose();
  });

  test('is written before an operand moves to another backend', async () => {
    const x = tf.fill([4, 3], 2);
    const y = normalized(x);
    await tf.setBackend('cpu');
    x.dataSync();
    tf.add(x, 1).dispose();
    x.dispose();
    await tf.setBackend('wasm');
    expect(isWritten(y)).toBe(true);
    expect(y.dataSync()[0]).toBeCloseTo(2 / Math.sqrt(1.001) + 1, 6);
    y.dispose();
  });

  test('is written before other kernels take over, and read by a change of backend', async () => {
    const [y, z] = [normalized(tf.ones([4, 3])), normalized(tf.ones([4, 3]))];
    use();
    expect(isWritten(y)).toBe(true);
    use(sets[0]);
    const later = normalized(tf.ones([4, 3]));
    await tf.setBackend('cpu');
    const moved = tf.add(later, 0).dataSync()[0];
    await tf.setBackend('wasm');
    expect(moved).toBeCloseTo(z.dataSync()[0], 6);
    tf.dispose([y, z, later]);
  });
});
