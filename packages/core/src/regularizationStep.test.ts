import { expect, test } from 'vitest';
import { bounded } from './bijector';
import type { Array64 } from './float64/array64';
import { float64 as fw } from './float64/float64';
import { l2Norm } from './l2Norm';
import { normLevel } from './normLevel';
import { adam, sgd } from './optimizer';
import { regularizationParameter } from './regularizationParameter';
import { RegularizationStep } from './regularizationStep';

const scalar = (v: number) => fw.variable(fw.array(v));
const sigma = (name: string, variable: Array64) => regularizationParameter(fw, { name, variable });
/** (exp(raw) − target)², whose derivative by raw is 2 (σ − target) σ. */
const distance = (raw: Array64, target: number) => {
  const error = fw.sub(fw.exp(raw), fw.array(target));
  return fw.mul(error, error);
};

test('a step moves ρ against its gradient and notes loss, value and gradient', async () => {
  const raw = scalar(0);
  const step = new RegularizationStep({
    framework: fw,
    rho: [sigma('noise', raw)],
    optimizer: sgd({ learningRate: 0.1 }),
  });
  step.run(() => distance(raw, 3), 7);
  // σ = 1: loss (1 − 3)² = 4, gradient 2 · (1 − 3) · 1 = −4, raw 0 + 0.1 · 4.
  expect(raw.data[0]).toBeCloseTo(0.4, 14);
  await step.history.flush();
  expect(step.history.toJSON()).toEqual({
    step: [7],
    loss: [4],
    rho: { noise: { value: [expect.closeTo(Math.exp(0.4), 14)], gradient: [-4] } },
    skipped: 0,
  });
});

test('the default of what is no scale is Adam: its first step is 0.02 long, whatever the scale of the loss', () => {
  for (const scale of [1e-4, 1, 1e4]) {
    const raw = scalar(0);
    const share = regularizationParameter(fw, { name: 'share', variable: raw, bijector: bounded(0, 10) });
    const step = new RegularizationStep({ framework: fw, rho: [share] });
    step.run(() => fw.mul(distance(raw, 3), fw.array(scale)), 0);
    // m̂ / √v̂ = sign(g), up to ε = 1e-8 over |g| = 4 · scale.
    expect(raw.data[0]).toBeCloseTo(0.02, 5);
  }
});

test('the default of a scale is noiseOptimizer, at the pace of the schedule', () => {
  const first = (schedule?: { every: number }) => {
    const raw = scalar(0);
    new RegularizationStep({ framework: fw, rho: [sigma('noise', raw)], schedule }).run(
      () => distance(raw, 3),
      0,
    );
    return raw.data[0];
  };
  // Upwards 4 nats in 400 steps, times the share of 400 steps that have passed; the clock starts at 20, and the first step comes
  // after 1 training step, or `every`.
  expect(first()).toBeCloseTo((4 / 400) * (21 / 400), 6);
  expect(first({ every: 20 })).toBeCloseTo(((4 * 20) / 400) * (40 / 400), 5);
});

test('nothing but ρ is differentiated, and weights of the loss stay', () => {
  const raw = scalar(0);
  const theta = scalar(5);
  const step = new RegularizationStep({ framework: fw, rho: [sigma('noise', raw)] });
  step.run(() => fw.mul(theta, fw.exp(raw)), 0);
  expect(theta.data[0]).toBe(5);
  expect(raw.data[0]).toBeLessThan(0);
});

test('a norm level takes its weights along: the component of ∇L along ∇R is the gradient', async () => {
  const w = fw.variable(fw.array([3, 4]));
  const level = scalar(5);
  const rho = normLevel(fw, { name: 'w', weights: [w], regularizer: l2Norm(), variable: level });
  const step = new RegularizationStep({ framework: fw, rho: [rho], optimizer: sgd({ learningRate: 0.5 }) });
  // L = w₁: ∇L = (1, 0), ∇R = w / ‖w‖ = (0.6, 0.8), so dL/dρ = 0.6 and ρ = 5 − 0.5 · 0.6 = 4.7.
  step.run(() => fw.sum(fw.mul(w, fw.array([1, 0]))), 0);
  expect(level.data[0]).toBeCloseTo(4.7, 12);
  // The retraction to the sphere of radius 4.7 keeps the direction.
  expect(w.data[0]).toBeCloseTo(0.6 * 4.7, 12);
  expect(w.data[1]).toBeCloseTo(0.8 * 4.7, 12);
  await step.history.flush();
  expect(step.history.rho.w.gradient[0]).toBeCloseTo(0.6, 12);
});

test.each([
  ['loss', (raw: Array64) => fw.div(fw.exp(raw), fw.array(0))],
  ['gradient', (raw: Array64) => fw.sqrt(fw.mul(raw, fw.array(0)))],
])('a step whose %s is not finite changes nothing and is counted', async (_, broken) => {
  const raw = scalar(0.25);
  const optimizer = adam({ learningRate: 0.1 });
  const step = new RegularizationStep({ framework: fw, rho: [sigma('noise', raw)], optimizer });
  step.run(() => broken(raw), 0);
  expect(raw.data[0]).toBe(0.25);
  step.run(() => distance(raw, 3), 1);
  expect(raw.data[0]).toBeGreaterThan(0.25);
  await step.history.flush();
  expect(step.history.skipped).toBe(1);
  expect(step.history.step).toEqual([0, 1]);
});

