// Smoothing spline: the fit, and its roughness next to the roughness of the truth and the best one for the test set.
import { uniform } from '@crossreg/core';
import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { SmoothingSpline } from '@crossreg/linear';
import { meanSquare, normal, quantile } from './numbers.mjs';

const functions = {
  'sin 9x': (x) => Math.sin(9 * x),
  bump: (x) => Math.exp(-((x - 0.4) ** 2) / 0.02),
  chirp: (x) => Math.sin(16 * x * x),
  kink: (x) => Math.abs(x - 0.6),
  line: (x) => 1 - 2 * x,
};

function draw(f, n, noise, seed) {
  const next = uniform(seed);
  const errors = normal(n, seed + 1);
  const x = Float64Array.from({ length: n }, next);
  return [x, x.map((v, i) => f(v) + noise * errors[i])];
}

/** For each set, the offset that is added to ten times the seed. Results depend on these numbers, so none changes. */
const streams = { training: 0, heldOut: 3 };

export function spline() {
  const table = {};
  const fitAll =
    (options) =>
    ([training, heldOut]) =>
      new SmoothingSpline(options).fit(...training, { regularizationData: heldOut });
  for (const [name, f] of Object.entries(functions)) {
    const excess = { first: [], projected: [] };
    const test = { learned: [], best: [] };
    for (let seed = 1; seed <= 10; seed++) {
      const noise = [0.03, 0.1, 0.3][seed % 3];
      const sets = [
        draw(f, 80, noise, 10 * seed + streams.training),
        draw(f, 40, noise, 10 * seed + streams.heldOut),
      ];
      const best = fitAll({})(sets);
      excess.first.push(fitAll({ earlyStopping: true })(sets).validationLoss / best.validationLoss - 1);
      excess.projected.push(fitAll({ gradient: 'projected' })(sets).validationLoss / best.validationLoss - 1);
      // The best that any roughness can reach, measured against the truth.
      const grid = Float64Array.from({ length: 500 }, (_, i) => (i + 0.5) / 500);
      const truth = [grid, grid.map(f)];
      const oracle = fitAll({})([sets[0], truth]);
      test.learned.push(meanSquare(best.predict(grid), truth[1]) / noise ** 2);
      test.best.push(meanSquare(oracle.predict(grid), truth[1]) / noise ** 2);
    }
    const percent = (xs, q) => `${(100 * quantile(xs, q)).toFixed(2)} %`;
    table[name] = {
      'first minimum: worst above the best': percent(excess.first, 1),
      'projected: median above the best': percent(excess.projected, 0.5),
      'projected: worst': percent(excess.projected, 1),
      'error² over noise²': quantile(test.learned, 0.5).toFixed(3),
      'at the best ρ for the truth': quantile(test.best, 0.5).toFixed(3),
    };
  }
  console.log(
    'smoothing spline, 80 training and 40 held-out points, 10 draws a function, noise 0.03 to 0.3: medians',
  );
  console.table(table);

  const [training, heldOut] = [
    draw(functions['sin 9x'], 80, 0.3, 20),
    draw(functions['sin 9x'], 40, 0.3, 23),
  ];
  const model = new SmoothingSpline().fit(...training, { regularizationData: heldOut });
  const grid = Float64Array.from({ length: 200 }, (_, i) => i / 199);
  const curve = [...model.history].sort((a, b) => a.rho - b.rho);
  const truth = (9 ** 4 / 4) * (1 - Math.sin(18) / 18); // ½∫f''² of sin 9x on [0, 1]
  console.log(
    `sin 9x: learned roughness ρ = ½∫f''² ${model.rho.toFixed(0)}, of the truth ${truth.toFixed(0)}`,
  );
  saveFigure(new URL('../out/', import.meta.url), 'spline', [
    {
      title: 'The fit',
      x: 'x',
      y: 'y',
      series: [
        { name: 'training', points: true, color: '#8c8c8c', x: training[0], y: training[1] },
        { name: 'learned', x: grid, y: model.predict(grid) },
        { name: 'truth', dashed: true, x: grid, y: grid.map(functions['sin 9x']) },
      ],
    },
    {
      title: 'Validation loss against roughness',
      x: 'ρ = ½∫f″²',
      y: 'validation loss',
      xLog: true,
      series: [
        { name: 'path over λ', x: curve.map((s) => s.rho), y: curve.map((s) => s.loss) },
        {
          name: 'ρ steps',
          points: true,
          x: model.history.map((s) => s.rho),
          y: model.history.map((s) => s.loss),
        },
      ],
      marks: [
        { x: model.rho, name: 'learned' },
        { x: truth, name: 'truth' },
      ],
    },
  ]);
}
