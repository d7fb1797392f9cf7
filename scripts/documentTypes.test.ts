import { join } from 'node:path';
import ts from 'typescript';
import { expect, test } from 'vitest';
import { documents, programOf, root } from './documents.mjs';

// What an editor tells a reader who copies the code into a project with TypeScript. The code has no annotations, so parameters
// may be `any`, and what may be null is not followed.
const options: ts.CompilerOptions = {
  ...{ allowJs: true, checkJs: true, strict: true, noImplicitAny: false, strictNullChecks: false },
  ...{ noEmit: true, skipLibCheck: true, types: ['node'] },
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts'],
  module: ts.ModuleKind.NodeNext,
  moduleResolution: ts.ModuleResolutionKind.NodeNext,
};

test('the code of the documents fits the types of the built packages', () => {
  // Not on disk, but in the package whose users the document addresses, so that imports resolve as for them.
  const programs = new Map(
    documents.map((document) => {
      const [name, folder] = document as [string, string];
      return [join(root, folder, `${name.replaceAll('/', ' ')}.mjs`), programOf(document)];
    }),
  );
  const host = ts.createCompilerHost(options);
  const { readFile, fileExists } = host;
  host.readFile = (name) => programs.get(name) ?? readFile(name);
  host.fileExists = (name) => programs.has(name) || fileExists(name);
  const program = ts.createProgram([...programs.keys()], options, host);
  const problems = [...programs.keys()].flatMap((name) => {
    const source = program.getSourceFile(name)!;
    return [...program.getSyntacticDiagnostics(source), ...program.getSemanticDiagnostics(source)];
  });
  expect(ts.formatDiagnostics(problems, { ...host, getCanonicalFileName: (name) => name })).toBe('');
}, 120_000);
