import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.mjs';

const files = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.md'], {
  cwd: root,
  encoding: 'utf8',
})
  .split('\n')
  .filter((file) => file && existsSync(join(root, file)) && !/^\.changeset|CHANGELOG/.test(file));

const text = (file: string) =>
  readFileSync(join(root, file), 'utf8').replace(/```[\s\S]*?```|`[^`\n]*`/g, '');

/** The anchors of a document's headings, as on GitHub. */
const anchors = (file: string) =>
  new Set(
    [...readFileSync(join(root, file), 'utf8').matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
      heading
        .toLowerCase()
        .replace(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replace(/ /g, '-'),
    ),
  );

test.each(files)('the targets of all links in %s exist', (file) => {
  const links = [...text(file).matchAll(/\]\(([^)\s]+)\)|\bsrc(?:set)?="([^"]+)"/g)].map(
    ([, link, image]) => link ?? image,
  );
  const dead = links.filter((link) => {
    if (/^[a-z]+:/.test(link)) return false;
    const [path, anchor] = link.split('#');
    const target = path ? join(dirname(file), path) : file;
    const place = join(root, target);
    if (!existsSync(place)) return true;
    // On the site, a package is the page of its folder, whose address ends in a slash.
    if (/(^|\/)packages\/[a-z-]+$/.test(target)) return true;
    const document = statSync(place).isDirectory() ? join(target, 'README.md') : target;
    return anchor !== undefined && !(document.endsWith('.md') && anchors(document).has(anchor));
  });
  expect(dead).toEqual([]);
});

test('sections of method.md that the code cites exist', () => {
  const sections = new Set(
    [...readFileSync(join(root, 'docs/method.md'), 'utf8').matchAll(/^## (\d+)\./gm)].map(([, n]) => n),
  );
  const sources = execFileSync('git', ['ls-files', 'packages/*/src/*.ts'], { cwd: root, encoding: 'utf8' });
  const cited = sources
    .split('\n')
    .filter((source) => source && existsSync(join(root, source)))
    .flatMap((source) =>
      [...readFileSync(join(root, source), 'utf8').matchAll(/method\.md §(\d+)/g)].map(
        ([, n]) => `${source}: §${n}`,
      ),
    );
  expect(cited.length).toBeGreaterThan(5);
  expect(cited.filter((citation) => !sections.has(citation.split('§')[1]))).toEqual([]);
});
