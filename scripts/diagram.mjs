// The diagram of docs/architecture.md, drawn from the imports:
//   node scripts/diagram.mjs --write
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { codeIn, foldersOf, importsOf, isTest, isTool, manifestOf, packageOf, root } from './workspace.mjs';

const folders = ['packages', 'examples', 'experiments'].flatMap(foldersOf);
const byPackage = new Map(folders.map((folder) => [manifestOf(folder).name, folder]));
const packages = new Set(foldersOf('packages').map((folder) => folder.split('/')[1]));
/** The last part of the path, preceded by the first if a package already has that name. */
const node = (folder) => {
  const [part, name] = folder.split('/');
  return part !== 'packages' && packages.has(name) ? `${part}-${name}` : name;
};

/** The folders that the sources of a folder import. */
const importedBy = (folder) =>
  new Set(
    codeIn(folder)
      .filter((file) => !isTest(file) && !isTool(file))
      .flatMap(importsOf)
      .map((specifier) => byPackage.get(packageOf(specifier)))
      .filter((target) => target && target !== folder),
  );

const optionalPeers = (folder) =>
  Object.entries(manifestOf(folder).peerDependenciesMeta ?? {})
    .filter(([name, { optional }]) => optional && byPackage.has(name))
    .map(([name]) => byPackage.get(name));

/** Mermaid source: a solid arrow for an import, and a dashed one for an optional peer, which is used if it is installed. */
export function diagram() {
  const arrows = new Map(folders.map((folder) => [folder, importedBy(folder)]));
  for (const folder of folders) {
    for (const peer of optionalPeers(folder)) arrows.get(folder).add(peer);
  }
  const reaches = (from, to) => [...arrows.get(from)].some((next) => next === to || reaches(next, to));
  const lines = ['graph LR'];
  for (const folder of folders.filter((one) => !one.startsWith('packages/'))) {
    lines.push(`  ${node(folder)}[${folder}]`);
  }
  for (const folder of folders) {
    const targets = [...arrows.get(folder)].sort();
    for (const target of targets) {
      // For an example, only its main packages are drawn. Their dependencies have arrows already.
      const implied = targets.some((other) => other !== target && reaches(other, target));
      if (implied && !folder.startsWith('packages/')) continue;
      const arrow = optionalPeers(folder).includes(target) ? '-.->' : '-->';
      lines.push(`  ${node(folder)} ${arrow} ${node(target)}`);
    }
  }
  return lines.join('\n');
}

/** The document with the diagram between its marks. */
export const withDiagram = (text) =>
  text.replace(
    /(<!-- diagram -->\n)[\s\S]*?(<!-- end -->)/,
    (_, start, end) => `${start}\n\`\`\`mermaid\n${diagram()}\n\`\`\`\n\n${end}`,
  );

if (import.meta.url === pathToFileURL(process.argv[1]).href && process.argv.includes('--write')) {
  const file = join(root, 'docs/architecture.md');
  writeFileSync(file, withDiagram(readFileSync(file, 'utf8')));
}
