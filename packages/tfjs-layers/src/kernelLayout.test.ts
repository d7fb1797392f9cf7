import * as tf from '@tensorflow/tfjs';
import { beforeAll, describe, expect, test } from 'vitest';
import { crossRegularization } from './crossRegularization';
import { learnNorms } from './learnedNorms';
import { groupLasso, l1, l2, type Norm } from './norms';

beforeAll(() => tf.setBackend('cpu'));

const init = (seed: number) => tf.initializers.randomNormal({ mean: 0.1, stddev: 0.5, seed });
type Made = { layer: tf.layers.Layer; shape: number[]; kernel?: number };
/** Layers with `kernel`, the place among their weights of the one whose blocks are checked; 2 input channels. */
const classes: Record<string, () => Made> = {
  dense: () => ({ layer: tf.layers.dense({ units: 3, kernelInitializer: init(1) }), shape: [2] }),
  conv1d: () => ({
    layer: tf.layers.conv1d({ filters: 3, kernelSize: 2, kernelInitializer: init(1) }),
    shape: [4, 2],
  }),
  conv2d: () => ({
    layer: tf.layers.conv2d({ filters: 3, kernelSize: 2, kernelInitializer: init(1) }),
    shape: [4, 4, 2],
  }),
  conv3d: () => ({
    layer: tf.layers.conv3d({ filters: 3, kernelSize: 2, kernelInitializer: init(1) }) as tf.layers.Layer,
    shape: [3, 3, 3, 2],
  }),
  conv2dTranspose: () => ({
    layer: tf.layers.conv2dTranspose({ filters: 3, kernelSize: 2, kernelInitializer: init(1) }),
    shape: [4, 4, 2],
  }),
  depthwiseConv2d: () => ({
    layer: tf.layers.depthwiseConv2d({ kernelSize: 2, depthMultiplier: 2, depthwiseInitializer: init(1) }),
    shape: [4, 4, 2],
  }),
  'separableConv2d, its second half': () => ({
    layer: tf.layers.separableConv2d({
      filters: 3,
      kernelSize: 2,
      depthwiseInitializer: 'ones',
      pointwiseInitializer: init(1),
    }),
    shape: [4, 4, 2],
    kernel: 1,
  }),
  'timeDistributed conv2dTranspose': () => ({
    layer: tf.layers.timeDistributed({
      layer: tf.layers.conv2dTranspose({ filters: 3, kernelSize: 2, kernelInitializer: init(1) }),
    }),
    shape: [2, 4, 4, 2],
  }),
};

const build = ({ layer, shape }: Made) => {
  const model = tf.sequential({ layers: [tf.layers.inputLayer({ inputShape: shape }), layer] });
  const values = (norms: Norm[]) =>
    learnNorms(model, norms, layer.trainableWeights).then((learned) =>
      learned.rho.map((rho) => ({ rho, value: [...rho.value().dataSync()] })),
    );
  return { layer, values };
};

/** Which weights of a kernel the output depends on, for an input and a share of the output; by differentiation. */
function support(layer: tf.layers.Layer, kernel: tf.Variable, x: tf.Tensor, unit?: number): tf.Tensor {
  const { grads } = tf.engine().gradients(() => {
    const y = layer.call(x, {}) as tf.Tensor;
    const part = unit === undefined ? y : tf.gather(y, [unit], y.rank - 1);
    return tf.sum(tf.square(part)) as tf.Scalar;
  }, [kernel]);
  return tf.cast(tf.notEqual(grads[0], 0), 'float32');
}
const length = (kernel: tf.Tensor, mask: tf.Tensor) => tf.norm(tf.mul(kernel, mask)).dataSync()[0];

describe.each(Object.entries(classes))('axes by convention: %s', (_, make) => {
  const made = make();
  const input = tf.randomNormal([2, ...made.shape], 0, 1, 'float32', 3);

  test('the level of a unit is the length of the weights that its output depends on', async () => {
    const { layer, values } = build(make());
    const kernel = layer.weights[made.kernel ?? 0].read() as tf.Variable;
    const levels = (await values([l2({ per: 'unit' })])).at(-1)!.value;
    const units = (layer.outputShape as number[]).at(-1) as number;
    expect(levels).toHaveLength(units);
    levels.forEach((level, unit) => {
      expect(level).toBeCloseTo(length(kernel, support(layer, kernel, input, unit)), 5);
    });
  });

  test('after a retraction, each unit is on its level and keeps its direction', async () => {
    const { layer, values } = build(make());
    const kernel = layer.weights[made.kernel ?? 0].read() as tf.Variable;
    const before = kernel.clone();
    const { rho, value } = (await values([l2({ per: 'unit' })])).at(-1)!;
    (rho.variable as tf.Variable).assign(tf.log(tf.tensor1d(value.map((v, unit) => v * (unit + 2)))));
    rho.afterRhoStep();
    value.forEach((v, unit) => {
      const mask = support(layer, kernel, input, unit);
      expect(length(kernel, mask)).toBeCloseTo(v * (unit + 2), 4);
      const moved = tf.sub(kernel, tf.mul(before, unit + 2));
      expect(length(moved, mask)).toBeLessThan(1e-4);
    });
  });

  test('the ρ gradient of a unit is that of its weights alone', async () => {
    const { layer, values } = build(make());
    const kernel = layer.weights[made.kernel ?? 0].read() as tf.Variable;
    const { rho, value } = (await values([l2({ per: 'unit' })])).at(-1)!;
    const gradient = tf.randomNormal(kernel.shape, 0, 1, 'float32', 4);
    const rates = rho.gradient([gradient]).dataSync();
    expect(rates).toHaveLength(value.length);
    value.forEach((_, unit) => {
      // By log ρ the weights of the unit change by themselves.
      const own = tf.mul(tf.mul(gradient, kernel), support(layer, kernel, input, unit));
      expect(rates[unit]).toBeCloseTo(tf.sum(own).dataSync()[0], 4);
    });
  });

  test.each(['inputs', 'units'] as const)(
    'groupLasso() by %s is the sum of the lengths of those blocks',
    async (axis) => {
      const { layer, values } = build(make());
      const kernel = layer.weights[made.kernel ?? 0].read() as tf.Variable;
      const channels = axis === 'inputs' ? 2 : ((layer.outputShape as number[]).at(-1) as number);
      const only = (channel: number) => tf.mul(input, tf.oneHot(tf.scalar(channel, 'int32'), 2));
      const expected = Array.from({ length: channels }, (_, i) =>
        length(
          kernel,
          axis === 'inputs' ? support(layer, kernel, only(i)) : support(layer, kernel, input, i),
        ),
      ).reduce((a, b) => a + b);
      // The first half of a separable convolution, all ones of [2, 2, 2, 1], has two blocks of length 2.
      const [{ value }] = await values([groupLasso({ axis })]);
      expect(value[0]).toBeCloseTo(expected + (made.kernel ? 4 : 0), 4);
    },
  );
});

