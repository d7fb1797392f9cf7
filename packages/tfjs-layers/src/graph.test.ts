import * as tf from '@tensorflow/tfjs';
import { beforeAll, expect, test } from 'vitest';
import { type ApplyLayer, GraphRebuild } from './graph';

beforeAll(() => tf.setBackend('cpu'));

/** The state of a model, layer by layer. */
const unchanged: ApplyLayer = (_, inputs, { copy, apply }) => apply(copy(), inputs);
const symbol = (x: unknown) => x as tf.SymbolicTensor;
const dense = (units: number, options: object = {}) =>
  tf.layers.dense({ units, kernelInitializer: tf.initializers.glorotNormal({ seed: units }), ...options });
const numbers = (x: tf.Tensor | tf.Tensor[]) => [x].flat().map((one) => [...one.dataSync()]);

/** Two inputs, a layer that is used twice, a nested model, two outputs. */
function branching() {
  const [a, b] = [tf.input({ shape: [3] }), tf.input({ shape: [3] })];
  const shared = dense(4, { name: 'shared', activation: 'tanh' });
  const sum = symbol(tf.layers.add().apply([symbol(shared.apply(a)), symbol(shared.apply(b))]));
  const inner = tf.sequential({ layers: [dense(5, { inputShape: [4] }), tf.layers.batchNormalization()] });
  const nested = symbol(inner.apply(sum));
  const outputs = [symbol(dense(2).apply(nested)), symbol(dense(1).apply(sum))];
  return tf.model({ inputs: [a, b], outputs });
}
const inputs = () => [1, 2].map((seed) => tf.randomNormal([4, 3], 0, 1, 'float32', seed));

test.each([false, true])('a copy is the same function with the same variables (inline: %s)', (inline) => {
  const model = branching();
  const before = model.layers.map(({ name }) => name);
  const rebuild = new GraphRebuild(unchanged, inline);
  const symbols = model.inputs.map(({ shape }) => tf.input({ batchShape: shape }));
  const copy = tf.model({ inputs: symbols, outputs: rebuild.outputs(model, [symbols])[0] });
  const x = inputs();
  expect(numbers(copy.predict(x))).toEqual(numbers(model.predict(x)));
  // Training one trains both, because they share the variables.
  for (const weight of model.trainableWeights) {
    tf.tidy(() => {
      weight.write(tf.mul(weight.read(), 1.5));
    });
  }
  expect(numbers(copy.predict(x))).toEqual(numbers(model.predict(x)));
  // The given model is unchanged, even in how often its layers are used.
  expect(model.layers.map(({ name }) => name)).toEqual(before);
  expect(model.getLayer('shared').inboundNodes).toHaveLength(2);
});

test('inline replaces nested models by their layers; otherwise they stay models', () => {
  const nestedModels = (inline: boolean) => {
    const model = branching();
    const symbols = model.inputs.map(({ shape }) => tf.input({ batchShape: shape }));
    const [outputs] = new GraphRebuild(unchanged, inline).outputs(model, [symbols]);
    return tf.model({ inputs: symbols, outputs }).layers.filter((layer) => layer instanceof tf.LayersModel);
  };
  expect(nestedModels(true)).toHaveLength(0);
  expect(nestedModels(false)).toHaveLength(1);
});

test('a layer can be changed, and layers can be added around it', () => {
  const model = tf.sequential({ layers: [dense(2, { inputShape: [2], activation: 'relu' })] });
  const rebuilt = new GraphRebuild((layer, x, { copy, apply }) => {
    if (layer.getClassName() !== 'Dense') return apply(copy(), x);
    const linear = apply(copy({ activation: 'linear' }), x);
    return symbol(tf.layers.leakyReLU({ alpha: 0.5 }).apply(linear));
  }).model(model);
  const x = tf.tensor2d([
    [1, -2],
    [-3, 0.5],
  ]);
  const [kernel] = model.getWeights();
  // With tfjs-core only: leaky ReLU of x · kernel.
  const expected = tf.leakyRelu(tf.matMul(x, kernel), 0.5).dataSync();
  expect([...(rebuilt.predict(x) as tf.Tensor).dataSync()]).toEqual([...expected]);
});

test('outputs for new inputs use the same copies each time', () => {
  const model = tf.sequential({ layers: [dense(2, { inputShape: [2] })] });
  const rebuild = new GraphRebuild(unchanged);
  const made = [0, 1].map(() => tf.input({ shape: [2] }));
  const outputs = made.flatMap((one) => rebuild.outputs(model, [[one]])[0]);
  const both = tf.model({ inputs: made, outputs });
  expect(both.layers.filter((layer) => layer.getClassName() === 'Dense')).toHaveLength(1);
  expect(both.trainableWeights).toHaveLength(2);
});

