// The parts of the workspace and the imports of its files, for boundaries.mjs, diagram.mjs and sourceSize.mjs.
import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';

export const root = fileURLToPath(new URL('..', import.meta.url));

/** A path in the repository, with slashes on every system. */
const inRepository = (path) => relative(root, path).split(sep).join('/');
const notOurs = new Set(['node_modules', 'dist', 'target', 'out', 'fixtures', 'results', '.turbo']);

/** All TypeScript, AssemblyScript and JavaScript under a folder, except built and generated files. */
export function codeIn(folder) {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : codeIn(path);
    return /\.m?[jt]s$/.test(entry.name) && !/\.(generated|d)\.m?ts$/.test(entry.name) ? [path] : [];
  });
}

/** The specifiers that a file imports, re-exports or loads with `import()`, as written. */
export function importsOf(file) {
  const specifiers = [];
  const visit = (node) => {
    const from =
      node.moduleSpecifier ||
      (ts.isImportTypeNode(node) && node.argument.literal) ||
      (ts.isCallExpression(node) &&
        node.expression.kind === ts.SyntaxKind.ImportKeyword &&
        node.arguments[0]);
    if (from && ts.isStringLiteralLike(from)) specifiers.push(from.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile(file, readFileSync(join(root, file), 'utf8'), ts.ScriptTarget.Latest));
  return specifiers;
}

/** A relative import as a path of the repository. */
export const resolved = (file, specifier) => inRepository(join(root, file, '..', specifier));

/** The package that a specifier names: `@scope/name` or `name`. */
export const packageOf = (specifier) =>
  specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/');

export const manifestOf = (folder) => JSON.parse(readFileSync(join(root, folder, 'package.json'), 'utf8'));

/** The folders in a part of the workspace: `foldersOf('packages')` is `packages/core` and so on. */
export const foldersOf = (part) =>
  readdirSync(join(root, part), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => `${part}/${entry.name}`);

/** Tests, and files that only tests use. */
export const isTest = (file) =>
  /\.test\.m?ts$|\.test\.mjs$/.test(file) || /^packages\/[^/]+\/test\//.test(file);
/** Scripts for development and builds, which are not published. */
export const isTool = (file) => /^[^/]+\/[^/]+\/(scripts\/|[^/]+$)/.test(file);
