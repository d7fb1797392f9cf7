// Runs scripts/suite with the built packages in a folder outside the workspace, on several backends and versions of Node, and
// prints the table of docs/backends.md:
//
//   node scripts/backends.mjs                           # all backends, on the Node that runs this
//   node scripts/backends.mjs --only tfjs-node          # one of them: part of `npm test`
//   node scripts/backends.mjs --nodes 20,22,24 --time   # Nodes as the npm package `node` brings them; step times
//   node scripts/backends.mjs … --write                 # puts the table into docs/backends.md
//
// `chromium` stands for wasm and WebGL in a page. A backend that cannot be installed here is skipped with a notice in capitals.
// A backend that starts and then fails is an error.
import { execFileSync } from 'node:child_process';
import { cpSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { backendsFolder } from './backendsFolder.mjs';
import { suiteInChromium } from './chromium.mjs';
import { root } from './documents.mjs';
import { chromiumPath, noChromium } from './findChromium.mjs';
import { prepareNative } from './native-tensorflow.mjs';
import { nodeProgram } from './nodePrograms.mjs';
import { gpuEnvironment } from './softwareGpu.mjs';

const { values: options } = parseArgs({
  options: {
    only: { type: 'string' },
    nodes: { type: 'string' },
    time: { type: 'boolean', default: false },
    write: { type: 'boolean', default: false },
  },
});
const backends = options.only?.split(',') ?? ['tfjs-node', 'webgpu', 'wasm', 'native', 'cpu', 'chromium'];
const nodes = options.nodes?.split(',') ?? [undefined];

const env = { ...gpuEnvironment(), TF_CPP_MIN_LOG_LEVEL: '2' };

const why = (error) => (error.stderr || error.message).trim().split('\n').slice(-8).join('\n');
const skipped = [];
function skip(what, error) {
  skipped.push(what);
  console.error(`\n!!! SKIPPED, NOT TESTED HERE: ${what} !!!\n${why(error)}\n`);
}
function attempt(what, f) {
  try {
    return f() ?? true;
  } catch (error) {
    skip(what, error);
    return undefined;
  }
}

/** Gives `@crossreg/tfjs-native` in the folder the binary that was built here, while `f` runs. */
function withNativeKernels(f) {
  const from = join(root, 'packages', 'tfjs-native');
  const binary = readdirSync(from).find((name) => name.endsWith('.node'));
  if (!binary)
    return skip('native', new Error('cargo is not installed, or packages/tfjs-native is not built.'));
  const to = join(folder, 'node_modules', '@crossreg', 'tfjs-native', binary);
  cpSync(join(from, binary), to);
  try {
    f();
  } finally {
    rmSync(to);
  }
}

const rows = [];
let failures = 0;
function runSuite(backend, program) {
  const args = ['suite/node.mjs', backend, ...(options.time ? ['time'] : [])];
  const output = execFileSync(program, args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe'],
    timeout: 1_800_000,
  });
  report(JSON.parse(output.trim().split('\n').at(-1)));
}
function report(row) {
  rows.push(row);
  for (const [check, problem] of Object.entries(row.results)) {
    if (problem === null) continue;
    failures += 1;
    console.error(`✖ ${row.backend} in ${row.place}, ${check}: ${problem}`);
  }
}

const folder = attempt(`all of ${backends.join(', ')}`, backendsFolder);
if (folder) {
  cpSync(join(root, 'scripts', 'suite'), join(folder, 'suite'), { recursive: true });
  const native = !backends.includes('tfjs-node') || attempt('tfjs-node', () => prepareNative(folder));
  for (const version of nodes) {
    const program = attempt(`Node ${version}`, () => nodeProgram(version));
    if (!program) continue;
    for (const backend of backends) {
      if (backend === 'chromium' || (backend === 'tfjs-node' && !native)) continue;
      try {
        if (backend === 'native') withNativeKernels(() => runSuite(backend, program));
        else runSuite(backend, program);
      } catch (error) {
        // A machine may lack a GPU, but a prepared native library that does not load is an error.
        if (backend === 'webgpu' && /no adapter/.test(why(error))) skip(backend, error);
        else {
          failures += 1;
          console.error(`✖ ${backend}: ${why(error)}`);
        }
      }
    }
  }
  if (backends.includes('chromium')) {
    if (chromiumPath) (await suiteInChromium(folder, { time: options.time })).forEach(report);
    else skip('chromium', new Error(noChromium));
  }
}

if (rows.length > 0) {
  const checks = Object.keys(rows[0].results);
  const time = options.time ? ['step, over wasm'] : [];
  const table = [
    ['backend', 'in', ...checks, ...time],
    ['---', '---', ...checks.map(() => '---'), ...time.map(() => '---')],
    ...rows.map((row) => [
      `${row.backend} (${row.details})`,
      row.place,
      ...checks.map((check) => (row.results[check] === null ? 'yes' : '**no**')),
      ...(options.time ? [String(Number(row.time.toPrecision(2)))] : []),
    ]),
  ];
  const text = table.map((cells) => `| ${cells.join(' | ')} |`).join('\n');
  console.log(text);
  if (options.write) {
    const file = join(root, 'docs', 'backends.md');
    const between = /(<!-- table: [^>]*-->\n\n)[\s\S]*?(\n\n<!-- end of table -->)/;
    const guide = readFileSync(file, 'utf8');
    if (!between.test(guide)) throw new Error(`${file} has no place for the table`);
    writeFileSync(
      file,
      guide.replace(between, (_, before, after) => before + text + after),
    );
    execFileSync(join(root, 'node_modules', '.bin', 'biome'), ['format', '--write', file]);
  }
}
if (skipped.length > 0) console.log(`SKIPPED: ${skipped.join('; ')}`);
process.exit(failures > 0 ? 1 : 0);