test('a step that would make σ overflow is undone, for all ρ', async () => {
  const [large, small] = [scalar(700), scalar(0)];
  const step = new RegularizationStep({
    framework: fw,
    rho: [sigma('large', large), sigma('small', small)],
    optimizer: sgd({ learningRate: 20 }),
  });
  // exp(720) is more than float64 has.
  step.run(() => fw.sub(small, large), 0);
  expect([large.data[0], small.data[0]]).toEqual([700, 0]);
  await step.history.flush();
  expect(step.history.skipped).toBe(1);
});

test('what is off, raw −∞, stays off while the others learn', async () => {
  const [off, on] = [scalar(Number.NEGATIVE_INFINITY), scalar(0)];
  const step = new RegularizationStep({
    framework: fw,
    rho: [sigma('off', off), sigma('on', on)],
    optimizer: adam({ learningRate: 0.02 }),
  });
  step.run(() => fw.add(distance(off, 3), distance(on, 3)), 0);
  expect(off.data[0]).toBe(Number.NEGATIVE_INFINITY);
  expect(on.data[0]).toBeCloseTo(0.02, 5);
  await step.history.flush();
  expect(step.history.skipped).toBe(0);
  expect(step.history.rho.off.value).toEqual([0]);
});

test('a parameter may have its own optimizer; the others share one', async () => {
  const [slow, fast] = [sgd({ learningRate: 0.1 }), sgd({ learningRate: 1 })];
  const raws = [scalar(0), scalar(0), scalar(0)];
  const step = new RegularizationStep({
    framework: fw,
    rho: raws.map((variable, i) =>
      regularizationParameter(fw, {
        name: `noise ${i}`,
        variable,
        optimizer: i === 1 ? fast : undefined,
      }),
    ),
    optimizer: slow,
  });
  step.run(() => raws.reduce((sum, raw) => fw.add(sum, raw)), 0);
  expect(raws.map(({ data }) => data[0])).toEqual([-0.1, -1, -0.1]);
  expect((await step.state()).optimizers).toHaveLength(2);
});

test('from a saved state it goes on to the bit', async () => {
  const make = () => {
    const raw = fw.variable(fw.array([0, 0.5]));
    return { raw, step: new RegularizationStep({ framework: fw, rho: [sigma('noise', raw)] }) };
  };
  const run = ({ raw, step }: ReturnType<typeof make>, from: number, to: number) => {
    for (let i = from; i < to; i++) step.run(() => fw.sum(distance(raw, 2 + (i % 3))), i);
  };
  const straight = make();
  run(straight, 0, 9);
  const first = make();
  run(first, 0, 4);
  const state = structuredClone(await first.step.state());
  const second = make();
  second.step.loadState(state);
  run(second, 4, 9);
  expect([...second.raw.data]).toEqual([...straight.raw.data]);
  expect(await second.step.state()).toEqual(await straight.step.state());
});

test('the state of something else is refused, and nothing has changed', async () => {
  const named = (name: string, values: number[], factory = adam({ learningRate: 0.1 })) => {
    const raw = fw.variable(fw.array(values));
    const step = new RegularizationStep({ framework: fw, rho: [sigma(name, raw)], optimizer: factory });
    return { raw, step };
  };
  const { raw, step } = named('noise', [1]);
  const state = async (one: ReturnType<typeof named>) => one.step.state();
  const other = await state(named('other', [2]));
  expect(() => step.loadState(other)).toThrow(
    'state: comes from another run: its regularization parameters are ["other"], here they are ["noise"]',
  );
  const longer = await state(named('noise', [2, 2]));
  expect(() => step.loadState(longer)).toThrow(
    'its shapes of ρ and the slots of its optimizers are [[[2]],[[2],[2]]], here they are [[[1]],',
  );
  const plain = await state(named('noise', [2], sgd({ learningRate: 1 })));
  expect(() => step.loadState(plain)).toThrow(
    'slots of its optimizers are [[[1]],[]], here they are [[[1]],[[1],[1]]]',
  );
  const mine = await step.state();
  expect(() => step.loadState({ ...mine, optimizers: [] })).toThrow(
    'slots of its optimizers are [[[1]]], here they are [[[1]],[[1],[1]]]',
  );
  expect([...raw.data]).toEqual([1]);
});

test('no parameters, or two of one name, are refused', () => {
  expect(() => new RegularizationStep({ framework: fw, rho: [] })).toThrow('rho: is empty');
  const rho = [sigma('noise', scalar(0)), sigma('noise', scalar(0))];
  expect(() => new RegularizationStep({ framework: fw, rho })).toThrow(
    'rho: has two parameters named "noise"',
  );
});
