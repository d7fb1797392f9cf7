import { writeFileSync } from 'node:fs';

/** A mean, with its standard error where there are several numbers. */
function meanOf(numbers) {
  const mean = numbers.reduce((a, b) => a + b) / numbers.length;
  if (numbers.length === 1) return mean.toFixed(3);
  const variance = numbers.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (numbers.length - 1);
  return `${mean.toFixed(3)} ± ${Math.sqrt(variance / numbers.length).toFixed(3)}`;
}

const columns = {
  'train acc.': ({ train }) => train.accuracy,
  'test acc.': ({ test }) => test.accuracy,
  'test NLL': ({ test }) => test.nll,
  'test ECE': ({ test }) => test.ece,
  seconds: ({ thetaSeconds, rhoSeconds }) => thetaSeconds + rhoSeconds,
  'ρ share': ({ thetaSeconds, rhoSeconds }) => rhoSeconds / (thetaSeconds + rhoSeconds),
};

/** The figures of every training by its name, over all seeds. */
export const table = (runs) =>
  Object.fromEntries(
    runs[0].results.map(({ name }, i) => [
      name,
      Object.fromEntries(
        Object.entries(columns).map(([title, pick]) => [
          title,
          meanOf(runs.map(({ results }) => pick(results[i]))),
        ]),
      ),
    ]),
  );

/** Two or three sentences about the result, made from the numbers. */
export function headline(runs) {
  const figures = (name) => runs.map(({ results }) => results.find((result) => result.name === name).test);
  const [plain, all, cross] = ['plain', 'plain, all images', 'cross-regularized'].map(figures);
  const mean = (tests, key) => tests.reduce((sum, test) => sum + test[key], 0) / tests.length;
  const percent = (share) => `${(100 * share).toFixed(1)} %`;
  const wins = cross.filter((test, i) =>
    [plain[i], all[i]].every(
      (rival) => test.accuracy > rival.accuracy && test.nll < rival.nll && test.ece < rival.ece,
    ),
  ).length;
  return (
    `The cross-regularized network is right on ${percent(mean(cross, 'accuracy'))} of the test images; the plain one on ` +
    `${percent(mean(plain, 'accuracy'))}, and on ${percent(mean(all, 'accuracy'))} when it trains on the held-out images too. ` +
    `Its test loss is ${mean(cross, 'nll').toFixed(2)} against ${mean(plain, 'nll').toFixed(2)} and ${mean(all, 'nll').toFixed(2)}, ` +
    `its calibration error ${mean(cross, 'ece').toFixed(3)} against ${mean(plain, 'ece').toFixed(3)} and ${mean(all, 'ece').toFixed(3)}.` +
    (runs.length > 1 ? ` It is better than both in all three in ${wins} of ${runs.length} seeds.` : '')
  );
}

/** Writes the figures of every seed and training to a file. */
export function saveResults(file, runs, settings) {
  const rounded = (value) => Number(value.toPrecision(4));
  const figures = ({ accuracy, nll, ece }) => ({
    accuracy: rounded(accuracy),
    nll: rounded(nll),
    ece: rounded(ece),
  });
  const results = runs.map(({ seed, results }) => ({
    seed,
    trainings: results.map(({ name, train, test, sigma, ranges, thetaSeconds, rhoSeconds }) => ({
      name,
      train: figures(train),
      test: figures(test),
      sigma: Object.fromEntries(sigma.map(([layer, value]) => [layer, rounded(value)])),
      ranges: Object.fromEntries(ranges.map(([kind, value]) => [kind, rounded(value)])),
      thetaSeconds: rounded(thetaSeconds),
      rhoSeconds: rounded(rhoSeconds),
    })),
  }));
  writeFileSync(file, `${JSON.stringify({ ...settings, results }, null, 1)}\n`);
}
