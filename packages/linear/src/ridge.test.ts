import { createTrainer, float64 as fw, l2Norm, normLevel, sgd } from '@crossreg/core';
import { diabetes } from '@crossreg/datasets';
import { expect, test } from 'vitest';
import { fixture, splitRows } from '../test/fixtures';
import { Lasso } from './lasso';
import { Ridge, type RidgeOptions } from './ridge';
import { SmoothingSpline } from './smoothingSpline';
import type { Table } from './table';

type Numbers = number[][];
const { cases } = fixture('ridge');
const data = fixture('diabetes');
const column = (y: Numbers) => y.map(([v]) => v);
const random = (n: number, p: number, seed: number) => {
  const { data: values } = fw.normal([n, p], seed);
  return Array.from({ length: n }, (_, i) => [...values.subarray(i * p, (i + 1) * p)]);
};
const meanSquare = (
  model: { predict(x: Table): Float64Array },
  x: Table & ArrayLike<any>,
  y: ArrayLike<number>,
) => model.predict(x).reduce((sum, v, i) => sum + (v - y[i]) ** 2 / y.length, 0);

test.each<Record<string, any>>(cases)('$name: scikit-learn at its best α', (c) => {
  const model = new Ridge().fit(c.x, c.y, { regularizationData: [c.xHeld, c.yHeld] });
  const [{ validationLoss, lambda, rho }] = model.learned;
  expect(validationLoss / c.loss).toBeCloseTo(1, 9);
  // Where no penalty is best the grid ends at e⁻²⁵.
  if (lambda === 0) expect(c.alpha).toBeLessThan(1e-8);
  else expect(lambda / c.alpha).toBeCloseTo(1, 4);
  const expected = c.coefficients.flat();
  model.coefficients.forEach((w, j) => {
    expect(w).toBeCloseTo(expected[j], 5);
  });
  model.intercepts.forEach((b, k) => {
    expect(b).toBeCloseTo(c.intercepts[k], 4);
  });
  expect(rho).toBeCloseTo(Math.hypot(...model.coefficients), 10);
  expect(meanSquare(model, c.xHeld, c.yHeld.flat())).toBeCloseTo(validationLoss, 10);
});

test('the gradient in the history is the derivative of the loss with respect to ρ', () => {
  const { x, y, xHeld, yHeld } = cases[0];
  const { history } = new Ridge().fit(x, y, { regularizationData: [xHeld, yHeld] });
  // Between two close steps: the difference of losses divided by that of ρ.
  const close = history.slice(1).flatMap((step, i) => {
    const way = Math.abs(step.rho / history[i].rho - 1);
    return way < 0.02 && way > 1e-5 ? [[history[i], step]] : [];
  });
  expect(close.length).toBeGreaterThan(2);
  for (const [a, b] of close) {
    const slope = (b.loss - a.loss) / (b.rho - a.rho);
    expect(Math.abs(slope - (a.gradient + b.gradient) / 2)).toBeLessThan(
      Math.abs(a.gradient - b.gradient) + 0.01 * Math.abs(a.gradient),
    );
  }
});

test('projected: ρ comes to rest where the alternating scheme of core does, beside the best λ', () => {
  const [rows, held] = [random(30, 6, 1), random(40, 6, 2)];
  const target = (x: Numbers, seed: number) =>
    x.map((row, i) => row[0] - 2 * row[1] + 3 * random(x.length, 1, seed)[i][0]);
  const [y, yHeld] = [target(rows, 3), target(held, 4)];
  const options = { fitIntercept: false } as const;
  const regularizationData = [held, yHeld] as const;
  const projected = new Ridge({ ...options, gradient: 'projected' }).fit(rows, y, { regularizationData });
  const total = new Ridge(options).fit(rows, y, { regularizationData });

  const table = (x: Numbers) => fw.array(x.flat(), [x.length, x[0].length]);
  const w = fw.variable(fw.array([0.1, -0.1, 0.1, 0, 0, 0], [6, 1]));
  const loss = ([x, target]: Numbers[]) => {
    const error = fw.sub(fw.matMul(table(x as never), w), fw.array(target as never, [target.length, 1]));
    return fw.div(fw.sum(fw.mul(error, error)), fw.array(target.length));
  };
  const trainer = createTrainer({
    framework: fw,
    theta: [w],
    rho: [
      normLevel(fw, {
        name: 'w',
        weights: [w],
        regularizer: l2Norm(),
        variable: fw.variable(l2Norm().value(fw, [w])),
      }),
    ],
    trainLoss: loss,
    regularizationLoss: loss,
    schedule: { every: 1 },
    thetaOptimizer: sgd({ learningRate: 0.1 }),
    rhoOptimizer: sgd({ learningRate: 0.1 }),
  });
  for (let i = 0; i < 1000; i++) trainer.step([rows, y] as never, () => [held, yHeld] as never);
  expect(l2Norm().value(fw, [w]).data[0]).toBeCloseTo(projected.rho, 6);
  expect(Math.abs(total.rho / projected.rho - 1)).toBeGreaterThan(0.01);
  expect(projected.learned[0].validationLoss).toBeGreaterThan(total.learned[0].validationLoss);
});

