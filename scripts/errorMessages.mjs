// The messages of errors that refuse an input, read from the sources: every message in `new ArgumentError(…)` and similar
// classes. Each must show what was given, and end with a sentence that says what to do.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { codeIn, isTest, root } from './workspace.mjs';

const errors = new Set(['ArgumentError', 'DatasetError']);

/** All texts that an expression can have, with `⟨code⟩` for inserted values. */
function textsOf(node, source) {
  if (ts.isParenthesizedExpression(node)) return textsOf(node.expression, source);
  if (ts.isStringLiteralLike(node)) return [node.text];
  if (ts.isConditionalExpression(node)) {
    return [...textsOf(node.whenTrue, source), ...textsOf(node.whenFalse, source)];
  }
  const joined = (starts, ends) => starts.flatMap((start) => ends.map((end) => start + end));
  if (ts.isTemplateExpression(node)) {
    return node.templateSpans.reduce(
      (texts, { expression, literal }) => joined(joined(texts, textsOf(expression, source)), [literal.text]),
      [node.head.text],
    );
  }
  if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.PlusToken) {
    return joined(textsOf(node.left, source), textsOf(node.right, source));
  }
  return [`⟨${node.getText(source)}⟩`];
}

/** Every message of errors of these classes in a file, `{ place, text }`. */
export function messagesIn(file, text = readFileSync(join(root, file), 'utf8'), classes = errors) {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
  const found = [];
  const visit = (node) => {
    if (ts.isNewExpression(node) && classes.has(node.expression.getText(source))) {
      const [first, second] = node.arguments;
      // If there are two texts, the first is the name of the argument.
      const message = second && !ts.isObjectLiteralExpression(second) ? second : first;
      if (!message) return;
      const { line } = source.getLineAndCharacterOfPosition(node.getStart(source));
      for (const one of textsOf(message, source)) found.push({ place: `${file}:${line + 1}`, text: one });
    }
    ts.forEachChild(node, visit);
  };
  visit(source);
  return found;
}

/** The given value is inserted, or described: `is 'inputs', which …`, `has no examples.`, `lacks weights …`. */
const given = /⟨|^(is|was|has|holds|gives|leaves|lacks|does not)\b|\bbut (is|has)\b|\bis missing\b|\bgiven\b/;
const sentences = /(?:[.?!]|⟩) (?=[A-Z⟨])/;

/** The part that a message lacks: 'what was given', 'what to do', or nothing. */
export function lacks(text) {
  if (!given.test(text)) return 'what was given';
  const last = text.split(sentences).slice(1).at(-1) ?? '';
  // An inserted value is advice if its name says so.
  return last !== '' || /⟨[^⟩]*advice[^⟩]*⟩$/i.test(text) ? undefined : 'what to do';
}

/** Every message of the packages, of errors of these classes. */
export const allMessages = (classes = errors) =>
  ['packages', 'common']
    .flatMap((folder) => codeIn(folder))
    .filter((file) => /^common\/|\/src\//.test(file) && file.endsWith('.ts') && !isTest(file))
    .flatMap((file) => messagesIn(file, undefined, classes));
