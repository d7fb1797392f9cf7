// Counts the specs of the suite of tfjs-core that pass on cpu, on stock wasm and on wasm with our kernels, and lists those that
// differ: `npm run test:tfjs-core`. Arguments `cpu`, `stock`, `ours` or `native`, and a part of a name, select some.
import { runSuite } from '../test/coreSuite.mjs';

const passes = (results) => new Map(results.map(([name, status]) => [name, status === 'passed']));

const [only, filter] = process.argv.slice(2);
if (only) {
  const results = await runSuite(only, filter);
  for (const [name, status, message] of results)
    if (status === 'failed') console.log(`✖ ${name}\n    ${message}`);
  console.log(`${results.filter(([, status]) => status === 'passed').length} passed`);
} else {
  const runs = {};
  for (const name of ['cpu', 'stock', 'ours']) {
    runs[name] = await runSuite(name);
  }
  console.table(
    Object.fromEntries(
      Object.entries(runs).map(([name, results]) => [
        name,
        Object.fromEntries(
          ['passed', 'failed', 'pending', 'excluded'].map((s) => [
            s,
            results.filter((r) => r[1] === s).length,
          ]),
        ),
      ]),
    ),
  );
  const [cpu, stock, ours] = ['cpu', 'stock', 'ours'].map((name) => passes(runs[name]));
  const list = (title, specs) =>
    console.log(`\n${title}: ${specs.length}\n${specs.map((s) => `  ${s}`).join('\n')}`);
  const all = [...ours.keys()];
  list(
    'fail with ours and pass on stock wasm',
    all.filter((spec) => !ours.get(spec) && stock.get(spec)),
  );
  list(
    'pass with ours and fail on stock wasm',
    all.filter((spec) => ours.get(spec) && !stock.get(spec)),
  );
  list(
    'fail on wasm, stock and ours, and pass on cpu',
    all.filter((spec) => !ours.get(spec) && !stock.get(spec) && cpu.get(spec)),
  );
}
