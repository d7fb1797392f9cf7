import type { CsvSettings } from '../settings';
import random from '../shared/random.js?raw';
import { program } from '../training/program';
import { TABLE_LEARNING_RATE } from '../training/rates';
import { type CsvFile, MOST_ROWS, targetOf } from './csvFile';
import type { Table } from './table.js';
import table from './table.js?raw';

/** Source that reads the rows and columns of the sample, or of a file next to the program. */
const rowsOf = ({ name, columns }: CsvFile, sample: boolean) =>
  sample
    ? `const { features, featureNames, targets, targetName } = await diabetes();
const rows = Array.from(targets, (target, i) => ({
  ...Object.fromEntries(featureNames.map((name, j) => [name, String(features[i * featureNames.length + j])])),
  [targetName]: String(target),
}));
const columns = [...featureNames, targetName];`
    : `const rows = Papa.parse(readFileSync(${JSON.stringify(name)}, 'utf8'), { header: true, skipEmptyLines: 'greedy', preview: ${MOST_ROWS} }).data;
const columns = ${JSON.stringify(columns)};`;

/** A program for Node that does what the page did with a file, for as many steps. */
export function csvProgram(
  file: CsvFile,
  {
    settings,
    prepared,
    steps,
    sample,
  }: { settings: CsvSettings; prepared: Table; steps: number; sample: boolean },
): { source: string; packages: string } {
  const { target, classify } = targetOf(file, settings);
  const { seed, layers, width, both } = settings;
  const outputs = Math.max(1, prepared.classes.length);
  const source = program({
    title: `${target} of ${file.name} from ${prepared.columns.length} columns`,
    imports: sample
      ? "import { diabetes } from '@crossreg/datasets';\n"
      : "import { readFileSync } from 'node:fs';\nimport Papa from 'papaparse';\n",
    sources: [random, table],
    data: `const seed = ${seed};
${rowsOf(file, sample)}
const { train, heldOut, test } = prepareTable(rows, { columns, target: ${JSON.stringify(target)}, classify: ${classify}, seed });
// θ learns from the training rows, ρ from those held out; the test rows are for the comparison only.
const tensors = ({ count, x, y }) => [tf.tensor2d(x, [count, ${prepared.columns.length}]), tf.tensor2d(y, [count, ${outputs}])];
const [[xTrain, yTrain], [xHeldOut, yHeldOut], [xTest, yTest]] = [train, heldOut, test].map(tensors);`,
    network: {
      inputShape: [prepared.columns.length],
      layers,
      width,
      outputs,
      activation: classify ? 'softmax' : 'linear',
    },
    loss: classify ? 'categoricalCrossentropy' : 'meanSquaredError',
    measured: classify
      ? 'tf.mean(tf.metrics.categoricalCrossentropy(yTest, mean))'
      : 'tf.losses.meanSquaredError(yTest, mean)',
    learningRate: TABLE_LEARNING_RATE,
    both,
    steps,
  });
  return { source, packages: sample ? '@crossreg/datasets' : 'papaparse' };
}
