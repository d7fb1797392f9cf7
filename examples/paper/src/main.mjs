// The paper's experiments as commands: node examples/paper/src/main.mjs ridge | lasso | spline | sparse | convergence | risk
import { convergence } from './convergence.mjs';
import { lasso } from './lasso.mjs';
import { ridge } from './ridge.mjs';
import { risk } from './risk.mjs';
import { sparse } from './sparse.mjs';
import { spline } from './spline.mjs';

const commands = { ridge, lasso, spline, convergence, risk, sparse };
const asked = process.argv.slice(2);
const unknown = asked.find((name) => !(name in commands));
if (asked.length === 0 || unknown) {
  if (unknown) console.error(`✖ there is no experiment "${unknown}"`);
  console.error(`usage: node examples/paper/src/main.mjs ${Object.keys(commands).join(' | ')} …`);
  process.exit(2);
}
for (const name of asked) await commands[name]();