test('axes by convention: a unit of a recurrent layer has all its gates, bias and recurrent weights', async () => {
  const layer = tf.layers.lstm({
    units: 3,
    kernelInitializer: init(1),
    recurrentInitializer: init(2),
    name: 'lstm',
  });
  const { values } = build({ layer, shape: [4, 2] });
  const [{ value }] = await values([l2({ per: 'unit', biases: true })]);
  const columns = layer.getWeights().map((w) => tf.reshape(w, [-1, 4, 3]).arraySync() as number[][][]);
  const expected = [0, 1, 2].map((unit) =>
    Math.sqrt(columns.flat(2).reduce((sum, row) => sum + row[unit] ** 2, 0)),
  );
  expect(value).toHaveLength(3);
  value.forEach((v, unit) => {
    expect(v).toBeCloseTo(expected[unit], 5);
  });
});

test.each(['lstm', 'gru'] as const)(
  'axes by convention: an %s learns a level for each unit',
  async (kind) => {
    const options = {
      units: 4,
      inputShape: [5, 2],
      kernelInitializer: init(1),
      recurrentInitializer: init(2),
    };
    const model = tf.sequential({
      layers: [tf.layers[kind](options as never), tf.layers.dense({ units: 1, kernelInitializer: init(3) })],
    });
    model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
    const x = tf.randomNormal([8, 5, 2], 0, 1, 'float32', 1);
    const regularizers = [l2({ per: 'unit' }), l1({ per: 'unit' })];
    for (const one of regularizers) {
      const cross = crossRegularization({
        ...{ regularizationData: [tf.neg(x), tf.ones([8])], every: 1, regularizers: [one] },
      });
      await cross.trainOnBatch(model, x, tf.ones([8, 1]));
      await cross.trainOnBatch(model, x, tf.ones([8, 1]));
      const [{ gradient }] = Object.values(cross.history.rho);
      expect(gradient.flat()).not.toContain(0);
      expect(cross.history.skipped).toBe(0);
      cross.dispose();
    }
  },
);

test('axes by convention: the directions of a bidirectional layer are separate units', async () => {
  const layer = tf.layers.bidirectional({
    layer: tf.layers.gru({ units: 3, kernelInitializer: init(1) }) as never,
    mergeMode: 'concat',
  });
  const { values } = build({ layer, shape: [4, 2] });
  const all = await values([l2({ per: 'unit' })]);
  expect(all.map(({ value }) => value.length)).toEqual([3, 3]);

  const model = tf.sequential({
    layers: [
      tf.layers.bidirectional({
        layer: tf.layers.gru({ units: 3, kernelInitializer: init(1) }) as never,
        mergeMode: 'concat',
        inputShape: [4, 2],
        name: 'both',
      }),
      tf.layers.dense({ units: 1, name: 'out' }),
    ],
  });
  model.compile({ optimizer: tf.train.sgd(0.01), loss: 'meanSquaredError' });
  const x = tf.randomNormal([8, 4, 2], 0, 1, 'float32', 1);
  const cross = crossRegularization({
    ...{ regularizationData: [tf.neg(x), tf.ones([8])], every: 1, regularizers: [l2({ per: 'unit' })] },
  });
  await cross.trainOnBatch(model, x, tf.ones([8, 1]));
  expect(Object.keys(cross.history.rho)).toEqual(['both/kernel/l2', 'both/kernel_2/l2', 'out/l2']);
  const shares = Object.keys(await cross.sparsity());
  expect(shares.filter((name) => name.startsWith('both'))).toHaveLength(4);
});

test('axes by convention: a bias has no inputs', async () => {
  const { values } = build(classes.conv2dTranspose());
  await expect(values([groupLasso({ biases: true })])).rejects.toThrow(
    "axis: is 'inputs', but a bias has no inputs",
  );
  expect(() => groupLasso({ axis: 'columns' as never })).toThrow(
    "axis: must be 'inputs', 'units', 'array' or a number",
  );
});
