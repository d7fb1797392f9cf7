// Trains every layer, activation, loss and optimizer of TensorFlow.js Layers for a few steps on cpu, on wasm as it comes
// and on wasm with this package's kernels, and writes what works to docs/wasm-training.md: `npm run training-matrix`.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as tf from '@tensorflow/tfjs';
import '@tensorflow/tfjs-backend-wasm';
import { agree, train, trainingCases } from '../test/trainingCases.mjs';

const cases = trainingCases(tf);

async function runAll(backend) {
  await tf.setBackend(backend);
  const results = [];
  for (const each of cases) {
    try {
      results.push(await train(tf, each));
    } catch (error) {
      results.push({ error: error.message.split('\n')[0] });
    }
  }
  return results;
}

if (process.argv[2]) {
  // A process of its own for each: kernels are registered for good, and a crash ends one run only.
  if (process.argv[2] === 'ours') await import('../dist/index.js');
  process.stdout.write(JSON.stringify(await runAll(process.argv[2] === 'cpu' ? 'cpu' : 'wasm')));
} else {
  const run = (name) =>
    JSON.parse(
      execFileSync(process.execPath, [fileURLToPath(import.meta.url), name], {
        stdio: ['ignore', 'pipe', 'ignore'],
        maxBuffer: 1 << 28,
      }),
    );
  const [cpu, stock, ours] = ['cpu', 'stock', 'ours'].map(run);
  const finite = ({ losses }) => losses.every(Number.isFinite);
  const verdict = (result, expected, compared) => {
    if (result.error) return result.error.match(/Kernel '(\w+)' not registered/)?.[1] ?? result.error;
    if (!compared || expected.error) return finite(result) ? 'yes' : 'not finite';
    return agree(result, expected) ? 'yes' : 'other numbers than cpu';
  };
  const missing = (text) =>
    text === 'yes' ? 'yes' : /^\w+$/.test(text) ? `no: lacks \`${text}\`` : `no: ${text}`;
  const cell = (result, expected, compared) =>
    result.error && expected.error
      ? `no, nor on cpu: ${expected.error.slice(0, 110)}`
      : missing(verdict(result, expected, compared));
  const lines = [
    '# What trains on wasm',
    '',
    'Every layer, activation, loss and optimizer of TensorFlow.js Layers 4.22, trained for four steps from the same weights',
    'on the same data: does it run, with the numbers of `cpu` (losses and all weights within 0.1 %)? A trained layer',
    'stands before each layer under test, so that its gradient is needed. Not compared: layers that draw without a seed,',
    "and up-sampling, where cpu's gradient of nearest neighbours is wrong.",
    '',
    'Written by `npm run training-matrix -w @crossreg/tfjs-wasm`; a test holds the last column.',
  ];
  let group = '';
  cases.forEach((each, i) => {
    if (each.group !== group) {
      group = each.group;
      lines.push('', `## ${group[0].toUpperCase()}${group.slice(1)}`, '');
      lines.push('| case | wasm as it comes | with `@crossreg/tfjs-wasm` |', '| --- | --- | --- |');
    }
    const [before, after] = [stock, ours].map((runs) => cell(runs[i], cpu[i], each.compared));
    lines.push(`| ${each.name} | ${before} | ${after} |`);
  });
  const count = (runs) => cases.filter((each, i) => verdict(runs[i], cpu[i], each.compared) === 'yes').length;
  const summary = `${count(ours)} of ${cases.length} train with the package, ${count(stock)} without.`;
  lines.splice(2, 0, summary, '');
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  writeFileSync(join(root, 'docs/wasm-training.md'), `${lines.join('\n')}\n`);
  execFileSync('node_modules/.bin/biome', ['format', '--write', 'docs/wasm-training.md'], {
    cwd: root,
    stdio: 'ignore',
  });
  console.log(summary);
}
