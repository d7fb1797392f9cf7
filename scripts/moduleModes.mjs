// Checks that an installed package is the same in every module system.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './documents.mjs';

const run = (command, args, cwd) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** Loads a package as an ES module and as CommonJS, in separate processes, and compares the exported names. */
export function checkModules(folder, name, node = process.execPath) {
  const keys = "Object.keys(m).filter((key) => key !== 'default' && key !== 'module.exports').sort().join()";
  const load = (file, program) => {
    writeFileSync(join(folder, file), program);
    return run(node, [file], folder).trim().split('\n').at(-1);
  };
  const esm = load('load.mjs', `import * as m from '${name}'; console.log(${keys});`);
  const cjs = load('load.cjs', `const m = require('${name}'); console.log(${keys});`);
  if (esm !== cjs || esm === '') throw new Error(`${name}: ES module has ${esm}, CommonJS ${cjs}`);
}

/** Compiles a program against the types of packages: moduleResolution node16 in both module systems, and bundler. */
export function checkTypes(folder, names) {
  const write = (file, text) => writeFileSync(join(folder, file), text);
  const program = names.map(
    (name, i) => `import * as m${i} from '${name}';\nexport const k${i} = Object.keys(m${i});`,
  );
  for (const file of ['types.mts', 'types.cts']) write(file, program.join('\n'));
  for (const [module, moduleResolution, files] of [
    ['node16', 'node16', ['types.mts', 'types.cts']],
    ['esnext', 'bundler', ['types.mts']],
  ]) {
    const compilerOptions = {
      ...{ module, moduleResolution, target: 'es2022', strict: true },
      ...{ noEmit: true, types: [], skipLibCheck: true },
    };
    write('tsconfig.json', JSON.stringify({ compilerOptions, files }));
    run(join(root, 'node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.json'], folder);
  }
}
