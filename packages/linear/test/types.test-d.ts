// Only type-checked, by `tsc --noEmit`: what a user writes against linear has the types that the user expects.
import { Lasso, type LearnedRho, type RhoStep, Ridge, SmoothingSpline } from '@crossreg/linear';
import { expectTypeOf, test } from 'vitest';

const x = [
  [1, 2],
  [3, 4],
];
const flat = { data: Float64Array.of(1, 2, 3, 4), shape: [2, 2] };

test('fit returns the estimator itself', () => {
  expectTypeOf(new Ridge().fit(x, [1, 2])).toEqualTypeOf<Ridge>();
  expectTypeOf(new Lasso().fit(flat, Float32Array.of(1, 2))).toEqualTypeOf<Lasso>();
  expectTypeOf(new SmoothingSpline().fit([1, 2], [1, 2])).toEqualTypeOf<SmoothingSpline>();
});

test('what was learned', () => {
  const ridge = new Ridge({ per: 'target', gradient: 'projected' }).fit(x, flat, { folds: 5, seed: 1 });
  expectTypeOf(ridge.predict(flat)).toEqualTypeOf<Float64Array>();
  expectTypeOf(ridge.learned).toEqualTypeOf<LearnedRho[]>();
  expectTypeOf(ridge.history).toEqualTypeOf<RhoStep[]>();
  expectTypeOf(ridge.status).toEqualTypeOf<'converged' | 'at bound'>();
  expectTypeOf(ridge.lambda).toEqualTypeOf<number>();
  expectTypeOf(ridge.intercepts).toEqualTypeOf<Float64Array>();
  expectTypeOf(new Lasso().coefficientsAt(1)).toEqualTypeOf<Float64Array>();
  // @ts-expect-error: what was learned is read only
  ridge.lambda = 1;
});

test('validation data', () => {
  new Ridge().fit(x, [1, 2], { regularizationData: [x, [1, 2]] });
  new Ridge().fit(x, [1, 2], { folds: Int32Array.of(0, 1) });
  new SmoothingSpline().fit([1, 2], [1, 2], { regularizationData: [[1], [2]] });
  // @ts-expect-error: a spline is of one variable
  new SmoothingSpline().fit(x, [1, 2]);
  // @ts-expect-error: x and y
  new Ridge().fit(x, [1, 2], { regularizationData: [x] });
});

test('options', () => {
  new Lasso({ fitIntercept: false, standardize: true, earlyStopping: false });
  // @ts-expect-error: λ is learned
  new Ridge({ alpha: 1 });
  // @ts-expect-error: one ρ per model or per target
  new Ridge({ per: 'column' });
  // @ts-expect-error: LASSO has one target
  new Lasso({ per: 'target' });
  // @ts-expect-error: LASSO has one target
  new Lasso().fit(x, x);
  // @ts-expect-error: a spline has no features to standardize
  new SmoothingSpline({ standardize: true });
});
