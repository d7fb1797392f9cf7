import '@tensorflow/tfjs-backend-cpu';
import * as tf from '@tensorflow/tfjs-core';
import { layers, version_layers } from '@tensorflow/tfjs-layers';
import { expect, test } from 'vitest';
import {
  type AdamState,
  type BatchNormalization,
  callerOf,
  engineOf,
  heldVersions,
  type MomentumState,
  type ProductLayer,
  type RmsPropState,
  type SgdState,
  stateOf,
} from './internals';

const { version_core } = tf;
/** The message of a failing check: which field of which version differs from `internals.ts`. */
const missing = (field: string) =>
  `TensorFlow.js ${version_core} keeps no ${field} as internals.ts declares it. Adapt what uses it`;

test.each([
  ['tfjs-core', version_core],
  ['tfjs-layers', version_layers],
])('holds for the version of %s that is installed', (_, version) => {
  expect(heldVersions, `${version} is not listed yet: add it once this file passes`).toContain(version);
});

test('the engine tells how deep it differentiates and in which operation it is', () => {
  const engine = engineOf();
  expect(engine.state.gradientDepth, missing('Engine.state.gradientDepth')).toBe(0);
  expect(engine.state.kernelDepth, missing('Engine.state.kernelDepth')).toBe(0);
  let depth = 0;
  tf.grad((x) => {
    depth = engine.state.gradientDepth;
    return tf.square(x);
  })(tf.scalar(1));
  expect(depth, missing('Engine.state.gradientDepth')).toBe(1);
  tf.tidy('some scope', () => {
    expect(engine.state.activeScope?.name, missing('Engine.state.activeScope')).toBe('some scope');
  });
});

test('the engine records operations, with gradients for all inputs together or one by one', () => {
  const engine = engineOf();
  expect(engine.customGrad, missing('Engine.customGrad')).toBeTypeOf('function');
  expect(engine.runKernelFunc, missing('Engine.runKernelFunc')).toBeTypeOf('function');
  // The value is 5x, the gradient that they give 7x.
  const together = (x: tf.Tensor) =>
    engine.customGrad((a) => ({
      value: tf.mul(a as tf.Tensor, 5),
      gradFunc: (dy) => [tf.mul(dy, tf.mul(a as tf.Tensor, 7))],
    }))(x);
  const oneByOne = (x: tf.Tensor) =>
    engine.runKernelFunc({
      inputs: { x },
      forwardFunc: (_, save) => {
        save([x]);
        return tf.mul(x, 5);
      },
      backwardsFunc: (dy, [saved]) => ({ x: () => tf.mul(dy, tf.mul(saved, 7)) }),
    });
  for (const f of [together, oneByOne]) {
    expect(f(tf.scalar(3)).dataSync()[0]).toBe(15);
    expect(tf.grad(f)(tf.scalar(3)).dataSync()[0]).toBe(21);
  }
});

test('the engine counts data that a backend has disposed', () => {
  const { numDataBuffers } = tf.memory();
  const x = tf.scalar(1);
  expect(engineOf().removeDataId, missing('Engine.removeDataId')).toBeTypeOf('function');
  engineOf().removeDataId(x.dataId, tf.backend());
  expect(tf.memory().numDataBuffers).toBe(numDataBuffers);
  tf.backend().disposeData(x.dataId);
});

test('the scopes of fused products have the names that gradients are chosen by', () => {
  const names: string[] = [];
  const engine = engineOf();
  const stock = engine.customGrad;
  engine.customGrad = (f) => {
    names.push(engine.state.activeScope?.name ?? '');
    return stock.call(engine, f);
  };
  try {
    const [x, w] = [tf.ones([1, 2]), tf.ones([2, 1])] as tf.Tensor2D[];
    tf.fused.matMul({ a: x, b: w });
    const image = tf.ones<tf.Rank.R4>([1, 1, 1, 1]);
    tf.fused.conv2d({ x: image, filter: image, strides: 1, pad: 0 });
  } finally {
    engine.customGrad = stock;
  }
  expect(names, missing('scope name of a fused product')).toEqual(['fusedMatMul__op', 'fusedConv2d__op']);
});

const number = (tensor?: tf.Tensor) => tensor?.dataSync()[0];

/** An optimizer and its state after a step from 2 along dx²/dx = 4. */
function stepped<State extends SgdState | RmsPropState>(optimizer: tf.Optimizer) {
  const x = tf.variable(tf.scalar(2));
  optimizer.minimize(() => tf.square(x));
  return { name: x.name, state: stateOf<State>(optimizer) };
}

test('the state of SGD and of momentum after a step, by their formulas', () => {
  const { state: sgd } = stepped<SgdState>(tf.train.sgd(0.5));
  expect(number(sgd.c), missing('SGDOptimizer.c')).toBe(-0.5);
  const { state, name } = stepped<MomentumState>(tf.train.momentum(0.5, 0.25, true));
  expect(number(state.c), missing('MomentumOptimizer.c')).toBe(-0.5);
  expect(number(state.m), missing('MomentumOptimizer.m')).toBe(0.25);
  expect(state.useNesterov, missing('MomentumOptimizer.useNesterov')).toBe(true);
  const [sum] = state.accumulations ?? [];
  expect(number(sum?.variable), missing('MomentumOptimizer.accumulations')).toBe(4);
  expect(sum.originalName).toBe(`${name}/momentum`);
});

