// Only type-checked, by `tsc --noEmit`: what a user writes against core has the types that the user expects.
import {
  type Array64,
  adam,
  averagePredictions,
  type Bijector,
  bounded,
  type ConvergenceStatus,
  convergence,
  createSchedule,
  createTrainer,
  customRegularizer,
  type Framework,
  float64,
  groupLasso,
  l1Norm,
  l2Norm,
  noiseOptimizer,
  normLevel,
  type OptimizerFactory,
  type RegularizationParameter,
  type Regularizer,
  regularizationParameter,
  type Schedule,
  sgd,
  type TrainerState,
} from '@crossreg/core';
import { expectTypeOf, test } from 'vitest';

declare const weights: Array64;
declare const variable: Array64;

test('a framework decides the type of arrays', () => {
  expectTypeOf(float64).toEqualTypeOf<Framework<Array64>>();
  expectTypeOf(regularizationParameter(float64, { name: 'sigma', variable })).toEqualTypeOf<
    RegularizationParameter<Array64>
  >();
  expectTypeOf(averagePredictions(float64, weights, 'logits')).toEqualTypeOf<Array64>();
  // @ts-expect-error: the variable is one of the framework's arrays
  regularizationParameter(float64, { name: 'sigma', variable: 1 });
  // @ts-expect-error: no such way to average
  averagePredictions(float64, weights, 'median');
});

test('regularizers', () => {
  for (const regularizer of [l1Norm({ steps: 2 }), l2Norm(), groupLasso({ axis: 'array' })])
    expectTypeOf(regularizer).toEqualTypeOf<Regularizer>();
  const ofMine = customRegularizer({
    // An array of whichever framework.
    value: <T>(framework: Framework<T>, [first]: readonly T[]) => framework.sum(framework.abs(first)),
  });
  expectTypeOf(ofMine).toEqualTypeOf<Regularizer>();
  normLevel(float64, {
    name: 'norm',
    weights: [weights],
    regularizer: l2Norm(),
    variable,
    per: 'unit',
    scheme: 'literal',
  });
  // @ts-expect-error: an axis is a number, or 'array'
  groupLasso({ axis: 'rows' });
  // @ts-expect-error: the weights are a list
  normLevel(float64, { name: 'norm', weights, regularizer: l2Norm(), variable });
  // @ts-expect-error: a value is one array, no number
  customRegularizer({ value: () => 1 });
  // @ts-expect-error: a value is needed
  customRegularizer({ name: 'nothing' });
});

test('bijectors, optimizers and schedules', () => {
  expectTypeOf(bounded(0, 1)).toEqualTypeOf<Bijector>();
  expectTypeOf(bounded(0, 1).range).toEqualTypeOf<readonly [lower: number, upper: number]>();
  expectTypeOf(adam({ learningRate: (step) => 1 / step })).toEqualTypeOf<OptimizerFactory>();
  expectTypeOf(noiseOptimizer({ every: 'auto' })).toEqualTypeOf<OptimizerFactory>();
  expectTypeOf(createSchedule({ every: 10 })).toEqualTypeOf<Schedule>();
  // @ts-expect-error: a learning rate is needed
  sgd({ momentum: 0.9 });
  // @ts-expect-error: adam has beta1 and beta2, and no momentum
  adam({ learningRate: 0.1, momentum: 0.9 });
  // @ts-expect-error: a number of steps, or 'auto'
  createSchedule({ every: 'epoch' });
});

test('a trainer hands its own batches to its losses', async () => {
  const trainer = createTrainer({
    framework: float64,
    theta: [weights],
    rho: [regularizationParameter(float64, { name: 'sigma', variable })],
    trainLoss: (batch: { x: Array64 }, context) => {
      expectTypeOf(context.samples).toEqualTypeOf<number>();
      return float64.sum(batch.x);
    },
    regularizationLoss: (batch) => {
      expectTypeOf(batch).toEqualTypeOf<{ x: Array64 }>();
      return float64.sum(batch.x);
    },
    schedule: { every: 5 },
  });
  expectTypeOf(trainer.step({ x: weights }, () => ({ x: weights }))).toEqualTypeOf<Array64>();
  expectTypeOf(await trainer.state()).toEqualTypeOf<TrainerState>();
  expectTypeOf(trainer.history.status().sigma.status).toEqualTypeOf<ConvergenceStatus>();
  // @ts-expect-error: a batch of another type
  trainer.step(weights, () => ({ x: weights }));
  // @ts-expect-error: the regularization batch is a function, so that it is made only when it is needed
  trainer.step({ x: weights }, { x: weights });
});

test('convergence of a path', () => {
  const found = convergence({ value: [1], gradient: [0] }, { window: 10, range: [0, 1] });
  expectTypeOf(found.status).toEqualTypeOf<ConvergenceStatus>();
  expectTypeOf(found.gradient).toEqualTypeOf<{ mean: number; standardError: number }>();
  // @ts-expect-error: the gradients are needed
  convergence({ value: [1] });
});