test('the calls of a layer keep their order, by which a saved model numbers them', () => {
  const input = tf.input({ shape: [3] });
  const shared = dense(3, { name: 'shared' });
  const first = symbol(shared.apply(input));
  const second = symbol(shared.apply(symbol(dense(3, { name: 'before' }).apply(input))));
  // A walk from the outputs meets the second call first.
  const model = tf.model({ inputs: input, outputs: [second, first] });
  const copy = new GraphRebuild(unchanged).model(model);
  const sources = copy.getLayer('shared').inboundNodes.map(({ inboundLayers }) => inboundLayers[0].name);
  expect(sources).toEqual([input.name, 'before']);
});

test('a copy frees all that it has, also layers and models that are used twice', () => {
  const { numTensors } = tf.memory();
  const input = tf.input({ shape: [3] });
  const shared = dense(3, { name: 'shared' });
  const inner = tf.sequential({ layers: [dense(3, { inputShape: [3] })] });
  const output = [shared, inner, shared, inner].reduce((y, layer) => symbol(layer.apply(y)), input);
  const model = tf.model({ inputs: input, outputs: output });
  const copy = new GraphRebuild(unchanged).model(model);
  const weights = copy.weights.map((weight) => weight.read());
  expect(tf.memory().numTensors).toBe(numTensors + weights.length);
  // Of the original, TensorFlow.js frees no layer that is called twice: each call counts as a user.
  for (const layer of [shared, inner]) layer.dispose();
  model.dispose();
  expect(weights.some(({ isDisposed }) => isDisposed)).toBe(false);
  copy.dispose();
  expect(tf.memory().numTensors).toBe(numTensors);
});

test('untrainable weights stay untrainable, and a layer of an unregistered class is used itself', () => {
  class Twice extends tf.layers.Layer {
    static className = 'TwiceOfAGraphTest';
    override call(x: tf.Tensor | tf.Tensor[]) {
      return tf.mul([x].flat()[0], 2);
    }
  }
  const twice = new Twice({});
  const model = tf.sequential({ layers: [dense(2, { inputShape: [2], trainable: false }), twice] });
  const copy = new GraphRebuild(unchanged).model(model);
  expect(copy.trainableWeights).toHaveLength(0);
  expect(copy.layers).toContain(twice);
});

test('a model that was never built is refused', () => {
  expect(() => new GraphRebuild(unchanged).model(tf.sequential())).toThrow('has no input shape yet');
});

/** Multiplies by an option of its constructor, which the `getConfig` of every layer leaves out. */
class Scale extends tf.layers.Layer {
  static className = 'ScaleOfAGraphTest';
  readonly factor: number;
  constructor({ factor = 1, ...config }: { factor?: number; name?: string }) {
    super(config);
    this.factor = factor;
  }
  override call(x: tf.Tensor | tf.Tensor[]) {
    return tf.mul([x].flat()[0], this.factor);
  }
}
/** Applies a function; without one it cannot be made. */
class Lambda extends tf.layers.Layer {
  static className = 'LambdaOfAGraphTest';
  readonly fn: (x: tf.Tensor) => tf.Tensor;
  constructor({ fn, ...config }: { fn: (x: tf.Tensor) => tf.Tensor; name?: string }) {
    super(config);
    if (!fn) throw new Error('fn is missing');
    this.fn = fn;
  }
  override call(x: tf.Tensor | tf.Tensor[]) {
    return this.fn([x].flat()[0]);
  }
}
/** The same with a `getConfig` that knows its option. */
class Configured extends Scale {
  static override className = 'ConfiguredOfAGraphTest';
  override getConfig() {
    return { ...super.getConfig(), factor: this.factor };
  }
}
for (const one of [Scale, Lambda, Configured]) tf.serialization.registerClass(one as never);

test('a registered layer whose getConfig leaves out what it was made with is used itself: its copy was another function', () => {
  const made = [
    new Scale({ factor: 5, name: 'five' }),
    new Scale({ name: 'one' }),
    new Lambda({ fn: (x) => tf.add(x, 3), name: 'lambda' }),
    new Configured({ factor: 7, name: 'seven' }),
  ];
  const model = tf.sequential({ layers: [dense(2, { inputShape: [2], activation: 'relu' }), ...made] });
  const copy = new GraphRebuild(unchanged).model(model);
  const x = tf.tensor2d([
    [1, -2],
    [-3, 0.5],
  ]);
  const [kernel] = model.getWeights();
  const expected = tf.mul(tf.add(tf.mul(tf.relu(tf.matMul(x, kernel)), 5), 3), 7).dataSync();
  expect(numbers(copy.predict(x))[0]).toEqual([...expected]);
  // What can be made again is a copy.
  expect(copy.layers.filter((layer) => made.includes(layer as never)).map(({ name }) => name)).toEqual([
    'five',
    'lambda',
  ]);
});
