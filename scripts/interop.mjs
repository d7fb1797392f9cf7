// Tests bundlers and runtimes: `npm run interop` installs them from npm, builds or runs scripts/interop with each, and compares
// the numbers with those of this Node. With --write, it writes the table of docs/bundlers-and-runtimes.md. That document also
// shows how a bundler serves the files of the wasm backend; pages with this very code are tested.
import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { ownPackages, TFJS } from './backendsFolder.mjs';
import { isolation, launchChromium, openProgram } from './chromiumPage.mjs';
import { blocksOf, root } from './documents.mjs';
import { chromiumPath, noChromium } from './findChromium.mjs';
import { installIn } from './installIn.mjs';
import { cache } from './native-tensorflow.mjs';

const folder = join(cache, 'interop');
const versions = { vite: '8.3.8', webpack: '5.113.0', esbuild: '0.28.2', deno: '2.9.6', bun: '1.4.5' };
const platform = { x64: 'x64', arm64: 'aarch64' }[process.arch];
/** Binaries in npm packages, so that no install script has to run. */
const binaries = {
  [`@deno/linux-${process.arch}-glibc`]: versions.deno,
  [`@oven/bun-linux-${platform}`]: versions.bun,
};
installIn(
  folder,
  { '@tensorflow/tfjs': TFJS, '@tensorflow/tfjs-backend-wasm': TFJS, ...versions, ...binaries },
  { flags: ['--ignore-scripts', '--force'] },
);
ownPackages(folder);
cpSync(join(root, 'scripts', 'interop'), folder, { recursive: true });

const inFolder = createRequire(join(folder, 'package.json'));
const load = (name) => import(pathToFileURL(inFolder.resolve(name)).href);
const output = (name) => join(folder, 'out', name);

const vite = () =>
  import(pathToFileURL(join(folder, 'node_modules', 'vite', 'dist', 'node', 'index.js')).href);
const viteOptions = { configFile: false, logLevel: 'error' };
async function webpack(options) {
  const compiler = inFolder('webpack')({ mode: 'production', performance: false, ...options });
  const stats = await new Promise((resolve, reject) =>
    compiler.run((error, done) => (error ? reject(error) : resolve(done))),
  );
  if (stats.hasErrors()) throw new Error(stats.toString('errors-only'));
}

/** Each makes one minified file of page.mjs. */
const bundlers = {
  async esbuild() {
    const { build } = await load('esbuild');
    const outfile = output('esbuild.js');
    await build({
      ...{ entryPoints: [join(folder, 'page.mjs')], outfile },
      ...{ bundle: true, minify: true, format: 'esm', platform: 'browser', logLevel: 'error' },
    });
    return outfile;
  },
  async vite() {
    const { build } = await vite();
    await build({
      ...{ ...viteOptions, root: folder },
      build: {
        ...{ outDir: output('vite'), emptyOutDir: true, chunkSizeWarningLimit: 10_000 },
        lib: { entry: join(folder, 'page.mjs'), formats: ['es'], fileName: () => 'page.js' },
        minify: true,
      },
    });
    return output('vite/page.js');
  },
  async webpack() {
    await webpack({
      ...{ context: folder, entry: './page.mjs' },
      output: { path: output('webpack'), filename: 'page.js' },
    });
    return output('webpack/page.js');
  },
};

/** Each bundles wasmPage.mjs in a folder, with its worker and the files of the backend. */
const wasmBundlers = {
  async vite(place) {
    writeFileSync(
      join(place, 'index.html'),
      '<!doctype html><title>wasm</title><script type="module" src="./wasmPage.mjs"></script>',
    );
    const { build } = await vite();
    await build({ ...viteOptions, root: place, build: { chunkSizeWarningLimit: 10_000 } });
  },
  async webpack(place) {
    await webpack({
      ...{ context: place, entry: './wasmPage.mjs' },
      output: { path: join(place, 'dist'), filename: 'page.js' },
    });
    writeFileSync(
      join(place, 'dist', 'index.html'),
      '<!doctype html><title>wasm</title><script src="page.js"></script>',
    );
  },
};
const runtimes = {
  [`Node ${process.versions.node}`]: [process.execPath, 'runtime.mjs'],
  [`Deno ${versions.deno}`]: [
    join('node_modules', `@deno/linux-${process.arch}-glibc`, 'deno'),
    'run',
    '-A',
    'runtime.mjs',
  ],
  [`Bun ${versions.bun}`]: [join('node_modules', `@oven/bun-linux-${platform}`, 'bin', 'bun'), 'runtime.mjs'],
};

