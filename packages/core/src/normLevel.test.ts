import { expect, test } from 'vitest';
import { exp } from './bijector';
import { customRegularizer } from './customRegularizer';
import type { Array64 } from './float64/array64';
import { float64 as fw } from './float64/float64';
import { groupLasso } from './groupLasso';
import { l1Norm } from './l1Norm';
import { l2Norm } from './l2Norm';
import { type NormLevelOptions, normLevel } from './normLevel';
import { adam, sgd } from './optimizer';
import type { Regularizer } from './regularizer';
import { differencePenalty, smoothness } from './smoothness';
import { createTrainer } from './trainer';

const quartic = customRegularizer({
  value: (any, ws) =>
    ws.map((w) => any.sum(any.mul(any.mul(w, w), any.mul(w, w)))).reduce((a, b) => any.add(a, b)),
});
const all: [string, Regularizer][] = [
  ['l2', l2Norm()],
  ['l1', l1Norm()],
  ['groupLasso', groupLasso()],
  ['smoothness', smoothness(differencePenalty(8))],
  ['custom', quartic],
];

/** A sparse regression with weights as a matrix [8, 2], on which every regularizer has an effect. */
function problem(regularizer: Regularizer, options: Partial<NormLevelOptions<Array64>> = {}) {
  const truth = fw.array([2, -1, 0, 0, 1.5, 0, 0, 0, 1, 0, 0, 0, 0, 0, -1, 0], [8, 2]);
  const data = (n: number, seed: number) => {
    const x = fw.normal([n, 8], seed);
    return { x, y: fw.add(fw.matMul(x, truth), fw.normal([n, 2], seed + 1)) };
  };
  const w = fw.variable(fw.mul(fw.normal([8, 2], 9), fw.array(0.3)));
  const loss = ({ x, y }: { x: Array64; y: Array64 }) => {
    const error = fw.sub(fw.matMul(x, w), y);
    return fw.div(fw.sum(fw.mul(error, error)), fw.array(y.data.length));
  };
  const start = regularizer.value(fw, [w], options.per);
  const raw = options.bijector ? start.data.map((v) => options.bijector!.inverse(v)) : start.data;
  const variable = fw.variable(fw.array(raw, start.shape));
  const rho = normLevel(fw, { name: 'w', weights: [w], regularizer, variable, ...options });
  return { w, rho, variable, loss, training: data(24, 1), heldOut: data(60, 3) };
}

test.each(all)('%s: under Adam, θ steps keep ρ and ρ steps are what changes it', (_, regularizer) => {
  const { w, rho, variable, loss, training, heldOut } = problem(regularizer);
  const trainer = createTrainer({
    framework: fw,
    theta: [w],
    rho: [rho],
    trainLoss: loss,
    regularizationLoss: loss,
    schedule: { every: 2 },
    thetaOptimizer: adam({ learningRate: 0.01 }),
    rhoOptimizer: adam({ learningRate: 0.02 }),
  });
  const before = loss(heldOut).data[0];
  const level = () => regularizer.value(fw, [w]).data[0];
  for (let i = 1; i <= 200; i++) {
    const rhoBefore = variable.data[0];
    const wBefore = w.data.slice();
    trainer.step(training, () => heldOut);
    expect(w.data).not.toEqual(wBefore);
    if (i % 2 === 1) expect(variable.data[0]).toBe(rhoBefore);
    else expect(variable.data[0]).not.toBe(rhoBefore);
    // Closed forms are exact; Newton steps leave a small error after a step of Adam.
    expect(Math.abs(level() / variable.data[0] - 1)).toBeLessThan(regularizer === quartic ? 1e-6 : 1e-10);
  }
  expect(loss(heldOut).data[0]).toBeLessThan(0.8 * before);
});

test.each(all)('%s: the ρ gradient is the derivative of the loss along the retraction', (_, regularizer) => {
  const { w, rho, loss, heldOut } = problem(regularizer);
  const { gradients } = fw.valueAndGradients(() => loss(heldOut), [w]);
  const rate = rho.gradient(gradients).data[0];
  const start = w.data.slice();
  const level = regularizer.value(fw, [w]).data[0];
  const at = (h: number) => {
    w.data.set(start);
    fw.assign(w, regularizer.retract(fw, [w], fw.array(level * (1 + h)))[0]);
    return loss(heldOut).data[0];
  };
  expect(rate).toBeCloseTo((at(1e-5) - at(-1e-5)) / (2e-5 * level), 6);
});

