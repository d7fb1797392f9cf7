// Ridge: the path of cross-regularization next to the validation curve over λ, and the schemes next to each other.
import { adam, l2Norm } from '@crossreg/core';
import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { Ridge } from '@crossreg/linear';
import { alternate, batchOf } from './alternate.mjs';
import { dot, meanSquare, normal, rows } from './numbers.mjs';

/** A set of examples uses two seeds, one for inputs and one for errors. Results depend on them, so none changes. */
const seeds = { training: 1, heldOut: 3, test: 5, truth: 99 };

export function ridge() {
  const [n, p, noise] = [40, 30, 3];
  const truth = normal(p, seeds.truth);
  const draw = (count, seed) => {
    const x = rows(normal(count * p, seed), p);
    const errors = normal(count, seed + 1);
    return { x, y: x.map((row, i) => dot(row, truth) + noise * errors[i]) };
  };
  const [training, heldOut, test] = [
    draw(n, seeds.training),
    draw(60, seeds.heldOut),
    draw(4000, seeds.test),
  ];
  const regularizationData = [heldOut.x, heldOut.y];
  const fit = (options) =>
    new Ridge({ fitIntercept: false, ...options }).fit(training.x, training.y, { regularizationData });
  const total = fit({});
  const projected = fit({ gradient: 'projected' });
  const best = total.learned[0].validationLoss;

  const table = {};
  const row = (name, w) => {
    const predict = ({ x }) => x.map((r) => dot(r, w));
    const loss = meanSquare(predict(heldOut), heldOut.y);
    table[name] = {
      'ρ = ‖w‖': +Math.hypot(...w).toFixed(4),
      'validation loss': +loss.toFixed(4),
      'above the best': `${(100 * (loss / best - 1)).toFixed(3)} %`,
      'test loss': +meanSquare(predict(test), test.y).toFixed(4),
    };
  };
  row('best λ of the path (gradient: total)', total.coefficients);
  row('projected gradient, θ at its optimum', projected.coefficients);
  const scheme = {
    training: batchOf(training.x, training.y),
    heldOut: batchOf(heldOut.x, heldOut.y),
    regularizer: l2Norm(),
  };
  const start = normal(p, 7).map((v) => 0.05 * v);
  const minibatches = Array.from({ length: n / 5 }, (_, i) =>
    batchOf(training.x.slice(5 * i, 5 * i + 5), training.y.slice(5 * i, 5 * i + 5)),
  );
  const retracted = alternate({ ...scheme, start, steps: 3000, thetaRate: 0.05, rhoRate: 0.05 });
  row('alternating, retracted', retracted.w);
  row(
    'alternating, retracted, θ by Adam',
    alternate({
      ...scheme,
      start,
      steps: 3000,
      thetaOptimizer: adam({ learningRate: (step) => 0.02 / (1 + step / 300) }),
      rhoRate: 0.05,
    }).w,
  );
  const literal = [0.2, 0.05, 0.0125].map((thetaRate) => {
    const steps = Math.round(300 / thetaRate);
    const result = alternate({ ...scheme, start, steps, thetaRate, rhoRate: thetaRate, scheme: 'literal' });
    row(`alternating, literal, both rates ${thetaRate}`, result.w);
    return result;
  });
  // Minibatches keep θ moving, so straight steps leave the level set again and again.
  for (const schemeName of ['retracted', 'literal']) {
    for (const rate of [0.1, 0.02]) {
      const { w } = alternate({
        ...scheme,
        start,
        steps: Math.round(200 / rate),
        thetaRate: rate,
        rhoRate: rate,
        scheme: schemeName,
        batchAt: (i) => minibatches[i % minibatches.length],
      });
      row(`minibatches of 5, ${schemeName}, both rates ${rate}`, w);
    }
  }
  console.log(`ridge, ${n} × ${p}, noise ${noise}, 60 held-out examples`);
  console.table(table);

  const curve = [...total.history].sort((a, b) => a.rho - b.rho);
  saveFigure(new URL('../out/', import.meta.url), 'ridge', [
    {
      title: 'Validation loss along the ridge path, and the ρ steps',
      x: 'ρ = ‖w‖',
      y: 'validation loss',
      series: [
        { name: 'path over λ', x: curve.map((s) => s.rho), y: curve.map((s) => s.loss) },
        {
          name: 'ρ steps',
          points: true,
          x: total.history.map((s) => s.rho),
          y: total.history.map((s) => s.loss),
        },
      ],
      marks: [
        { x: total.rho, name: 'total' },
        { x: projected.rho, name: 'projected' },
      ],
    },
    {
      title: 'ρ while the alternating scheme runs',
      x: 'step',
      y: 'ρ = ‖w‖',
      xLog: true,
      series: [
        { name: 'retracted', x: retracted.path.map((_, i) => i + 1), y: retracted.path },
        ...literal.map(({ path }, k) => ({
          name: `literal, ${[0.2, 0.05, 0.0125][k]}`,
          dashed: true,
          x: path.map((_, i) => i + 1),
          y: path,
        })),
      ],
    },
  ]);
}
