import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { expect, test } from 'vitest';

/** KB, minified and compressed, that a page loads for one name, TensorFlow.js aside. */
async function kilobytes(name: string, from: string): Promise<number> {
  const source = (other: string, entry = 'index') =>
    fileURLToPath(new URL(`../../${other}/src/${entry}.ts`, import.meta.url));
  const { outputFiles } = await build({
    stdin: {
      contents: `import { ${name} } from '@crossreg/${from}'; console.log(${name});`,
      resolveDir: fileURLToPath(new URL('.', import.meta.url)),
    },
    ...{ bundle: true, minify: true, write: false, format: 'esm', platform: 'browser', target: 'es2022' },
    external: ['@tensorflow/*', 'node:*'],
    alias: Object.fromEntries(
      ['core', 'tfjs', 'tfjs-layers', 'calibration', 'linear'].flatMap((one) => [
        [`@crossreg/${one}/internal`, source(one, 'internal')],
        [`@crossreg/${one}`, source(one)],
      ]),
    ),
  });
  return gzipSync(outputFiles[0].contents).length / 1024;
}

/** Names, their packages, and the most kilobytes. */
const budgets: [string, string, number][] = [
  ['crossRegularization', 'tfjs-layers', 44],
  ['predict', 'tfjs-layers', 13],
  ['createTrainer', 'core', 8],
  ['evaluate', 'calibration', 4],
  ['Ridge', 'linear', 30],
];

test('the documentation states these budgets', () => {
  const text = readFileSync(new URL('../../../docs/bundlers-and-runtimes.md', import.meta.url), 'utf8');
  for (const [name, , budget] of budgets.slice(0, 3))
    expect(text).toMatch(new RegExp(`${name}\\b[^.]*? ${budget} KB`));
});

test.each(budgets)(
  '%s of @crossreg/%s is at most %i KB in a bundle, compressed',
  async (name, from, budget) => {
    const size = await kilobytes(name, from);
    expect(size).toBeLessThan(budget);
    // A budget that is far too large limits nothing.
    expect(size).toBeGreaterThan(budget / 2);
  },
);
