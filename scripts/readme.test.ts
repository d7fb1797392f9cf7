import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';

// Runs what the READMEs say on the built packages, as a user's program would import them. Blocks of one README run
// as one program, in order. Where a snippet speaks of the reader's own data, arrays of the right shape stand in: the
// test is of the code, nothing is learned from them.
const readersData: Record<string, string> = {
  'tfjs-layers': `
    const numbers = (n) => Array.from({ length: 4 * n }, (_, i) => Math.sin(i));
    const inputs = (n) => tf.tensor2d(numbers(n), [n, 4]);
    const targets = (n) => tf.oneHot(tf.tensor1d(Array.from({ length: n }, (_, i) => i % 3), 'int32'), 3);
    const [xTrain, yTrain, xReg, yReg, xTest] = [inputs(64), targets(64), inputs(12), targets(12), inputs(5)];`,
};

test.each(['core', 'linear', 'tfjs', 'tfjs-layers'])('the README of %s runs as it stands', async (name) => {
  const folder = fileURLToPath(new URL(`../packages/${name}/`, import.meta.url));
  const blocks = [...readFileSync(join(folder, 'README.md'), 'utf8').matchAll(/```js\n([\s\S]*?)```/g)];
  expect(blocks.length).toBeGreaterThan(0);
  const lines = blocks.flatMap(([, code]) => code.split('\n'));
  const imports = [...new Set(lines.filter((line) => line.startsWith('import ')))];
  const program = [
    ...imports,
    readersData[name] ?? '',
    ...lines.filter((line) => !line.startsWith('import ')),
  ];
  // Inside the package, so that it resolves what the package's users would have installed; dist is not in git.
  const temporary = mkdtempSync(join(folder, 'dist', '.readme-'));
  try {
    writeFileSync(join(temporary, 'program.mjs'), program.join('\n'));
    await promisify(execFile)(process.execPath, [join(temporary, 'program.mjs')]);
  } finally {
    rmSync(temporary, { recursive: true });
  }
});
