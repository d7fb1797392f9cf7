// Only type-checked, by `tsc --noEmit`: what a user writes against jax has the types that the user expects.
import type { Convergence, RegularizationRecord } from '@crossreg/core';
import { bounded } from '@crossreg/core';
import {
  adam,
  addNoise,
  averagedPrediction,
  type CrossRegularizeState,
  crossRegularize,
  loadState,
  noiseOptimizer,
  type SavedState,
  saveState,
  sgd,
} from '@crossreg/jax';
import type { Array as JaxArray } from '@jax-js/jax';
import { expectTypeOf, test } from 'vitest';

declare const array: JaxArray;
type Params = { w: JaxArray; b: JaxArray };
type Rho = { sigma: JaxArray };
type Batch = [x: JaxArray, y: JaxArray];

const cross = crossRegularize({
  trainLoss: (params: Params, rho: Rho, [x]: Batch, key) => {
    expectTypeOf(key).toEqualTypeOf<JaxArray>();
    return addNoise(x.mul(params.w), rho.sigma, key);
  },
  regularizationLoss: (params, rho, [x, y], key, samples) => {
    expectTypeOf(params).toEqualTypeOf<Params>();
    expectTypeOf(y).toEqualTypeOf<JaxArray>();
    expectTypeOf(samples).toEqualTypeOf<number>();
    return addNoise(x, rho.sigma, key, { antithetic: true });
  },
  optimizer: adam({ learningRate: 1e-3 }),
  rhoOptimizer: noiseOptimizer({ every: 10 }),
  every: 10,
  bijector: bounded(0, 1),
});

test('a state has the trees of the losses', async () => {
  const state = cross.init({ w: array, b: array }, { sigma: array });
  expectTypeOf(state).toEqualTypeOf<CrossRegularizeState<Params, Rho>>();
  expectTypeOf(cross.step(state, [array, array], () => [array, array], array)).toEqualTypeOf<
    [state: CrossRegularizeState<Params, Rho>, loss: JaxArray]
  >();
  expectTypeOf(cross.rho(state)).toEqualTypeOf<Rho>();
  const record = await cross.history(state);
  expectTypeOf(record).toEqualTypeOf<RegularizationRecord>();
  expectTypeOf(cross.convergence(record)).toEqualTypeOf<Record<string, Convergence>>();
  // Levels may be given as plain numbers.
  cross.init({ w: array, b: array }, { sigma: 0.1 });
  // @ts-expect-error: `b` is missing
  cross.init({ w: array }, { sigma: array });
  // @ts-expect-error: the batch of regularization data is a function, so that it is made only when it is needed
  cross.step(state, [array, array], [array, array], array);
});

test('saved and loaded', async () => {
  const state = cross.init({ w: array, b: array }, { sigma: 0.1 });
  expectTypeOf(await saveState(state)).toEqualTypeOf<SavedState>();
  expectTypeOf(loadState(state, await saveState(state))).toEqualTypeOf<CrossRegularizeState<Params, Rho>>();
});

test('options', () => {
  sgd({ learningRate: (step) => step.mul(0.1), momentum: 0.9 });
  averagedPrediction((x) => x, array, array, { averaging: 'logits', samples: 8 });
  // @ts-expect-error: a learning rate is needed
  adam({ beta1: 0.9 });
  // @ts-expect-error: how to average is needed
  averagedPrediction((x) => x, array, array, { samples: 8 });
  // @ts-expect-error: the option is `axis`
  addNoise(array, array, array, { channelAxis: 1 });
  // @ts-expect-error: an optimizer is needed
  crossRegularize({ trainLoss: () => array, regularizationLoss: () => array });
});
