import { averagePredictions, deriveSeed, permutation, rhoOptimizer } from '@crossreg/core';
import { NoiseStream, tfjs, withNoise } from '@crossreg/tfjs';
import { augmentationLayers } from '@crossreg/tfjs-augment';
import * as tf from '@tensorflow/tfjs';

/** The streams of a seed, see `deriveSeed`. Results depend on these numbers, so none changes. */
const streams = { trainingOrder: 1, regularizationOrder: 2, regularizationNoise: 3, trainingNoise: 4 };

/** Endless batches, in a new random order of the rows each round. */
function* batchesOf({ x, y }, size, seed) {
  const rows = x.shape[0];
  for (let round = 0; ; round++) {
    const order = [...permutation(rows, deriveSeed(seed, round))];
    for (let at = 0; at + size <= rows; at += size) {
      const indices = tf.tensor1d(order.slice(at, at + size), 'int32');
      yield [tf.gather(x, indices), tf.gather(y, indices)];
    }
  }
}

/**
 * An experiment that is part of no package: ρ steps that also account for the effect of the ranges on θ. One step of
 * gradient descent on the training loss, θ' = θ − κ ∇_θ L_train(θ, s), has
 *
 * dL_val(θ', s)/ds ≈ ∂L_val/∂s − κ ∂/∂s ⟨∇_θ L_train(θ, s), v⟩,  v = ∇_θ L_val(θ, s),
 *
 * whose second term is a difference of ∂L_train/∂s at θ ± εv. The callback uses the first term alone, as the paper does. This
 * object has the part of the callback's interface that `train` needs.
 *
 * @param direct - the weight of the first term. 0 leaves the term out, which is the limit κ → ∞.
 */
export function lookAhead({
  training,
  regularization,
  seed,
  every = 20,
  learningRate,
  samples = 4,
  kappa = 1,
  direct = 0,
}) {
  const [forTheta, forRho] = [
    batchesOf(training, 32, deriveSeed(seed, streams.trainingOrder)),
    batchesOf(regularization, 32, deriveSeed(seed, streams.regularizationOrder)),
  ];
  const history = { step: [], loss: [], rho: {} };
  let [model, optimizer, rho] = [];
  const lossOf = (stream, x, y, k) => () => {
    const many = tf.concat(Array(k).fill(x));
    const output = withNoise(stream, () => model.apply(many, { training: false }));
    const average = averagePredictions(tfjs, tf.reshape(output, [k, x.shape[0], -1]), 'probabilities');
    return tf.mean(tf.metrics.categoricalCrossentropy(y, average));
  };
  return {
    history,
    setModel(given) {
      model = given;
      rho = augmentationLayers(model)[0].regularizationParameters();
      optimizer = rhoOptimizer(learningRate)(
        tfjs,
        rho.map(({ variable }) => variable),
      );
      for (const { name } of rho) history.rho[name] = { value: [] };
    },
    async onTrainBegin() {},
    async onTrainEnd() {},
    async onBatchEnd(step) {
      if ((step + 1) % every !== 0) return;
      tf.tidy(() => {
        const raws = rho.map(({ variable }) => variable);
        const theta = model.trainableWeights.map((weight) => weight.read());
        const [x, y] = forRho.next().value;
        const validation = lossOf(
          new NoiseStream(deriveSeed(seed, streams.regularizationNoise, step)),
          x,
          y,
          samples,
        );
        const { value, gradients } = tfjs.valueAndGradients(validation, [...theta, ...raws]);
        const [v, partial] = [gradients.slice(0, theta.length), gradients.slice(theta.length)];
        const norm = Math.sqrt(v.reduce((sum, g) => sum + tf.sum(tf.square(g)).dataSync()[0], 0));
        const epsilon = 0.01 / Math.max(norm, 1e-12);
        const before = theta.map((weight) => tf.clone(weight));
        const [xt, yt] = forTheta.next().value;
        const at = (sign) => {
          theta.forEach((weight, i) => {
            weight.assign(tf.add(before[i], tf.mul(v[i], sign * epsilon)));
          });
          const trained = lossOf(new NoiseStream(deriveSeed(seed, streams.trainingNoise, step)), xt, yt, 1);
          return tfjs.valueAndGradients(trained, raws).gradients;
        };
        const [up, down] = [at(1), at(-1)];
        theta.forEach((weight, i) => {
          weight.assign(before[i]);
        });
        optimizer.step(
          raws.map((_, i) => {
            const response = tf.div(tf.sub(up[i], down[i]), 2 * epsilon);
            return tf.sub(tf.mul(partial[i], direct), tf.mul(response, kappa));
          }),
        );
        history.step.push(step + 1);
        history.loss.push(value.dataSync()[0]);
        for (const one of rho) history.rho[one.name].value.push(one.value().dataSync()[0]);
      });
    },
    dispose: () => optimizer.dispose(),
  };
}
