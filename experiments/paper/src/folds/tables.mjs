import { meanOf } from '@crossreg/experiment-shared/meanOf.mjs';
import { markdown } from '../markdown.mjs';
import { problemsOfFolds } from './problems.mjs';

const MEMBERS = 5;
const ways = [
  ['plain', 'alone', 'one plain model, all examples'],
  ['split', 'alone', 'one cross-regularized model, a fifth held out'],
  ['plain', 'together', 'five plain models, all examples'],
  ['split', 'together', 'five cross-regularized models, the same fifth held out'],
  ['folds', 'together', '**five cross-regularized models, five folds**'],
];
/** The loss that is compared: mean squared error for numbers, NLL for classes. */
const lossOf = ({ mse, nll }) => mse ?? nll;

/**
 * The tables of docs/results.md: every way to use the examples, and folds relative to each of them with the same number of
 * members.
 *
 * @param results - by problem, a list with a result for each seed.
 */
export function tablesOfFolds(results) {
  const found = Object.entries(problemsOfFolds).filter(([name]) => results[name]?.length > 0);
  const rows = found.flatMap(([name, { description }]) =>
    ways.map(([way, of, title], i) => {
      const runs = results[name];
      const scores = runs.map((run) => run[way][of]);
      const figure = (key) => (scores[0][key] === undefined ? '–' : meanOf(scores.map((one) => one[key])));
      const count = of === 'alone' ? 1 : MEMBERS;
      const [{ steps, rhoSteps }] = runs;
      const cost = [count * steps, ...(way === 'plain' ? [] : [count * rhoSteps])].join(' + ');
      return [i === 0 ? description : '', title, ...['mse', 'accuracy', 'nll', 'ece'].map(figure), cost];
    }),
  );
  const folds = markdown(['', '', 'MSE', 'accuracy', 'NLL', 'ECE', 'steps of θ + of ρ'], rows);
  /** The ratio of the losses, paired by seed, over the mean loss of the other way. */
  const against = (runs, other) => {
    const theirs = runs.map((run) => lossOf(run[other].together));
    const mean = theirs.reduce((a, b) => a + b) / theirs.length;
    return meanOf(runs.map((run, k) => 1 + (lossOf(run.folds.together) - theirs[k]) / mean));
  };
  const compared = markdown(
    ['', 'seeds', 'folds over one split', 'folds over plain models'],
    found.map(([name, { description }]) => {
      const runs = results[name];
      return [description, `${runs.length}`, against(runs, 'split'), against(runs, 'plain')];
    }),
  );
  return { folds, 'folds-compared': compared };
}
