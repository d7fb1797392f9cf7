import { l2Norm } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { completeOptions } from './crossRegularizationOptions';

beforeAll(() => tf.setBackend('cpu'));

const data = () => [tf.zeros([4, 2]), tf.zeros([4, 1])] as const;

test('what is left out has its default', () => {
  expect(completeOptions({ regularizationData: data() })).toMatchObject({
    ...{ batchSize: 32, seed: 0, norms: [], allowMissingClasses: false },
    schedule: { every: 'auto', samples: 4, warmUp: 0 },
    ...{ noise: undefined, averaging: undefined, classWeight: undefined, optimizer: undefined },
  });
  expect(completeOptions({ regularizationData: data(), noise: true }).noise).toEqual({});
  expect(completeOptions({ regularizationData: data(), noise: false }).noise).toBeUndefined();
  expect(completeOptions({ regularizationData: data(), learningRate: 0.1 }).optimizer).toBeTypeOf('function');
});

test.each<[object, string]>([
  [{ every: 0 }, "every: must be 'auto' or an integer of at least 1, but is 0"],
  [{ samples: 0 }, 'samples: must be an integer of at least 1'],
  [{ batchSize: 0.5 }, 'batchSize: must be an integer of at least 1'],
  [{ averaging: 'median' }, "averaging: must be 'probabilities'"],
  [{ averaging: { out: 'median' } }, "averaging: must be 'probabilities'"],
  [{ learningRate: -1 }, 'learningRate: must be a finite number above 0'],
  [{ regularizationData: undefined }, 'regularizationData: is missing'],
  [{ regularizationData: { split: 2 } }, 'regularizationData.split: must lie between 0 and 1'],
  [{ noise: 1 }, 'noise: must be true, false or options of injectNoise, but is 1'],
  [{ regularizers: l2Norm() }, 'Write [ ] around one'],
  [{ classWeight: 2 }, 'classWeight: must be { class: weight }'],
  [{ regularisers: [] }, 'regularisers: is not an option of crossRegularization'],
])('%j is refused', (options, message) => {
  expect(() => completeOptions({ regularizationData: data(), ...options })).toThrow(message);
});
