// The public API of a package, read from its built declaration files: every exported declaration and the types that it needs,
// without comments and bodies. packages/*/api.txt store it, so that a change of a public API shows as a diff.
import { readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import ts from 'typescript';
import { root } from './workspace.mjs';

const printer = ts.createPrinter({ removeComments: true });

/** The entries of a package whose types are public, as `[path, declaration file]`. */
export function entriesOf(name) {
  const folder = join(root, 'packages', name);
  const { exports } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  return Object.entries(exports)
    .filter(([path, { import: conditions }]) => path !== './internal' && conditions?.types)
    .map(([path, { import: conditions }]) => [path, join(folder, conditions.types)]);
}

/** The text of an entry's API. Declarations are sorted by name, because their order in the file has no meaning. */
export function apiOf(file) {
  const [exported, declared, elsewhere] = [new Set(), new Map(), new Set()];
  read(file, { isEntry: true });
  const reached = new Set();
  const reach = (name) => {
    if (reached.has(name) || !declared.has(name)) return;
    reached.add(name);
    for (const word of declared
      .get(name)
      .join('\n')
      .match(/[\w$]+/g))
      reach(word);
  };
  for (const name of exported) reach(name);
  const text = [...reached].sort().flatMap((name) =>
    declared.get(name).map((one) => {
      const plain = one.replace(/^(export )?(declare )?/, '');
      return exported.has(name) ? `export ${plain}` : plain;
    }),
  );
  return [[...elsewhere].sort().join('\n'), ...text].filter(Boolean).join('\n\n');

  function read(path, { isEntry }) {
    const source = ts.createSourceFile(path, readFileSync(path, 'utf8'), ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      const from = statement.moduleSpecifier?.text;
      // Chunks that several entries share have a hash in their names and short names for their exports.
      if (from?.startsWith('.')) {
        read(join(dirname(path), from.replace(/js$/, 'd.ts')), { isEntry: false });
      } else if (from && ts.isExportDeclaration(statement)) elsewhere.add(print(statement));
      if (ts.isExportDeclaration(statement)) {
        if (isEntry) for (const { name } of statement.exportClause?.elements ?? []) exported.add(name.text);
      } else if (!ts.isImportDeclaration(statement)) {
        for (const name of namesOf(statement)) {
          declared.set(name, [...new Set([...(declared.get(name) ?? []), print(statement)])]);
        }
      }
    }
  }
}

const namesOf = (statement) =>
  statement.declarationList?.declarations.map(({ name }) => name.text) ?? [statement.name?.text ?? ''];

/** A statement without the members that are private or `@internal`. */
function print(statement) {
  const isHidden = (node) =>
    ts.isClassElement(node) &&
    ((ts.getCombinedModifierFlags(node) & ts.ModifierFlags.Private) !== 0 ||
      ts.getJSDocTags(node).some(({ tagName }) => tagName.text === 'internal'));
  const { transformed } = ts.transform(statement, [
    (context) => (top) => ts.visitEachChild(top, (node) => (isHidden(node) ? undefined : node), context),
  ]);
  return printer.printNode(ts.EmitHint.Unspecified, transformed[0], statement.getSourceFile());
}
