import { expect, test } from 'vitest';
import { watchBackend } from '../test/watchBackend';

const backend = watchBackend();

test('3,000 steps do not change the number of buffers and compiled kernels, nor the heap', async () => {
  const { blockUntilReady, defaultDevice, init, numpy: np, random, tree } = await import('@jax-js/jax');
  const { adam, addNoise, averagedPrediction, crossRegularize } = await import('.');
  await init('wasm');
  defaultDevice('wasm');

  const forward = (params: any, sigma: any, x: any, key: any, antithetic = false) => {
    const h = addNoise(np.dot(x, params.first), sigma.hidden, key, { antithetic });
    return np.dot(np.maximum(h, 0), params.second);
  };
  const method = crossRegularize<any, any, any>({
    trainLoss: (params, sigma, { x, y }, key) => np.mean(np.square(forward(params, sigma, x, key).sub(y))),
    regularizationLoss(params, sigma, { x, y }, key, samples) {
      const mean = averagedPrediction(
        (copies, own, antithetic) => forward(params, sigma, copies, own, antithetic),
        x,
        key,
        { samples, averaging: 'mean' },
      );
      return np.mean(np.square(mean.sub(y)));
    },
    optimizer: adam({ learningRate: 1e-3 }),
  });
  const numbers = (shape: number[]) => {
    const values = Float32Array.from({ length: shape.reduce((a, b) => a * b, 1) }, (_, i) =>
      Math.sin(1 + i * i),
    );
    return np.array(values, { shape });
  };
  const x = numbers([16, 6]);
  const y = numbers([16, 2]);
  const batch = () => ({ x: x.ref, y: y.ref });
  const key = random.key(1);
  let state = method.init({ first: numbers([6, 8]), second: numbers([8, 2]) }, { hidden: 0.3 });
  const run = async (steps: number) => {
    for (let i = 0; i < steps; i++) {
      let loss: any;
      [state, loss] = method.step(state, batch(), batch, key.ref);
      await blockUntilReady(loss);
      loss.dispose();
      if (state.step % 50 === 0) await method.history(state);
    }
    await blockUntilReady(state.params);
    await method.history(state);
    const { buffers, kernels, heap } = backend;
    return { buffers, kernels, heap };
  };
  const [before, ...windows] = [await run(500), await run(1000), await run(1000), await run(1000)];
  const after = windows[2];
  expect(after.buffers).toBe(before.buffers);
  expect(after.kernels).toBe(before.kernels);
  // Buffers are counted above; this finds other leaks. V8 allocates heap now and then when it optimizes; a leak allocates
  // in every window. A step that leaked a hundredth of its arrays would exceed the bound.
  const growth = windows.map(({ heap }, i) => heap - (i === 0 ? before : windows[i - 1]).heap);
  expect(Math.min(...growth)).toBeLessThan(1_000_000);

  expect(before.kernels).toBeGreaterThan(10);
  method.dispose();
  const held = backend.buffers;
  tree.dispose([
    state.params,
    state.rawRho,
    state.optimizerState,
    state.rhoOptimizerState,
    state.skipped,
  ] as any);
  tree.dispose([x, y, key]);
  // What the state consisted of: 2 weights, ρ, two Adams, a count; and the batch and the key.
  expect(held - backend.buffers).toBe(2 + 1 + (1 + 4) + (1 + 2) + 1 + 3);
});
