import { markdown } from '../markdown.mjs';
import { mean } from '../numbers.mjs';

const others = [
  'plain, all examples',
  'plain, batch norm momentum 0.9',
  'cross-regularized',
  'cross-regularized, σ from 0.3',
];

/** The mean test loss of each method relative to plain training, with the standard error of the difference by seed. */
export function harmTable({ results }) {
  const rows = Object.values(results).map(({ description, steps, runs }) => {
    const plain = runs.plain.map(({ loss }) => loss);
    const cell = (method) => {
      if (runs[method].length === 0) return '–';
      const ratios = runs[method].map(({ loss }, i) => (loss - plain[i]) / mean(plain));
      const spread = Math.sqrt(
        ratios.reduce((sum, r) => sum + (r - mean(ratios)) ** 2, 0) / (ratios.length - 1) / ratios.length,
      );
      return `${(1 + mean(ratios)).toFixed(2)} ± ${spread.toFixed(2)}`;
    };
    return [description, String(steps), mean(plain).toPrecision(3), ...others.map(cell)];
  });
  return markdown(['problem', 'steps', 'plain', ...others], rows);
}