test('one ρ per target is the same as a separate fit per target', () => {
  const { x, y, xHeld, yHeld } = cases.find((c: any) => c.name === 'several targets');
  const model = new Ridge({ per: 'target' }).fit(x, y, { regularizationData: [xHeld, yHeld] });
  expect(model.learned).toHaveLength(3);
  model.learned.forEach(({ rho }, k) => {
    const pick = (rows: Numbers) => rows.map((row) => row[k]);
    const single = new Ridge().fit(x, pick(y), { regularizationData: [xHeld, pick(yHeld)] });
    expect(rho).toBeCloseTo(single.rho, 8);
    expect(model.intercepts[k]).toBeCloseTo(single.intercept, 8);
  });
  expect(() => model.rho).toThrow('There is one ρ per target');
});

test('standardized columns: the same fit in any unit', () => {
  const { x, y, xHeld, yHeld } = cases[0];
  const scaled = (rows: Numbers) => rows.map((row) => row.map((v, j) => v * 10 ** (j - 2)));
  for (const Model of [Ridge, Lasso]) {
    const fit = (a: Numbers, b: Numbers) =>
      new Model({ standardize: true }).fit(a, column(y), { regularizationData: [b, column(yHeld)] });
    const [one, other] = [fit(x, xHeld), fit(scaled(x), scaled(xHeld))];
    expect(other.rho).toBeCloseTo(one.rho, 6);
    other.predict(scaled(xHeld)).forEach((v, i) => {
      expect(v).toBeCloseTo(one.predict(xHeld)[i], 6);
    });
  }
});

test('without an intercept nothing is centered', () => {
  const { x, y, xHeld, yHeld } = cases[0];
  for (const Model of [Ridge, Lasso]) {
    const model = new Model({ fitIntercept: false }).fit(x, column(y), {
      regularizationData: [xHeld, column(yHeld)],
    });
    expect(model.predict([x[0].map(() => 0)])[0]).toBe(0);
    expect(meanSquare(model, xHeld, column(yHeld))).toBeCloseTo(
      (model instanceof Ridge ? model.learned[0] : model).validationLoss,
      8,
    );
  }
});

test('the same data give the same fit, in rows or flat, bit for bit', () => {
  const { x, y } = cases[0];
  const flat = { data: x.flat(), shape: [x.length, x[0].length] };
  for (const Model of [Ridge, Lasso]) {
    const [one, other] = [x, flat].map((table) => new Model().fit(table, column(y), { folds: 4, seed: 3 }));
    expect(other.coefficients).toEqual(one.coefficients);
    expect(other.history).toEqual(one.history);
  }
});

test('diabetes, 50 splits with 5 folds: no worse on test data than scikit-learn’s cross-validation', async () => {
  const { features, targets, shape } = await diabetes({ scaled: true });
  const rows = [...targets].map((_, i) => features.subarray(i * shape[1], (i + 1) * shape[1]));
  const mean = { ridge: 0, ridgeCV: 0, lasso: 0, lassoCV: 0 };
  data.splits.forEach(({ held }: { held: string }, i: number) => {
    const { training, heldOut } = splitRows(held, rows, [...targets]);
    const folds = training.y.map((_, k) => Math.floor((5 * k) / training.y.length));
    const theirs = data.crossValidated[i];
    const ridge = new Ridge().fit(training.x, training.y, { folds });
    const lasso = new Lasso().fit(training.x, training.y, { folds });
    mean.ridge += meanSquare(ridge, heldOut.x, heldOut.y) / 50;
    mean.lasso += meanSquare(lasso, heldOut.x, heldOut.y) / 50;
    mean.ridgeCV += theirs.ridgeTest / 50;
    mean.lassoCV += theirs.lassoTest / 50;
  });
  expect(mean.ridge / mean.ridgeCV).toBeLessThan(1.005);
  expect(mean.lasso / mean.lassoCV).toBeLessThan(1.005);
});

const models: [string, new (options?: RidgeOptions) => Ridge | Lasso][] = [
  ['Ridge', Ridge],
  ['Lasso', Lasso],
];

