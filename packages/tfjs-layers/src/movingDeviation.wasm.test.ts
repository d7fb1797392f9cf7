import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { LearnableNoise } from './learnableNoise';

/** The weights of a noise layer, and the scale of its noise, after each of some training batches. */
async function trajectory(sizes: readonly number[]): Promise<number[][]> {
  const noise = new LearnableNoise({ initialSigma: 1 });
  const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [5] }), noise as never] });
  const after = sizes.map((size, i) =>
    tf.tidy(() => {
      model.apply(tf.randomNormal([size, 5], 3, 2, 'float32', i + 1), { training: true });
      const numbers = [...noise.weights.map((weight) => weight.read()), noise.scale()];
      return numbers.flatMap((each) => [...each.dataSync()]);
    }),
  );
  model.dispose();
  return after;
}

test.each([false, 'auto'] as const)(
  'the moving deviation of one kernel is that of the operations on cpu; native: %s',
  async (native) => {
    // Batches of one between others, and at the beginning.
    const sizes = [1, 1, 7, 1, 32, 2, 1, 3];
    await tf.setBackend('cpu');
    const expected = await trajectory(sizes);
    await useWasm({ threads: 1, native });
    const actual = await trajectory(sizes);
    actual.flat().forEach((value, i) => {
      expect(Math.abs(value - expected.flat()[i])).toBeLessThan(1e-5 * (1 + Math.abs(value)));
    });
  },
);

test('it is one kernel a step, and leaves nothing behind', async () => {
  await useWasm({ threads: 1 });
  const noise = new LearnableNoise({ initialSigma: 1 });
  const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: [5] }), noise as never] });
  const x = tf.randomNormal([8, 5], 3, 2, 'float32', 1);
  const step = () => tf.dispose(model.apply(x, { training: true }) as tf.Tensor);
  step();
  const { numTensors } = tf.memory();
  const { kernels } = await tf.profile(step as never);
  expect(tf.memory().numTensors).toBe(numTensors);
  // What tfjs counts beside kernels are tidied scopes.
  const names = kernels.map(({ name }) => name).filter((name) => !name.includes('scope'));
  // The three others are those of σ, σ · s_c and the sum.
  expect(names).toEqual(['CrossregMovingDeviation', 'Exp', 'Multiply', 'CrossregAddNoise']);
});
