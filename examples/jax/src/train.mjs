import { batches, oneHot } from '@crossreg/datasets';
import { adam, averagedPrediction, crossRegularize, sgd } from '@crossreg/jax';
import { jit, nn, numpy as np, random, tree } from '@jax-js/jax';

const crossEntropy = (logits, y) => np.negative(np.mean(np.sum(nn.logSoftmax(logits).mul(y), 1)));

/** Images and targets as arrays. */
function arrays({ images, labels, shape }) {
  const y = np.array(oneHot(labels, 10), { shape: [shape[0], 10] });
  return { x: np.array(images, { shape }), y };
}

/** The distance between the seeds of two epochs. */
const EPOCH_SEEDS = 7919;
/** The offset of the seed for each use. */
const streams = { noise: 0, trainingOrder: 0, regularizationOrder: 1, initialization: 1000 };

/** Endless batches, in another order every epoch. */
function* endless(dataset, size, seed) {
  for (let epoch = 0; ; epoch++)
    yield* batches(dataset, { batchSize: size, seed: seed + EPOCH_SEEDS * epoch, dropRemainder: true });
}

/**
 * Trains a network and returns its class probabilities for the test images, row-major.
 *
 * @param regularization - images from which σ is learned. Without them the network has no noise and no regularization.
 * @param onEpoch - called after every epoch with its number and the loss of its last batch, and awaited.
 */
export async function train({
  network,
  data,
  regularization,
  test,
  epochs,
  batchSize = 64,
  seed,
  onEpoch = () => {},
}) {
  const stepsPerEpoch = Math.floor(data.labels.length / batchSize);
  const steps = epochs * stepsPerEpoch;
  const isNoisy = regularization !== undefined;
  const forward = (params, sigma, x, key, antithetic) =>
    network.forward(params, isNoisy ? sigma : undefined, x, key, antithetic);
  const predict = (params, sigma, x, key, samples) => {
    const draw = (copies, own, antithetic) => forward(params, sigma, copies, own, antithetic);
    return averagedPrediction(draw, x, key, { samples, averaging: 'logits' });
  };
  const method = crossRegularize({
    trainLoss: (params, sigma, { x, y }, key) => crossEntropy(forward(params, sigma, x, key), y),
    regularizationLoss: (params, sigma, { x, y }, key, samples) =>
      crossEntropy(predict(params, sigma, x, key, samples), y),
    optimizer: adam({ learningRate: 1e-3 }),
    min: 0.03,
    // The plain network uses the same loop, without ρ steps.
    ...(isNoisy ? {} : { warmUp: steps, rhoOptimizer: sgd({ learningRate: 1 }) }),
  });

  const sigma = Object.fromEntries(network.sigma.map((name) => [name, 0.15]));
  let state = method.init(network.init(random.key(seed + streams.initialization)), sigma);
  const key = random.key(seed + streams.noise);
  const training = endless(data, batchSize, seed + streams.trainingOrder);
  const held = isNoisy ? endless(regularization, batchSize, seed + streams.regularizationOrder) : undefined;
  const started = performance.now();
  for (let step = 0; step < steps; step++) {
    let loss;
    [state, loss] = method.step(
      state,
      arrays(training.next().value),
      () => arrays(held.next().value),
      key.ref,
    );
    // jax-js queues operations until someone waits.
    const [value] = await loss.data();
    if ((step + 1) % stepsPerEpoch === 0) await onEpoch((step + 1) / stepsPerEpoch, value);
  }
  const seconds = (performance.now() - started) / 1000;

  const probabilitiesOf = jit((params, rho, x, own) =>
    nn.softmax(predict(params, rho, x, own, isNoisy ? 16 : 1)),
  );
  const probabilities = [];
  for (const batch of batches(test, { batchSize: Math.min(250, test.labels.length) })) {
    const { x, y } = arrays(batch);
    y.dispose();
    const rows = probabilitiesOf(tree.ref(state.params), method.rho(state), x, key.ref);
    probabilities.push(...(await rows.data()));
  }
  const record = await method.history(state);
  return { probabilities, record, status: method.convergence(record), seconds };
}
