// The paper's experiments as commands. Those on norms print their tables; those on networks write results:
//   node experiments/paper/src/main.mjs ridge lasso spline sparse convergence risk harm
//   node experiments/paper/src/main.mjs noise … [--profile smoke|small|full|paper] [--only cross] [--only plain-1] [--force] [--steps 20]
//     [--jobs 2] [--backend wasm] [--threads 1] [--redis redis://…]
//   node experiments/paper/src/main.mjs report
import { parseArgs } from 'node:util';
import { convergence } from './convergence.mjs';
import * as networks from './deep/command.mjs';
import { folds } from './folds/folds.mjs';
import { harm } from './harm/harm.mjs';
import { lasso } from './lasso.mjs';
import { ridge } from './ridge.mjs';
import { risk } from './risk.mjs';
import { sparse } from './sparse.mjs';
import { spline } from './spline.mjs';

const commands = {
  ridge,
  lasso,
  spline,
  convergence,
  risk,
  sparse,
  harm,
  folds,
  report: networks.writeReport,
};
for (const name of networks.names) commands[name] = (options) => networks.runExperiment(name, options);

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: networks.options });
  const unknown = positionals.find((name) => !(name in commands));
  if (unknown) throw new Error(`there is no experiment "${unknown}"`);
  if (positionals.length === 0) throw new Error('no experiment was named');
  networks.checkOptions(values);
  for (const name of positionals) await commands[name](values);
} catch (error) {
  console.error(`✖ ${error.message}`);
  console.error(`experiments: ${Object.keys(commands).join(', ')}`);
  process.exit(2);
}