test.each(models)('%s: degenerate data have a defined result', (_, Model) => {
  const x = random(30, 4, 1);
  const y = x.map((row) => row[0] - row[2]);
  const held = random(10, 4, 2);
  const reg = { regularizationData: [held, held.map((row) => row[0] - row[2])] as const };
  // A constant column has no effect.
  const constant = (rows: Numbers) => rows.map((row) => [...row, 3.7]);
  const withConstant = new Model().fit(constant(x), y, {
    regularizationData: [constant(held), reg.regularizationData[1]],
  });
  expect(withConstant.coefficients[4]).toBe(0);
  // Constant columns only, or equal targets, give the mean.
  const flat = new Model().fit(
    x.map(() => [1, 2]),
    y,
    { regularizationData: [held.map(() => [1, 2]), y.slice(0, 10)] },
  );
  expect([...flat.coefficients]).toEqual([0, 0]);
  expect(flat.rho).toBe(0);
  const same = new Model().fit(
    x,
    y.map(() => 4),
    { regularizationData: [held, held.map(() => 4)] },
  );
  expect(same.coefficients.every((w) => w === 0)).toBe(true);
  expect(same.predict(held)[0]).toBe(4);
  // One example gives its target, for any X.
  const one = new Model().fit([[1, 2]], [5], { regularizationData: [[[3, 4]], [7]] });
  expect(one.predict([[100, 100]])[0]).toBe(5);
  // Held-out targets that contradict the training ones: ρ goes to its bound 0.
  const contrary = new Model().fit(x, y, {
    regularizationData: [held, reg.regularizationData[1].map((v) => -v)],
  });
  expect(contrary.rho).toBeLessThan(1e-12);
  // Without noise: no penalty.
  const exact = new Model().fit(x, y, reg);
  [1, 0, -1, 0].forEach((w, j) => {
    expect(exact.coefficients[j]).toBeCloseTo(w, 5);
  });
  for (const fit of [withConstant, flat, same, one, contrary, exact]) {
    expect([...fit.coefficients, fit.intercept, fit.rho].every(Number.isFinite)).toBe(true);
  }
});

test.each(models)('%s: bad input is refused by name', (_, Model) => {
  const [x, y] = [random(10, 2, 1), column(random(10, 1, 2))];
  const fit =
    (...args: any[]) =>
    () =>
      (new Model().fit as any).call(new Model(), ...args);
  expect(
    fit(
      x.map((row, i) => (i === 3 ? [row[0], Number.NaN] : row)),
      y,
    ),
  ).toThrow('X: is NaN at row 3, column 1');
  expect(fit(x, [...y.slice(1), Number.POSITIVE_INFINITY])).toThrow('y: is Infinity at row 9');
  expect(fit(x, y.slice(1))).toThrow('y: has 9 examples, but X has 10');
  expect(fit([[1, 2], [3]], [1, 2])).toThrow('X: has 2 numbers in row 0 but 1 in row 1');
  expect(fit([], [])).toThrow('X: has shape [0, 0]');
  expect(fit('x', y)).toThrow('X: must be rows of numbers');
  expect(fit(x, y, { folds: 1 })).toThrow('folds: must be an integer of at least 2, but is 1');
  expect(fit(x, y, { folds: 11 })).toThrow('folds: is 11, but there are 10 examples');
  expect(fit(x, y, { folds: [1, 2] })).toThrow('folds: has 2 numbers for 10 examples');
  expect(fit(x, y, { folds: y.map(() => 0) })).toThrow('folds: puts all');
  expect(fit(x, y, { split: 0 })).toThrow('split: is 0, which leaves nothing on one side');
  expect(fit(x, y, { split: 0.2, folds: 3 })).toThrow('split, folds: are given together');
  expect(fit(x, y, { regularizationData: [[[1, 2, 3]], [1]] })).toThrow(
    'has 3 columns, but the training data have 2',
  );
  expect(fit(x, y, { regularizationData: [[[1, Number.NaN]], [1]] })).toThrow(
    'regularizationData[0]: is NaN',
  );
  expect(() => new Model().predict([[1]])).toThrow('nothing was fitted yet');
  expect(() => new Model().fit(x, y).predict([[1, 2, 3]])).toThrow(
    'X: has 3 columns, but the model was fitted to 2',
  );
});

test('SmoothingSpline: degenerate data and bad input', () => {
  const x = Array.from({ length: 20 }, (_, i) => i / 19);
  const line = x.map((v) => 2 - 3 * v);
  const spline = new SmoothingSpline().fit(x, line, { folds: 4 });
  spline.predict([-1, 0.5, 2]).forEach((v, i) => {
    expect(v).toBeCloseTo(2 - 3 * [-1, 0.5, 2][i], 6);
  });
  expect(spline.rho).toBeLessThan(1e-9);
  const two = new SmoothingSpline().fit([0, 1], [1, 3], { regularizationData: [[0.5], [7]] });
  expect(two.predict([0.5])[0]).toBeCloseTo(2, 8);
  const repeated = new SmoothingSpline().fit([...x, ...x], [...line, ...line.map((v) => v + 1)], {
    folds: 4,
  });
  expect([...repeated.predict(x)].every(Number.isFinite)).toBe(true);
  const few = new SmoothingSpline({ knots: 4 }).fit(x, x.map(Math.sin), { split: 0.3 });
  expect(few.predict([0.5])[0]).toBeCloseTo(Math.sin(0.5), 2);
  const fit =
    (...args: any[]) =>
    () =>
      (new SmoothingSpline().fit as any).call(new SmoothingSpline(), ...args);
  expect(fit([1, 1, 1], [1, 2, 3], { folds: 3 })).toThrow('x: has no number but 1');
  expect(fit([], [])).toThrow('x: is empty');
  expect(fit([1, Number.NaN], [1, 2])).toThrow('NaN at row 1');
  expect(fit([1, 2], [1])).toThrow('y: has 1 examples');
  expect(() => new SmoothingSpline({ knots: 1 })).toThrow('knots: must be an integer of at least 2');
  expect(() => new SmoothingSpline().predict([1])).toThrow('nothing was fitted yet');
});
