// Measures the length of core and the branches of its functions, because core is meant to be read in one sitting.
//   node scripts/sourceSize.mjs [packages/linear/src …]
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { codeIn, isTest, root } from './workspace.mjs';

const { SyntaxKind } = ts;
const branching = new Set([
  SyntaxKind.IfStatement,
  SyntaxKind.ConditionalExpression,
  SyntaxKind.ForStatement,
  SyntaxKind.ForOfStatement,
  SyntaxKind.ForInStatement,
  SyntaxKind.WhileStatement,
  SyntaxKind.DoStatement,
  SyntaxKind.CaseClause,
  SyntaxKind.CatchClause,
  SyntaxKind.AmpersandAmpersandToken,
  SyntaxKind.BarBarToken,
  SyntaxKind.QuestionQuestionToken,
]);

const parse = (text) => ts.createSourceFile('source.ts', text, ts.ScriptTarget.Latest, true);

/** The number of lines with code in a source text: without empty lines and lines with only a comment. */
export function codeLines(text) {
  const source = parse(text);
  const lines = new Set();
  const lineAt = (position) => source.getLineAndCharacterOfPosition(position).line;
  const visit = (node) => {
    if (ts.isJSDoc(node)) return;
    const children = node.getChildren(source);
    if (children.length > 0) return children.forEach(visit);
    const [start, end] = [node.getStart(source), node.getEnd()];
    if (start === end) return;
    for (let line = lineAt(start); line <= lineAt(end); line++) lines.add(line);
  };
  visit(source);
  return lines.size;
}

/** The cyclomatic complexity (McCabe 1976) of every function with a body: one, plus one for each branch. */
export function complexities(text) {
  const found = [];
  const visit = (node, current) => {
    if (ts.isFunctionLike(node) && node.body) {
      current = { name: (node.name ?? node.parent.name)?.getText() ?? 'a nameless function', complexity: 1 };
      found.push(current);
    } else if (current && branching.has(node.kind)) current.complexity++;
    ts.forEachChild(node, (child) => visit(child, current));
  };
  visit(parse(text));
  return found;
}

/**
 * Sources of a folder with their sizes. The contract for adapters counts as a test; tables of contents (`index.ts`,
 * `internal.ts`) hold no code.
 */
export const sizes = (folder) =>
  codeIn(folder)
    .filter((file) => !isTest(file) && !file.includes('/testing/') && !/\/(index|internal)\.ts$/.test(file))
    .map((file) => {
      const text = readFileSync(join(root, file), 'utf8');
      const functions = complexities(text).map((one) => ({ ...one, file }));
      return { file, lines: codeLines(text), functions };
    });

export const total = (files) => files.reduce((sum, { lines }) => sum + lines, 0);

if (import.meta.url === pathToFileURL(process.argv[1]).href) {
  for (const folder of process.argv.length > 2 ? process.argv.slice(2) : ['packages/core/src']) {
    const files = sizes(folder);
    console.log(
      `${folder}: ${total(files)} lines without tests, tables of contents, comments and empty lines`,
    );
    for (const { file, lines } of files.sort((a, b) => b.lines - a.lines))
      console.log(`${String(lines).padStart(5)}  ${file}`);
    const functions = files.flatMap((one) => one.functions).sort((a, b) => b.complexity - a.complexity);
    console.log(`cyclomatic complexity, the highest of ${functions.length} functions`);
    for (const { name, file, complexity } of functions.slice(0, 10))
      console.log(`${String(complexity).padStart(5)}  ${name} in ${file}`);
  }
}
