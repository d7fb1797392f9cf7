import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { readResults, tablesOfFolds } from '../folds/tables.mjs';
import { profiles } from './profiles.mjs';
import { fill, tablesOf } from './report.mjs';
import { store } from './resultStore.mjs';

const path = (name) => fileURLToPath(new URL(name, import.meta.url));

test('the tables of docs/results.md are those of the committed results', () => {
  const document = readFileSync(path('../../../../docs/results.md'), 'utf8');
  const tables = {
    ...tablesOf(store(path('../../results/small')), profiles.small),
    ...tablesOfFolds(readResults()),
  };
  for (const name of ['noise', 'folds']) expect(document).toContain(`<!-- table ${name} -->`);
  expect(fill(document, tables)).toBe(document);
});
