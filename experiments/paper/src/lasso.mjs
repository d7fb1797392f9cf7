// LASSO on the diabetes data: coefficient paths, the learned sparsity, and how often the first minimum misleads.
import { deriveSeed, l1Norm, permutation } from '@crossreg/core';
import { diabetes } from '@crossreg/datasets';
import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { meanOf } from '@crossreg/experiment-shared/meanOf.mjs';
import { Lasso } from '@crossreg/linear';
import { alternate, batchOf } from './alternate.mjs';
import { mean, meanSquare, quantile, rows } from './numbers.mjs';

/** The stream of a seed that splits are drawn from, see `deriveSeed`. Results depend on this number, so it stays. */
const splitStream = 17;

export async function lasso() {
  const { features, targets, shape, featureNames } = await diabetes({ scaled: true });
  const x = rows(features, shape[1]);
  const splits = Array.from({ length: 50 }, (_, seed) => {
    const order = [...permutation(shape[0], deriveSeed(seed, splitStream))];
    const take = (indices) => ({ x: indices.map((i) => x[i]), y: indices.map((i) => targets[i]) });
    return {
      training: take(order.slice(220)),
      heldOut: take(order.slice(0, 110)),
      test: take(order.slice(110, 220)),
    };
  });
  const kinds = {
    'ρ follows the path (default)': {},
    'stopping at the first minimum': { earlyStopping: true },
    'projected gradient': { gradient: 'projected' },
  };
  const support = (model) => [...model.coefficients].flatMap((w, j) => (w === 0 ? [] : [j])).join();
  const table = {};
  const fits = Object.fromEntries(
    Object.entries(kinds).map(([name, options]) => [
      name,
      splits.map(({ training, heldOut }) =>
        new Lasso(options).fit(training.x, training.y, { regularizationData: [heldOut.x, heldOut.y] }),
      ),
    ]),
  );
  const reference = fits['ρ follows the path (default)'];
  for (const [name, models] of Object.entries(fits)) {
    const excess = models.map((model, i) => model.validationLoss / reference[i].validationLoss - 1);
    table[name] = {
      'same support': models.filter((model, i) => support(model) === support(reference[i])).length,
      'within 0.5 %': excess.filter((e) => e <= 0.005).length,
      'median excess': `${(100 * quantile(excess, 0.5)).toFixed(3)} %`,
      'worst excess': `${(100 * Math.max(...excess)).toFixed(2)} %`,
      'columns in the model': meanOf(
        models.map((model) => support(model).split(',').length),
        2,
      ),
      'test loss': meanOf(
        models.map((model, i) => meanSquare(model.predict(splits[i].test.x), splits[i].test.y)),
        0,
      ),
    };
  }
  console.log('LASSO, diabetes, 50 random splits: 222 training, 110 held-out and 110 test examples');
  console.table(table);
  console.log(
    `splits with more than one local minimum along the path: ${reference.filter(({ minima }) => minima > 1).length} of 50`,
  );

  // The alternating scheme itself, on centered data: gradient steps and projections onto the ℓ1 ball, which give exact zeros.
  const alternating = splits.slice(0, 10).map(({ training, heldOut }, i) => {
    const center = mean(training.y);
    const columns = training.x[0].map((_, j) => mean(training.x.map((row) => row[j])));
    const scaled = (set) =>
      batchOf(
        set.x.map((row) => row.map((v, j) => 20 * (v - columns[j]))),
        set.y.map((v) => v - center),
      );
    const [a, b] = [scaled(training), scaled(heldOut)];
    const { w, path } = alternate({
      training: a,
      heldOut: b,
      regularizer: l1Norm(),
      start: new Float64Array(10).map((_, j) => (j % 2 ? -1 : 1)),
      steps: 6000,
      every: 20,
      thetaRate: 0.1,
      rhoRate: 0.5,
    });
    const loss = meanSquare(
      b.y.data.map((_, k) => w.reduce((sum, v, j) => sum + v * b.x.data[k * 10 + j], 0)),
      b.y.data,
    );
    const free = reference[i].history.at(-1).rho / 20; // the ρ of no penalty, in these units
    return {
      zeros: w.filter((v) => v === 0).length,
      'above the best': `${(100 * (loss / reference[i].validationLoss - 1)).toFixed(2)} %`,
      'ρ over that of no penalty': (path.at(-1) / free).toFixed(2),
      'best ρ over it': (reference[i].rho / 20 / free).toFixed(2),
    };
  });
  console.log('the alternating scheme itself, θ by gradient steps, ρ every 20 of them, first ten splits');
  console.table(alternating);

  const model = reference[0];
  const rhos = model.history.map(({ rho }) => rho);
  const paths = rhos.map((rho) => model.coefficientsAt(rho));
  saveFigure(new URL('../out/', import.meta.url), 'lasso', [
    {
      title: 'Coefficients along the path',
      x: 'ρ = ‖w‖₁',
      y: 'coefficient',
      series: featureNames.map((name, j) => ({
        name: j < 6 ? name : '',
        x: rhos,
        y: paths.map((w) => w[j]),
      })),
      marks: [{ x: model.rho, name: 'learned ρ' }],
    },
    {
      title: 'Validation loss along the path, four splits',
      x: 'ρ over that of no penalty',
      y: 'validation loss over its lowest',
      series: reference.slice(0, 4).map(({ history, validationLoss }, i) => ({
        name: `split ${i + 1}`,
        x: history.map(({ rho }) => rho / history.at(-1).rho),
        y: history.map(({ loss }) => loss / validationLoss),
      })),
    },
  ]);
}
