import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { blocksOf, documents, programOf, root } from './documents.mjs';

test('every document with code is in the list', () => {
  const folders = [
    '.',
    'docs',
    'docs/guide',
    ...readdirSync(join(root, 'packages')).map((name) => `packages/${name}`),
  ];
  const found = folders
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(folder, name)))
    .filter((file) => file.endsWith('.md') && blocksOf(file).length > 0);
  expect(found.sort()).toEqual(documents.map(([file]) => file).sort());
});

test.each(documents)(
  'the code of %s runs as it stands',
  async (...document) => {
    // The file is inside the package, so that imports resolve as for its users. Git ignores it.
    const cache = join(root, document[1], '.cache');
    mkdirSync(cache, { recursive: true });
    const temporary = mkdtempSync(join(cache, 'readme-'));
    try {
      writeFileSync(join(temporary, 'program.mjs'), programOf(document));
      const { stdout } = await promisify(execFile)(process.execPath, [join(temporary, 'program.mjs')]);
      if (document[0] === 'README.md') {
        const [plain, crossRegularized] = stdout.match(/\d\.\d\d/g)!.map(Number);
        expect(crossRegularized).toBeLessThan(plain);
      }
    } finally {
      rmSync(temporary, { recursive: true });
    }
  },
  180_000,
);