const results = [];
function runIn([command, ...args]) {
  const text = execFileSync(command.startsWith('node_modules') ? join(folder, command) : command, args, {
    ...{ cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 120_000 },
  });
  return JSON.parse(
    text
      .split('\n')
      .find((line) => line.startsWith('result '))
      .slice('result '.length),
  );
}
async function attempt(name, kind, f) {
  console.log(`▸ ${name}`);
  try {
    results.push({ name, kind, ...(await f()) });
  } catch (error) {
    results.push({
      name,
      kind,
      problem: (error.stderr || error.message || String(error)).trim().split('\n')[0],
    });
  }
}

for (const [name, command] of Object.entries(runtimes))
  await attempt(name, 'runtime', async () => ({ numbers: runIn(command) }));
if (!chromiumPath) throw new Error(noChromium);
for (const [name, bundle] of Object.entries(bundlers)) {
  await attempt(`${name} ${versions[name]}, in Chromium`, 'bundle', async () => {
    const program = readFileSync(await bundle());
    const opened = await openProgram(program);
    try {
      const page = await opened.browser.newPage();
      await page.goto(opened.url);
      await page.waitForFunction('window.run', undefined, { timeout: 30_000 });
      return { numbers: await page.evaluate('window.run()'), size: gzipSync(program).length };
    } finally {
      await opened.close();
    }
  });
}

// In the document, the code blocks that no plain program can run are those for bundlers, in the order of `wasmBundlers`.
const recipes = blocksOf('docs/bundlers-and-runtimes.md', 'mjs');
for (const [i, [name, bundle]] of Object.entries(wasmBundlers).entries()) {
  const place = join(folder, 'wasm', name);
  cpSync(join(root, 'scripts', 'interop'), place, { recursive: true });
  writeFileSync(join(place, 'wasmFiles.mjs'), recipes[i]);
  await bundle(place);
  const { preview } = await vite();
  const server = await preview({ ...viteOptions, root: place, preview: { port: 0, headers: isolation } });
  const browser = await launchChromium();
  const page = await browser.newPage();
  await page.goto(server.resolvedUrls.local[0]);
  await page.waitForFunction('window.runInPage', undefined, { timeout: 30_000 });
  for (const [where, program] of [
    ['in a page', 'window.runInPage()'],
    ['in a worker', 'window.runInWorker()'],
  ]) {
    await attempt(`wasm, ${name} ${versions[name]}, ${where}`, 'wasm', async () => {
      const { threads, numbers } = await page.evaluate(program);
      if (!(threads > 1))
        throw new Error(`wasm has ${threads} thread, but the page is cross-origin isolated`);
      return { numbers };
    });
  }
  await browser.close();
  await server.close();
}

const [{ numbers: reference }] = results;
const difference = ({ numbers }) => Math.max(...numbers.map((value, i) => Math.abs(value - reference[i])));
const rows = results.map((one) => [
  one.name,
  one.problem ? `no: ${one.problem}` : 'yes',
  one.numbers ? String(Number(difference(one).toPrecision(1))) : '–',
  one.size ? `${(one.size / 1024).toFixed(0)} KB` : '–',
]);
const head = [
  '',
  'trains and predicts',
  'largest difference from Node',
  'bundle with TensorFlow.js, minified, gzip',
];
const line = (cells) => `| ${cells.join(' | ')} |`;
const table = [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
console.log(table);
if (process.argv.includes('--write')) {
  const file = join(root, 'docs', 'bundlers-and-runtimes.md');
  const marks = /(<!-- table: written by scripts\/interop.mjs -->)[\s\S]*?(<!-- end of table -->)/;
  writeFileSync(file, readFileSync(file, 'utf8').replace(marks, `$1\n\n${table}\n\n$2`));
}
const failed = results.filter((one) => one.problem || difference(one) > 1e-5);
if (failed.length > 0) process.exit(1);
