import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.mjs';

const read = (file: string) => readFileSync(join(root, file), 'utf8');

test('the table of the quickstart in docs/results.md is that of its committed results', () => {
  const { results } = JSON.parse(read('examples/quickstart/results/ten-seeds.json'));
  const cell = (training: number, part: 'train' | 'test', key: string, digits: number) => {
    const values: number[] = results.map((seed: any) => seed.trainings[training][part][key]);
    const mean = values.reduce((a, b) => a + b) / values.length;
    const variance = values.reduce((sum, v) => sum + (v - mean) ** 2, 0) / (values.length - 1);
    return `${mean.toFixed(digits)} ± ${Math.sqrt(variance / values.length).toFixed(digits)}`;
  };
  const names: string[] = results[0].trainings.map(({ name }: { name: string }) => name);
  const rows = names.map((name, i) =>
    [
      name,
      cell(i, 'train', 'accuracy', 3),
      ...['accuracy', 'nll', 'ece'].map((key) => cell(i, 'test', key, 3)),
    ].join(' | '),
  );
  const document = read('docs/results.md').replace(/ +\|/g, ' |');
  for (const row of rows) expect(document).toContain(`| ${row} |`);
});
