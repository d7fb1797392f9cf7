import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.mjs';
import { singleFileExamples } from './examples.mjs';
import { foldersOf } from './workspace.mjs';

const read = (file: string) => readFileSync(join(root, 'examples', file), 'utf8');

test('the index names every example', () => {
  const index = read('README.md');
  for (const folder of foldersOf('examples')) expect(index).toContain(`](${folder.split('/')[1]}`);
});

test.each(singleFileExamples)(
  '%s is one file of 60 lines at most, and its install command is complete',
  (name) => {
    const program = read(`${name}/main.mjs`);
    expect(program.split('\n').length - 1).toBeLessThanOrEqual(60);
    const { dependencies } = JSON.parse(read(`${name}/package.json`));
    expect(read('README.md')).toContain(`\`npm install ${Object.keys(dependencies).join(' ')}\``);
    // The peers of the packages are installed by name, too.
    const imported = [...program.matchAll(/(?:from '|resolve\(`)((?:@[\w-]+\/)?[\w-]+)/g)].map(
      ([, one]) => one,
    );
    for (const one of imported.filter((one) => one !== 'node'))
      expect(Object.keys(dependencies)).toContain(one);
  },
);
