import './registerKernels';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import { floats } from '../test/agreement';

beforeAll(() => tf.setBackend('wasm'));

test.each([[[1, 3]], [[128, 4]], [[129, 5]], [[3, 50, 7]], [[4, 9, 11, 33]]])(
  'moments of %j are those of float64, however far from 0',
  (shape) => {
    for (const shift of [0, 50]) {
      const x = floats(shape, 1).values.map((value) => value + shift);
      const [mean, variance] = tf
        .engine()
        .runKernel('CrossregChannelMoments', { x: tf.tensor(x, shape) }) as unknown as tf.Tensor[];
      const channels = shape[shape.length - 1];
      for (let c = 0; c < channels; c++) {
        const column = Array.from({ length: x.length / channels }, (_, r) => x[r * channels + c]);
        const exact = column.reduce((a, b) => a + b) / column.length;
        const square = column.reduce((a, b) => a + (b - exact) ** 2, 0) / column.length;
        expect(Math.abs(mean.dataSync()[c] - exact)).toBeLessThan(1e-6 * (1 + shift));
        expect(Math.abs(variance.dataSync()[c] - square)).toBeLessThan(1e-6 * (1 + shift));
      }
      tf.dispose([mean, variance]);
    }
  },
);
