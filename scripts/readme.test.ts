import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

// Runs what the READMEs and guides say on the built packages, as a user's program would import them. Blocks of one
// file run as one program, in order; those in TypeScript use no types, so that Node runs them too. Where a snippet
// speaks of the reader's own data and model, stand-ins of the right shape take their place: the test is of the code,
// nothing is learned from them.
const model = `
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ inputShape: [4], units: 16, activation: 'relu' }),
        tf.layers.dense({ units: 3, activation: 'softmax' }),
      ],
    });`;
const examples = `
    const numbers = (n) => Array.from({ length: 4 * n }, (_, i) => Math.sin(i));
    const inputs = (n) => tf.tensor2d(numbers(n), [n, 4]);
    const targets = (n) => tf.oneHot(tf.tensor1d(Array.from({ length: n }, (_, i) => i % 3), 'int32'), 3);
    const [xTrain, yTrain, xReg, yReg, xTest] = [inputs(64), targets(64), inputs(12), targets(12), inputs(5)];`;

/** A document, the package whose users it speaks to, and what it takes as given. */
const documents: [file: string, owner: string, readersOwn?: string][] = [
  ['README.md', 'examples/quickstart', `${model}${examples}`],
  ['packages/calibration/README.md', 'packages/calibration'],
  ['packages/core/README.md', 'packages/core'],
  [
    'packages/datasets/README.md',
    'packages/datasets',
    `const folder = ${JSON.stringify(`${root}packages/datasets/data/fashion-mnist`)};`,
  ],
  ['packages/linear/README.md', 'packages/linear'],
  ['packages/tfjs/README.md', 'packages/tfjs'],
  ['packages/tfjs-layers/README.md', 'packages/tfjs-layers', examples],
  [
    'packages/tfjs-wasm/README.md',
    'packages/tfjs-wasm',
    'const [images, labels] = [() => tf.ones([8, 28, 28, 1]), () => tf.ones([8, 10])];',
  ],
];

const blocksOf = (file: string) =>
  [...readFileSync(join(root, file), 'utf8').matchAll(/```(?:js|ts)\n([\s\S]*?)```/g)].map(
    ([, code]) => code,
  );

test('every document with code is in the list', () => {
  const folders = ['.', 'docs', ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`)];
  const found = folders
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.md') && blocksOf(file).length > 0);
  expect(found.sort()).toEqual(documents.map(([file]) => file).sort());
});

test.each(documents)('the code of %s runs as it stands', async (file, owner, readersOwn = '') => {
  const lines = blocksOf(file).flatMap((code) => code.split('\n'));
  const source = lines.join('\n');
  const statements = /^import [\s\S]*?;$/gm;
  const imports = [...new Set(source.match(statements) ?? [])];
  const program = [...imports, readersOwn, source.replace(statements, '')];
  // Inside the package, so that it resolves what the package's users would have installed; not in git.
  const cache = join(root, owner, '.cache');
  mkdirSync(cache, { recursive: true });
  const temporary = mkdtempSync(join(cache, 'readme-'));
  try {
    writeFileSync(join(temporary, 'program.mjs'), program.join('\n'));
    await promisify(execFile)(process.execPath, [join(temporary, 'program.mjs')]);
  } finally {
    rmSync(temporary, { recursive: true });
  }
});
