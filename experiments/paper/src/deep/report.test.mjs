import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { allTables, fill } from './report.mjs';
import { store } from './resultStore.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

test('the tables of docs/results.md are those of the committed results', () => {
  const document = readFileSync(path('../../../../docs/results.md'), 'utf8');
  const results = (profile) => store(path(`../../results/${profile}`));
  for (const name of ['noise', 'full-noise', 'folds', 'harm']) {
    expect(document).toContain(`<!-- table ${name} -->`);
  }
  expect(fill(document, allTables(results))).toBe(document);
});
