// Trains every layer, activation, loss and optimizer of TensorFlow.js Layers for a few steps on cpu, on stock wasm and on
// wasm with the kernels of this package, and writes the results to docs/wasm-training.md: `npm run training-matrix`.
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
  // One process for each, because kernels cannot be unregistered and a crash must end one run only.
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
    return agree(result, expected) ? 'yes' : 'results differ from cpu';
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
    'This page says which parts of TensorFlow.js Layers 4.22 can be trained on the wasm backend. Every layer, activation, loss',
    'and optimizer is trained for four steps, from the same weights and on the same data as on `cpu`. "yes" means that it runs',
    'and that losses and all weights agree with `cpu` within 0.1 %. A trainable layer precedes each layer under test, so that',
    'the gradient by its input is needed too. Results are not compared for layers that draw random numbers without a seed, nor',
    'for up-sampling, because the gradient of nearest neighbours on `cpu` is wrong.',
    '',
    '`npm run training-matrix -w @crossreg/tfjs-wasm` writes this page. A test checks the last column.',
  ];
  let group = '';
  cases.forEach((each, i) => {
    if (each.group !== group) {
      group = each.group;
      lines.push('', `## ${group[0].toUpperCase()}${group.slice(1)}`, '');
      lines.push('| case | stock wasm | with `@crossreg/tfjs-wasm` |', '| --- | --- | --- |');
    }
    const [before, after] = [stock, ours].map((runs) => cell(runs[i], cpu[i], each.compared));
    lines.push(`| ${each.name} | ${before} | ${after} |`);
  });
  const count = (runs) => cases.filter((each, i) => verdict(runs[i], cpu[i], each.compared) === 'yes').length;
  const summary = `${count(ours)} of ${cases.length} cases train with \`@crossreg/tfjs-wasm\`, ${count(stock)} without it.`;
  lines.splice(2, 0, summary, '');
  const root = fileURLToPath(new URL('../../..', import.meta.url));
  writeFileSync(join(root, 'docs/wasm-training.md'), `${lines.join('\n')}\n`);
  execFileSync('node_modules/.bin/biome', ['format', '--write', 'docs/wasm-training.md'], {
    cwd: root,
    stdio: 'ignore',
  });
  console.log(summary);
}