test('the state of RMSProp after a step, by its formula', () => {
  const { state, name } = stepped<RmsPropState>(tf.train.rmsprop(0.5, 0.75, 0.25, 0.125, true));
  const { learningRate, decay, momentum, epsilon, centered } = state;
  expect({ learningRate, decay, momentum, epsilon, centered }, missing('rate of RMSPropOptimizer')).toEqual({
    ...{ learningRate: 0.5, decay: 0.75, momentum: 0.25, epsilon: 0.125, centered: true },
  });
  const [square] = state.accumulatedMeanSquares ?? [];
  const [moment] = state.accumulatedMoments ?? [];
  const [mean] = state.accumulatedMeanGrads ?? [];
  expect(number(square?.variable), missing('RMSPropOptimizer.accumulatedMeanSquares')).toBe(0.25 * 16);
  expect(number(mean?.variable), missing('RMSPropOptimizer.accumulatedMeanGrads')).toBe(0.25 * 4);
  const step = (0.5 * 4) / Math.sqrt(4 - 1 - 0.125);
  expect(number(moment?.variable), missing('RMSPropOptimizer.accumulatedMoments')).toBeCloseTo(step, 5);
  expect([square, moment, mean].map(({ originalName }) => originalName)).toEqual(
    ['rms', 'momentum', 'mg'].map((suffix) => `${name}/${suffix}`),
  );
});

test('the state of Adam after a step, by its formula', () => {
  const optimizer = tf.train.adam(0.1, 0.75, 0.5, 1e-8);
  const x = tf.variable(tf.scalar(2));
  // dx²/dx = 4 at 2.
  optimizer.minimize(() => tf.square(x));
  const state = stateOf<AdamState>(optimizer);
  const { learningRate, beta1, beta2, epsilon } = state;
  expect({ learningRate, beta1, beta2, epsilon }, missing('rate or β of AdamOptimizer')).toEqual({
    ...{ learningRate: 0.1, beta1: 0.75, beta2: 0.5, epsilon: 1e-8 },
  });
  expect(number(state.accBeta1), missing('AdamOptimizer.accBeta1')).toBe(0.75 ** 2);
  expect(number(state.accBeta2), missing('AdamOptimizer.accBeta2')).toBe(0.5 ** 2);
  const [first] = state.accumulatedFirstMoment ?? [];
  const [second] = state.accumulatedSecondMoment ?? [];
  expect(number(first?.variable), missing('AdamOptimizer.accumulatedFirstMoment')).toBe(0.25 * 4);
  expect(number(second?.variable), missing('AdamOptimizer.accumulatedSecondMoment')).toBe(0.5 * 16);
  expect(first.originalName).toBe(`${x.name}/m`);
  expect(second.originalName).toBe(`${x.name}/v`);
  state.incrementIterations();
  expect(optimizer.iterations, missing('Optimizer.incrementIterations')).toBe(2);
});

test('dense and convolutional layers, and where a class has its call', () => {
  const layer = layers.dense({ units: 3, activation: 'relu' });
  layer.apply(tf.ones([1, 2]));
  const dense = layer as unknown as ProductLayer;
  expect(dense.activation?.getClassName(), missing('Dense.activation')).toBe('relu');
  expect(dense.kernel?.read().shape, missing('Dense.kernel')).toEqual([2, 3]);
  expect(dense.bias?.read().shape, missing('Dense.bias')).toEqual([3]);
  const images = layers.conv2d({ filters: 1, kernelSize: 1, dataFormat: 'channelsFirst' });
  expect((images as unknown as ProductLayer).dataFormat, missing('Conv2D.dataFormat')).toBe('channelsFirst');
  const registered = tf.serialization.SerializationMap.getMap().classNameMap.Dense[0];
  expect(callerOf(registered)?.call, missing('Dense.prototype.call')).toBe(layer.call);
});

test('batch normalizations', () => {
  const layer = layers.batchNormalization({ axis: 1, momentum: 0.5, epsilon: 0.25 });
  layer.apply(tf.ones([1, 2]));
  const { axis, momentum, epsilon, gamma, beta, movingMean, movingVariance } =
    layer as unknown as BatchNormalization;
  expect({ axis, momentum, epsilon }, missing('axis, momentum or epsilon of BatchNormalization')).toEqual({
    ...{ axis: 1, momentum: 0.5, epsilon: 0.25 },
  });
  const values = [gamma, beta, movingMean, movingVariance].map((weight) => [
    ...(weight?.read().dataSync() ?? []),
  ]);
  expect(values, missing('weight of BatchNormalization')).toEqual([
    ...[
      [1, 1],
      [0, 0],
    ],
    ...[
      [0, 0],
      [1, 1],
    ],
  ]);
});
