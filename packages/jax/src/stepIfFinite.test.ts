import { defaultDevice, init, type Array as JaxArray, numpy as np, tree } from '@jax-js/jax';
import { expect, test } from 'vitest';
import { adam, type GradientTransformation, sgd } from './optimizer';
import { stepIfFinite } from './stepIfFinite';

await init('wasm');
defaultDevice('wasm');

/** A custom optimizer, without `updateIf`. */
const foreign: GradientTransformation = {
  init: (params) => {
    tree.dispose(params);
    return { sum: np.zeros([2]) };
  },
  update: (gradients, { sum }, params) => {
    tree.dispose(params);
    return [{ w: np.negative(gradients.w.ref) }, { sum: sum.add(gradients.w) }];
  },
};
const optimizers = {
  adam: adam({ learningRate: 0.1 }),
  sgd: sgd({ learningRate: 0.1 }),
  momentum: sgd({ learningRate: 0.1, momentum: 0.9 }),
  foreign,
};
type Name = keyof typeof optimizers;
const names = Object.keys(optimizers) as Name[];

/** Two steps, the second of them with the loss, gradient and optimizer given. */
function secondStep(first: GradientTransformation, loss: number, gradient: number[], second = first) {
  let params = { w: np.array([1, -2]) };
  let state: any = first.init(tree.ref(params));
  const step = (optimizer: GradientTransformation, value: number, g: number[]) => {
    const made = stepIfFinite(optimizer, {
      ...{ loss: np.array(value), gradients: { w: np.array(g) }, params, state },
    });
    [params, state] = [made.params, made.state];
    return made.taken.js() as unknown as boolean;
  };
  const numbers = () => ({ w: params.w.ref.js(), state: tree.map((x: JaxArray) => x.ref.js(), state) });
  expect(step(first, 1, [0.5, -3])).toBe(true);
  const before = numbers();
  return { taken: step(second, loss, gradient), before, after: numbers() };
}

test.each(
  names.flatMap((name) => [
    { name, what: 'a loss that is NaN', loss: Number.NaN, gradient: [1, 1] },
    { name, what: 'an infinite loss', loss: Number.POSITIVE_INFINITY, gradient: [1, 1] },
    { name, what: 'a gradient with NaN', loss: 1, gradient: [1, Number.NaN] },
    { name, what: 'a gradient with −∞', loss: 1, gradient: [Number.NEGATIVE_INFINITY, 1] },
  ]),
)('$name: $what moves neither parameters nor state', ({ name, loss, gradient }) => {
  const { taken, before, after } = secondStep(optimizers[name], loss, gradient);
  expect(taken).toBe(false);
  expect(after).toEqual(before);
});

test.each(names)('%s: finite numbers move both', (name) => {
  const { taken, before, after } = secondStep(optimizers[name], 1, [1, 1]);
  expect(taken).toBe(true);
  expect((after.w as number[])[0]).toBeLessThan((before.w as number[])[0]);
  expect(after.state).not.toEqual(before.state);
});

test('a gradient whose square overflows would leave Adam with an infinite moment: it is refused', () => {
  const { taken, before, after } = secondStep(optimizers.adam, 1, [1e30, 1]);
  expect(taken).toBe(false);
  expect(after).toEqual(before);
});

test('a step with a learning rate of NaN is refused and reported', () => {
  const broken = adam({ learningRate: (step) => np.where(np.equal(step, 1), Number.NaN, 0.1) });
  const { taken, before, after } = secondStep(broken, 1, [1, 1]);
  expect(taken).toBe(false);
  expect(after).toEqual(before);
});

test('a step of a custom optimizer that gives a number that is not finite is refused as a whole', () => {
  const dividing: GradientTransformation = {
    ...foreign,
    update: (gradients, state, params) => {
      tree.dispose(params);
      return [{ w: np.array([1, 1]).div(gradients.w) }, state];
    },
  };
  const { taken, before, after } = secondStep(foreign, 1, [0, 1], dividing);
  expect(taken).toBe(false);
  expect(after).toEqual(before);
});

test.each(['sgd', 'foreign'] as const)(
  '%s: a parameter that is off, −∞, stays off while the others move',
  (name) => {
    const params = { w: np.array([Number.NEGATIVE_INFINITY, 1]) };
    const state: any = optimizers[name].init(tree.ref(params));
    const gradients = { w: np.array([0, 1]) };
    const made = stepIfFinite(optimizers[name], { loss: np.array(1), gradients, params, state });
    expect(made.taken.js()).toBe(true);
    const [off, on] = made.params.w.js() as number[];
    expect(off).toBe(Number.NEGATIVE_INFINITY);
    expect(on).toBeLessThan(1);
  },
);

test('a parameter that would leave the range of float32 stays unchanged', () => {
  const params = { w: np.array([3.4e38, 1]) };
  const optimizer = sgd({ learningRate: 1e20 });
  const state: any = optimizer.init(tree.ref(params));
  // 3.4e38 + 1e20 · 1e18 is more than float32 has; the squares, 1e36, are not.
  const gradients = { w: np.array([-1e18, 1]) };
  const made = stepIfFinite(optimizer, { loss: np.array(1), gradients, params, state });
  const [large, small] = made.params.w.js() as number[];
  expect(large).toBeCloseTo(3.4e38, -33);
  expect(small).toBeCloseTo(-1e20, -15);
});

test('values derived from the parameters must be finite too', () => {
  const params = { w: np.array([80, 1]) };
  const optimizer = sgd({ learningRate: 1 });
  const state: any = optimizer.init(tree.ref(params));
  const gradients = { w: np.array([-20, 0]) };
  const made = stepIfFinite(
    optimizer,
    { loss: np.array(1), gradients, params, state },
    (moved) => moved,
    ({ w }) => [np.exp(w)], // e¹⁰⁰ is more than float32 has.
  );
  expect(made.taken.js()).toBe(false);
  expect(made.params.w.js()).toEqual([80, 1]);
});

test.each(['adam', 'sgd', 'momentum'] as const)('%s: updateIf equals update if it is enabled', (name) => {
  const optimizer = optimizers[name];
  const run = (conditional: boolean) => {
    let state: any = optimizer.init({ w: np.zeros([2]) });
    return [1, 2, 3].map((k) => {
      const gradients = { w: np.array([k, -1 / k]) };
      const [updates, next] = conditional
        ? optimizer.updateIf(np.array(true), gradients, state)
        : optimizer.update(gradients, state);
      state = next;
      return (updates as { w: JaxArray }).w.js() as number[];
    });
  };
  const expected = run(false).flat();
  // Kernels are fused differently, so float32 may round differently.
  for (const [i, value] of run(true).flat().entries()) {
    expect(Math.abs(value / expected[i] - 1)).toBeLessThan(1e-6);
  }
});
