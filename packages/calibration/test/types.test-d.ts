// Only type-checked, by `tsc --noEmit`: what a user writes against calibration has the types that the user expects.
import {
  type Bin,
  type BootstrapInterval,
  bootstrapInterval,
  brierScore,
  type Evaluation,
  evaluate,
  expectedCalibrationError,
  negativeLogLikelihood,
  reliabilityCurve,
  reliabilityDiagram,
  softmax,
  temperatureScaling,
} from '@crossreg/calibration';
import { expectTypeOf, test } from 'vitest';

test('rows are flat, nested or typed arrays; labels are any numbers', () => {
  expectTypeOf(brierScore([0.2, 0.8], [1])).toEqualTypeOf<number>();
  expectTypeOf(brierScore([[0.2, 0.8]] as const, Int32Array.of(1))).toEqualTypeOf<number>();
  expectTypeOf(brierScore([Float32Array.of(0.2, 0.8)], Uint8Array.of(1))).toEqualTypeOf<number>();
  // @ts-expect-error: labels are classes by number, no names
  brierScore([[0.2, 0.8]], ['cat']);
  // @ts-expect-error: labels are needed
  brierScore([[0.2, 0.8]]);
});

test('results', () => {
  expectTypeOf(evaluate([[0.2, 0.8]], [1])).toEqualTypeOf<Evaluation>();
  expectTypeOf<keyof Evaluation>().toEqualTypeOf<'accuracy' | 'nll' | 'brier' | 'ece'>();
  expectTypeOf(reliabilityCurve([[0.2, 0.8]], [1])).toEqualTypeOf<Bin[]>();
  expectTypeOf(reliabilityDiagram([[0.2, 0.8]], [1], { title: 'mine' })).toEqualTypeOf<string>();
  expectTypeOf(softmax([1, 2], 2)).toEqualTypeOf<Float64Array>();
  const scaling = temperatureScaling([[1, 2]], [1]);
  expectTypeOf(scaling.temperature).toEqualTypeOf<number>();
  expectTypeOf(scaling.apply).toBeCallableWith([[1, 2]]);
});

test('a metric is a statistic of the bootstrap', () => {
  expectTypeOf(
    bootstrapInterval(evaluateAccuracy, [[0.2, 0.8]], [1], { resamples: 100, method: 'basic' }),
  ).toEqualTypeOf<BootstrapInterval>();
  bootstrapInterval(brierScore, [[0.2, 0.8]], [1]);
  // @ts-expect-error: a statistic is one number
  bootstrapInterval(evaluate, [[0.2, 0.8]], [1]);
});
const evaluateAccuracy = (probabilities: Float64Array, labels: Int32Array) =>
  evaluate(probabilities, labels).accuracy;

test('options', () => {
  expectedCalibrationError([[0.2, 0.8]], [1], { bins: 10, strategy: 'quantile', mode: 'classwise' });
  // @ts-expect-error: bins are uniform or quantiles
  expectedCalibrationError([[0.2, 0.8]], [1], { strategy: 'mass' });
  // @ts-expect-error: the option is `bins`
  reliabilityCurve([[0.2, 0.8]], [1], { nBins: 10 });
  // @ts-expect-error: the option is `epsilon`
  negativeLogLikelihood([[0.2, 0.8]], [1], { floor: 1e-7 });
});
