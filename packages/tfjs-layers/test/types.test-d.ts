// Only type-checked, by `tsc --noEmit`: what a user writes against tfjs-layers has the types that the user expects.
import type { Convergence } from '@crossreg/core';
import {
  checkpoint,
  crossRegularization,
  type Ensemble,
  type EnsemblePrediction,
  fitEnsemble,
  folderStore,
  groupLasso,
  hookNoise,
  injectNoise,
  LearnableNoise,
  l1,
  l2,
  loadEnsemble,
  type NoisePlaces,
  type Norm,
  noisePlaces,
  predict,
  type RunProgress,
  toInferenceModel,
} from '@crossreg/tfjs-layers';
import type { Tensor } from '@tensorflow/tfjs-core';
import type { History, LayersModel, layers } from '@tensorflow/tfjs-layers';
import { expectTypeOf, test } from 'vitest';

declare const model: LayersModel;
declare const x: Tensor;
declare const y: Tensor;

test('regularization data', () => {
  crossRegularization({ regularizationData: [x, y] });
  const pair = [x, y] as const;
  crossRegularization({ regularizationData: pair });
  crossRegularization({ regularizationData: [{ image: x }, [y]] });
  crossRegularization({ regularizationData: { split: 0.2, stratified: false, groups: ['a', 'b'] } });
  crossRegularization({ regularizationData: { folds: 5, fold: 0 } });
  // @ts-expect-error: regularization data are needed
  crossRegularization({});
  // @ts-expect-error: which of the folds?
  crossRegularization({ regularizationData: { folds: 5 } });
  // @ts-expect-error: x and y
  crossRegularization({ regularizationData: x });
});

test('options of cross-regularization', () => {
  crossRegularization({
    regularizationData: { split: 0.2 },
    noise: { per: 'channel', layers: /dense/, recurrent: false },
    regularizers: [l2(), l1({ per: 'unit' }), groupLasso({ axis: 'inputs' })],
    every: 'auto',
    averaging: { digit: 'logits' },
    classWeight: { 0: 1, 1: 2 },
    checkpoint: folderStore('runs'),
  });
  // @ts-expect-error: noise per layer or per channel
  crossRegularization({ regularizationData: { split: 0.2 }, noise: { per: 'unit' } });
  // @ts-expect-error: regularizers are a list
  crossRegularization({ regularizationData: { split: 0.2 }, regularizers: l2() });
  // @ts-expect-error: the option is `regularizationData`
  crossRegularization({ validationData: [x, y] });
  // @ts-expect-error: no such estimator
  crossRegularization({ regularizationData: { split: 0.2 }, estimator: 'median' });
});

test('a run is a callback of fit, and fits by itself', async () => {
  const cross = crossRegularization({ regularizationData: [x, y] });
  expectTypeOf(model.fit).toBeCallableWith(x, y, { callbacks: cross });
  expectTypeOf(await cross.fit(model, x, y, { epochs: 3 })).toExtend<History>();
  expectTypeOf(cross.history.rho.sigma.value).toEqualTypeOf<number[]>();
  expectTypeOf(cross.status()).toEqualTypeOf<Record<string, Convergence>>();
  expectTypeOf(cross.toModel()).toEqualTypeOf<LayersModel>();
  expectTypeOf(await cross.restore<string>(model)).toEqualTypeOf<RunProgress<string>>();
  // @ts-expect-error: what was recorded is read only
  cross.history = { step: [], loss: [], rho: {}, skipped: 0 };
});

test('layers and places of noise', () => {
  expectTypeOf(injectNoise(model, { initialSigma: 0.2 })).toEqualTypeOf<LayersModel>();
  expectTypeOf(noisePlaces(model)).toEqualTypeOf<NoisePlaces>();
  expectTypeOf(hookNoise(model).layers).toEqualTypeOf<readonly LearnableNoise[]>();
  expectTypeOf(new LearnableNoise({ bijector: 'softplus' })).toExtend<layers.Layer>();
  expectTypeOf(new LearnableNoise().sigma()).toEqualTypeOf<Tensor>();
  expectTypeOf(l2()).toEqualTypeOf<Norm>();
  // @ts-expect-error: the option is `initialSigma`
  injectNoise(model, { sigma: 0.2 });
  // @ts-expect-error: names of layers, a pattern or a test
  injectNoise(model, { layers: 'dense' });
  // @ts-expect-error: a layer has a name; what is injected is named after its place
  injectNoise(model, { name: 'noise' });
  // @ts-expect-error: groups of inputs or units, of whole arrays, or along an axis by number
  groupLasso({ axis: 'rows' });
});

test('one input gives one prediction', () => {
  const one = predict(model, x, { samples: 8 });
  expectTypeOf(one.mean).toEqualTypeOf<Tensor>();
  const some = predict(model, [x, x]);
  // @ts-expect-error: a model of more inputs may have more outputs
  void some.mean;
  // @ts-expect-error: no such way to average
  predict(model, x, { averaging: 'median' });
});

test('ensembles', async () => {
  const ensemble = await fitEnsemble(({ seed }) => (seed > 0 ? model : Promise.resolve(model)), x, y, {
    regularizationData: { folds: 5 },
    fit: { epochs: 3 },
    onProgress: ({ member, epochs }) => expectTypeOf([member, epochs]).toEqualTypeOf<number[]>(),
  });
  expectTypeOf(ensemble).toEqualTypeOf<Ensemble>();
  expectTypeOf(ensemble.predict(x)).toEqualTypeOf<EnsemblePrediction>();
  expectTypeOf(ensemble.predict(x).within).toEqualTypeOf<Tensor>();
  expectTypeOf(await loadEnsemble('file://ensemble')).toEqualTypeOf<Ensemble>();
  expectTypeOf(toInferenceModel(ensemble, { samples: 4 })).toEqualTypeOf<LayersModel>();
  // @ts-expect-error: members need a store each
  fitEnsemble(() => model, x, y, { regularizationData: { folds: 5 }, checkpoint: folderStore('runs') });
  // @ts-expect-error: an ensemble averages as it was made to
  ensemble.predict(x, { averaging: 'logits' });
});

test('checkpoints keep the progress of the user', async () => {
  const kept = checkpoint<{ epoch: number }>('runs', { model });
  expectTypeOf(await kept.restore()).toEqualTypeOf<{ epoch: number } | undefined>();
  // @ts-expect-error: progress of another type
  kept.save({ step: 1 });
});
