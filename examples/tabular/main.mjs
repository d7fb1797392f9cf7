// Regression on a table, with error bars: how much does diabetes progress in a year, and how certain is the prediction?
import { diabetes, split } from '@crossreg/datasets';
import { crossRegularization, injectNoise, predict } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';

const epochs = Number(process.argv[2] ?? 60);
const data = await diabetes({ scaled: true });
const [rest, test] = split(data, { size: 177, seed: 1 });
const [training, regularization] = split(rest, { size: 53, seed: 1 });

// Targets in units of their standard deviation in the training set.
const average = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;
const mean = average(training.targets);
const scale = Math.sqrt(average(training.targets.map((target) => (target - mean) ** 2)));
const x = (part) => tf.tensor2d(Float32Array.from(part.features), part.shape).mul(20);
const y = ({ targets }) =>
  tf.tensor2d(
    Float32Array.from(targets, (target) => (target - mean) / scale),
    [targets.length, 1],
  );

const network = () =>
  tf.sequential({
    layers: [
      tf.layers.dense({ units: 64, activation: 'relu', inputShape: [10] }),
      tf.layers.dense({ units: 64, activation: 'relu' }),
      tf.layers.dense({ units: 1 }),
    ],
  });

async function fit(model, callbacks = []) {
  model.compile({ optimizer: tf.train.adam(0.003), loss: 'meanSquaredError' });
  await model.fit(x(training), y(training), { epochs, batchSize: 32, verbose: 0, callbacks });
  return model;
}
/** Predictions in the unit of the targets, and their variance over the draws of the noise. */
async function predictions(model, part) {
  const { mean: center, variance } = predict(model, x(part), { samples: 32 });
  const [centers, variances] = [await center.data(), await variance.data()];
  return { center: centers.map((v) => v * scale + mean), variance: variances.map((v) => v * scale ** 2) };
}
const rmse = (center, { targets }) => Math.sqrt(average(center.map((v, i) => (v - targets[i]) ** 2)));

const plain = await predictions(await fit(network()), test);
const callbacks = crossRegularization({ regularizationData: [x(regularization), y(regularization)] });
const model = await fit(injectNoise(network()), callbacks);
const ours = await predictions(model, test);
const [errorOfPlain, error] = [plain, ours].map(({ center }) => rmse(center, test).toFixed(1));
console.log(
  `error on ${test.targets.length} test patients: plain ${errorOfPlain}, cross-regularized ${error}`,
);

// Patients also vary around the mean prediction. This variance is the part of the held-out error that the draws do not explain.
const held = await predictions(model, regularization);
const remaining = Math.max(0, rmse(held.center, regularization) ** 2 - average(held.variance));
const bars = ours.variance.map((v) => 2 * Math.sqrt(v + remaining));
const inside = bars.filter((bar, i) => Math.abs(test.targets[i] - ours.center[i]) <= bar).length;
for (const i of [0, 1, 2])
  console.log(`predicted ${ours.center[i].toFixed(0)} ± ${bars[i].toFixed(0)}, was ${test.targets[i]}`);
console.log(`within ± two standard deviations: ${((100 * inside) / bars.length).toFixed(0)} %`);
