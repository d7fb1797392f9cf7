import { expect, test } from 'vitest';
import { NotFittedError } from './estimator';
import { Lasso } from './lasso';
import { Ridge } from './ridge';
import { SmoothingSpline } from './smoothingSpline';

const shared = ['coefficients', 'learned', 'rho', 'lambda', 'validationLoss', 'history', 'status', 'minima'];
const estimators: [string, () => any, string[]][] = [
  ['Ridge', () => new Ridge(), ['intercept', 'intercepts']],
  ['Lasso', () => new Lasso(), ['intercept']],
  ['SmoothingSpline', () => new SmoothingSpline(), ['knotPositions']],
];

test.each(estimators)(
  '%s: before fit, every attribute and predict throw, and none has a value',
  (name, make, own) => {
    for (const attribute of [...shared, ...own]) {
      expect(() => make()[attribute], attribute).toThrow(`${name}: nothing was fitted yet. Call fit first.`);
      expect(() => make()[attribute], attribute).toThrow(NotFittedError);
    }
    expect(() => make().predict([[1]])).toThrow(NotFittedError);
    if (name === 'Lasso') expect(() => make().coefficientsAt(1)).toThrow(NotFittedError);
  },
);

const x = Array.from({ length: 20 }, (_, i) => i / 7);
const y = x.map((v, i) => Math.sin(v) + 0.1 * Math.cos(31 * i));

test.each(estimators)('%s: a refused fit leaves the previous one unchanged', (name, make) => {
  const model = make();
  const table = name === 'SmoothingSpline' ? x : x.map((v) => [v]);
  model.fit(table, y);
  const before = model.predict(table);
  expect(() => model.fit(table, [...y.slice(1), Number.NaN])).toThrow('y: is NaN');
  expect(model.predict(table)).toEqual(before);
  expect(model.learned[0].rho).toBe(model.rho);
});

test.each(estimators)('%s: options are checked by the constructor', (_, make) => {
  const Model = make().constructor;
  expect(() => new Model({ alpha: 1 })).toThrow('alpha: is not an option of');
  expect(() => new Model({ gradent: 'total' })).toThrow('Did you mean gradient?');
  expect(() => new Model({ gradient: 'partial' })).toThrow("gradient: must be 'total' or 'projected'");
  expect(() => new Model({ earlyStopping: 'yes' })).toThrow(
    'earlyStopping: must be true or false, but is "yes"',
  );
  expect(() => make().fit(x, y, { fold: 3 })).toThrow('Did you mean folds?');
});