test('with a bijector, the gradient is with respect to the raw value, and the bound holds', () => {
  const { w, rho, variable, loss, heldOut } = problem(l2Norm(), { bijector: exp });
  const { gradients } = fw.valueAndGradients(() => loss(heldOut), [w]);
  const plain = problem(l2Norm()).rho.gradient(gradients).data[0];
  expect(rho.gradient(gradients).data[0]).toBeCloseTo(plain * Math.exp(variable.data[0]), 10);
  fw.assign(variable, fw.array(-1000));
  rho.afterRhoStep();
  expect(l2Norm().value(fw, [w]).data[0]).toBeCloseTo(1e-8, 14);
  expect(rho.value().data[0]).toBeCloseTo(1e-8, 14);
});

test('one ρ per unit is learned separately for each unit', () => {
  const { w, rho, variable, loss, training, heldOut } = problem(l2Norm(), { per: 'unit' });
  const trainer = createTrainer({
    framework: fw,
    theta: [w],
    rho: [rho],
    trainLoss: loss,
    regularizationLoss: loss,
    schedule: { every: 1 },
    thetaOptimizer: sgd({ learningRate: 0.1 }),
    rhoOptimizer: sgd({ learningRate: 0.1 }),
  });
  for (let i = 0; i < 500; i++) trainer.step(training, () => heldOut);
  // Columns of the truth have the norms √8.25 and 1.
  expect(variable.data[0]).toBeGreaterThan(2);
  expect(variable.data[1]).toBeLessThan(2);
  l2Norm()
    .value(fw, [w], 'unit')
    .data.forEach((value, unit) => {
      expect(value).toBeCloseTo(variable.data[unit], 10);
    });
});

test('literal: θ moves in the tangent plane, the drift is second order, and ρ follows w', () => {
  const drift = (learningRate: number) => {
    const { w, rho, variable, loss, training, heldOut } = problem(l2Norm(), { scheme: 'literal' });
    const trainer = createTrainer({
      framework: fw,
      theta: [w],
      rho: [rho],
      trainLoss: loss,
      regularizationLoss: loss,
      schedule: { every: 5 },
      thetaOptimizer: sgd({ learningRate }),
      rhoOptimizer: sgd({ learningRate: 0.05 }),
    });
    const start = variable.data[0];
    trainer.step(training, () => heldOut);
    const first = variable.data[0] - start;
    for (let i = 0; i < 400; i++) {
      trainer.step(training, () => heldOut);
      expect(variable.data[0]).toBeCloseTo(l2Norm().value(fw, [w]).data[0], 10);
    }
    return { first, loss: loss(heldOut).data[0] };
  };
  const [coarse, fine] = [drift(0.02), drift(0.01)];
  expect(coarse.first).toBeGreaterThan(0);
  expect(coarse.first / fine.first).toBeGreaterThan(3.9);
  expect(coarse.first / fine.first).toBeLessThan(4.1);
  expect(coarse.loss).toBeLessThan(1.5);
});

test('weights that are not finite stay as they are and do not affect other weights', () => {
  const [a, b] = [fw.variable(fw.array([1, 2])), fw.variable(fw.array([Number.NaN, 3]))];
  const rho = normLevel(fw, {
    name: 'w',
    weights: [a, b],
    regularizer: l2Norm(),
    variable: fw.variable(fw.array(1)),
  });
  rho.afterThetaStep();
  expect([...a.data]).toEqual([1, 2]);
});

test('data that do not match are refused by name', () => {
  const w = fw.variable(fw.array([1, 2], [1, 2]));
  const make = (options: object) => () =>
    normLevel(fw, {
      name: 'w',
      weights: [w],
      regularizer: groupLasso(),
      variable: fw.variable(fw.array(1)),
      ...options,
    });
  expect(make({ per: 'unit' })).toThrow(`per: must be 'group', but is "unit". The regularizer groupLasso`);
  expect(make({ scheme: 'literal', bijector: exp })).toThrow(
    'bijector: is given, but only the retracted scheme uses it',
  );
});
