// A network with 20 informative of 200 inputs: L1 on a compiled Layers model finds them.
import { meanOf } from '@crossreg/experiment-shared/meanOf.mjs';
import { crossRegularization, l1 } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import '@crossreg/tfjs-wasm';
import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { normal } from './numbers.mjs';

const [inputs, informative, units, epochs, batchSize] = [200, 20, 16, 250, 100];
const seeds = [11, 12, 13, 14, 15];
/** For each set, the offset that is added to three times the seed. Results depend on these numbers, so none changes. */
const streams = { training: 0, heldOut: 1, test: 2 };

/** Four saturating sums of five inputs each, with noise of standard deviation 0.3. */
function draw(count, seed) {
  const [x, errors] = [normal(count * inputs, seed * 10), normal(count, seed * 10 + 1)];
  const y = Float32Array.from({ length: count }, (_, i) => {
    let sum = 0.3 * errors[i];
    [1, -1, 0.7, 0.7].forEach((weight, k) => {
      let inner = 0;
      for (let j = 0; j < 5; j++) inner += x[i * inputs + k * 5 + j] * (0.7 + 0.075 * j) * (j % 2 ? -1 : 1);
      sum += weight * Math.tanh(inner);
    });
    return sum;
  });
  return [tf.tensor2d(Float32Array.from(x), [count, inputs]), tf.tensor2d(y, [count, 1])];
}

function network(seed) {
  const kernelInitializer = (offset) => tf.initializers.glorotNormal({ seed: 2 * seed + offset });
  const model = tf.sequential({
    layers: [
      tf.layers.dense({
        name: 'hidden',
        units,
        inputShape: [inputs],
        activation: 'tanh',
        kernelInitializer: kernelInitializer(0),
      }),
      tf.layers.dense({ name: 'output', units: 1, kernelInitializer: kernelInitializer(1) }),
    ],
  });
  model.compile({ optimizer: tf.train.momentum(0.02, 0.9), loss: 'meanSquaredError' });
  return model;
}

export async function sparse() {
  await tf.setBackend('wasm');
  await tf.ready();
  const table = {};
  const losses = { plain: [], all: [], 'both layers': [], 'hidden layer': [] };
  let figure;
  for (const seed of seeds) {
    const [training, heldOut, test] = [
      draw(1000, 3 * seed + streams.training),
      draw(300, 3 * seed + streams.heldOut),
      draw(3000, 3 * seed + streams.test),
    ];
    const testLoss = (model) => model.evaluate(...test, { batchSize: 1000 }).dataSync()[0];
    const train = async (data, callbacks) => {
      const model = network(seed);
      await model.fit(...data, { epochs, batchSize, callbacks, verbose: 0 });
      return model;
    };
    const plain = testLoss(await train(training));
    const all = testLoss(await train(training.map((t, i) => tf.concat([t, heldOut[i]]))));
    // One level for both layers together, or one for the hidden layer alone. In the second case the output layer can compensate
    // with larger weights, so the level falls further: fewer inputs and a larger loss.
    for (const [name, norm] of Object.entries({
      'both layers': l1({ per: 'model' }),
      'hidden layer': l1({ layers: ['hidden'] }),
    })) {
      const cross = crossRegularization({
        regularizationData: heldOut,
        every: 10,
        batchSize: 300,
        learningRate: 0.03,
        regularizers: [norm],
      });
      const model = await train(training, cross);
      const kernel = model.getLayer('hidden').getWeights()[0].arraySync();
      const dropped = kernel.map((row) => row.every((v) => v === 0));
      const loss = testLoss(model);
      table[`${seed}, ${name}`] = {
        'informative found': `${dropped.slice(0, informative).filter((is) => !is).length} of ${informative}`,
        'others dropped': `${dropped.slice(informative).filter(Boolean).length} of ${inputs - informative}`,
        'zeros in the kernel': (await cross.sparsity())['hidden/kernel'].toFixed(3),
        'test loss, L1': loss.toFixed(3),
        plain: plain.toFixed(3),
        'plain, held-out data too': all.toFixed(3),
      };
      losses[name].push(loss);
      const [{ value: rho }] = Object.values(cross.history.rho);
      figure ??= { step: cross.history.step, rho, loss: cross.history.loss, kernel };
      cross.dispose();
    }
    losses.plain.push(plain);
    losses.all.push(all);
    process.stderr.write(`\rseed ${seed}`);
  }
  console.log(
    `\n${inputs} inputs of which ${informative} matter, 1,000 training and 300 held-out examples, noise variance 0.09`,
  );
  console.table(table);
  console.log(
    `test loss: L1 on both layers ${meanOf(losses['both layers'])}, on the hidden layer ${meanOf(losses['hidden layer'])}, plain ${meanOf(losses.plain)}, plain with the held-out data ${meanOf(losses.all)}`,
  );
  saveFigure(new URL('../out/', import.meta.url), 'sparse', [
    {
      title: 'Level of L1',
      x: 'training step',
      y: 'ρ = ‖w‖₁',
      yLog: true,
      series: [{ name: '', x: figure.step, y: figure.rho }],
    },
    {
      title: 'Regularization loss',
      x: 'training step',
      y: 'mean squared error',
      series: [{ name: '', x: figure.step, y: figure.loss }],
    },
    {
      title: 'Largest weight of each input at the end',
      x: 'input',
      y: 'max |w|',
      series: [
        {
          name: '',
          points: true,
          x: figure.kernel.map((_, j) => j),
          y: figure.kernel.map((row) => Math.max(...row.map(Math.abs))),
        },
      ],
    },
  ]);
}
