import { blockUntilReady, defaultDevice, init, numpy as np, random } from '@jax-js/jax';
import { adam, addNoise, averagedPrediction, crossRegularize } from '../src/index';

/** Trains a small noisy regression on a device: its losses, and the path of σ. */
export async function noisyRun(device: 'wasm' | 'webgpu', steps: number) {
  if (!(await init(device)).includes(device)) throw new Error(`There is no ${device} here.`);
  defaultDevice(device);
  const numbers = (shape: number[], phase: number) => {
    const size = shape.reduce((product, n) => product * n, 1);
    return np.array(
      Float32Array.from({ length: size }, (_, i) => Math.sin(1.7 * i + phase)),
      { shape },
    );
  };
  const forward = (params: any, sigma: any, x: any, key: any, antithetic = false) => {
    const hidden = addNoise(np.dot(x, params.first), sigma.hidden, key, { antithetic });
    return np.dot(np.maximum(hidden, 0), params.second);
  };
  const method = crossRegularize<any, any, any>({
    trainLoss: (params, sigma, { x, y }, key) => np.mean(np.square(forward(params, sigma, x, key).sub(y))),
    regularizationLoss(params, sigma, { x, y }, key, samples) {
      const draw = (copies: any, own: any, antithetic: boolean) =>
        forward(params, sigma, copies, own, antithetic);
      return np.mean(np.square(averagedPrediction(draw, x, key, { samples, averaging: 'mean' }).sub(y)));
    },
    optimizer: adam({ learningRate: 0.02 }),
    every: 3,
  });
  let state = method.init({ first: numbers([4, 8], 1), second: numbers([8, 2], 2) }, { hidden: 0.3 });
  const key = random.key(1);
  const losses: number[] = [];
  for (let step = 0; step < steps; step++) {
    const batch = (phase: number) => ({ x: numbers([16, 4], phase), y: numbers([16, 2], phase + 5) });
    let loss: any;
    [state, loss] = method.step(state, batch(step % 3), () => batch(7), key.ref);
    await blockUntilReady(state.params);
    losses.push(...(await loss.data()));
  }
  const { rho, skipped } = await method.history(state);
  return { losses, sigma: rho.hidden.value, skipped };
}
