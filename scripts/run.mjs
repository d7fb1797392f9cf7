// `npm start`, `npm test` and the other commands, on a machine that has only Node and npm. Installs pnpm and everything else
// (exact versions from pnpm-lock.yaml), then runs the steps of the task.
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { delimiter, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const bin = join(root, 'node_modules', '.bin');
const pnpm = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')).packageManager;
const windows = process.platform === 'win32';
const env = {
  ...process.env,
  PATH: `${bin}${delimiter}${process.env.PATH}`,
  TURBO_TELEMETRY_DISABLED: '1',
  DO_NOT_TRACK: '1',
};

function run(title, command, args) {
  const started = Date.now();
  console.log(`\n▸ ${title}`);
  const { status, error } = spawnSync(command, args, { cwd: root, env, stdio: 'inherit', shell: windows });
  if (error) console.error(error.message);
  if (status !== 0) {
    console.error(`✖ ${title} failed: ${command} ${args.join(' ')}`);
    process.exit(status ?? 1);
  }
  console.log(`✔ ${title} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
}

const install = () =>
  // Offline first: after the first run everything is in the store, and the registry is not needed.
  existsSync(join(bin, 'pnpm'))
    ? run('install', 'pnpm', ['install', '--frozen-lockfile', '--prefer-offline'])
    : run('install', 'npm', [
        'exec',
        '--yes',
        `--package=${pnpm}`,
        '--',
        'pnpm',
        'install',
        '--frozen-lockfile',
      ]);
/** Builds everything, or only one package of the workspace and its dependencies. */
const build = (target) =>
  run('build', 'turbo', [
    'run',
    'build',
    '--output-logs=errors-only',
    ...(target ? [`--filter=${target}...`] : []),
  ]);

const tasks = {
  start() {
    install();
    build('@crossreg/example-quickstart');
    run('quickstart', process.execPath, ['examples/quickstart/src/main.mjs', ...process.argv.slice(3)]);
  },
  async test() {
    install();
    run('browser and Redis', process.execPath, ['scripts/bringPrograms.mjs']);
    run('format and lint', 'turbo', ['run', 'lint', '--output-logs=errors-only']);
    run('boundaries', process.execPath, ['scripts/boundaries.mjs']);
    build();
    const native = readdirSync(join(root, 'packages', 'tfjs-native')).some((file) => file.endsWith('.node'));
    if (!native)
      console.error('\n!!! NO CARGO HERE: THE NATIVE KERNELS WERE NOT BUILT AND ARE NOT TESTED !!!\n');
    else if (spawnSync('cargo', ['--version']).status === 0)
      run('native kernels', 'cargo', [
        ...['test', '--release', '--locked', '--no-default-features', '--quiet'],
        ...['--manifest-path', 'packages/tfjs-native/Cargo.toml'],
      ]);
    run('types', 'turbo', ['run', 'typecheck', '--output-logs=errors-only']);
    run('rehearsal of a release', process.execPath, ['scripts/rehearse.mjs']);
    run('native binding', process.execPath, ['scripts/backends.mjs', '--only', 'tfjs-node']);
    // Turborepo knows the files, but not the programs on which it depends whether a test is skipped.
    const { chromiumPath } = await import('./findChromium.mjs');
    const { redisVersion } = await import('./findRedis.mjs');
    const machine = [process.version, process.platform, process.arch, cpus()[0]?.model];
    env.TEST_MACHINE = JSON.stringify([...machine, native, chromiumPath, redisVersion]);
    const logs = ['--output-logs=full', '--log-prefix=none', '--log-order=stream'];
    run('tests', 'turbo', ['run', 'unit', ...logs, '--', ...process.argv.slice(3)]);
  },
  knip() {
    install();
    run('unused files, exports and dependencies', 'npm', [
      ...['exec', '--yes', '--package=knip@6.44.2', '--', 'knip', '--no-config-hints'],
    ]);
  },
  coverage() {
    install();
    build();
    run('tests with coverage', 'vitest', ['run', '--coverage', ...process.argv.slice(3)]);
    console.log('out/coverage/index.html');
  },
  bench() {
    install();
    build();
    run('benchmarks', process.execPath, ['benchmarks/src/main.mjs', ...process.argv.slice(3)]);
    run('own loops', process.execPath, ['benchmarks/src/ownLoop.mjs', ...process.argv.slice(3)]);
  },
  'bench:wasm'() {
    install();
    build();
    run('benchmarks', process.execPath, ['benchmarks/src/wasm/main.mjs', ...process.argv.slice(3)]);
  },
  'bench:jax'() {
    install();
    build('@crossreg/benchmarks');
    run('jax-js', process.execPath, ['benchmarks/src/jaxSteps.mjs', ...process.argv.slice(3)]);
  },
  'bench:linear'() {
    install();
    build('@crossreg/benchmarks');
    run('ridge', process.execPath, ['benchmarks/src/ridge.mjs', ...process.argv.slice(3)]);
    run('LASSO', process.execPath, ['benchmarks/src/lasso.mjs']);
  },
  'bench:runs'() {
    install();
    build('@crossreg/runs');
    run('benchmarks', process.execPath, ['benchmarks/src/runs/main.mjs', ...process.argv.slice(3)]);
  },
  augmentation() {
    install();
    build('@crossreg/experiment-augmentation');
    run('experiments', process.execPath, ['experiments/augmentation/src/main.mjs', ...process.argv.slice(3)]);
    run('report', process.execPath, ['experiments/augmentation/src/report.mjs']);
  },
  sensitivity() {
    install();
    build('@crossreg/experiment-sensitivity');
    run('study', process.execPath, ['experiments/sensitivity/src/main.mjs', ...process.argv.slice(3)]);
  },
  paper() {
    install();
    build('@crossreg/experiment-paper');
    run('experiments', process.execPath, ['experiments/paper/src/main.mjs', ...process.argv.slice(3)]);
  },
  backends() {
    install();
    build();
    run('backends', process.execPath, ['scripts/backends.mjs', ...process.argv.slice(3)]);
  },
  gpu() {
    install();
    build();
    run('GPU', process.execPath, ['scripts/gpu.mjs', ...process.argv.slice(3)]);
  },
  keras() {
    install();
    build();
    run('a frozen model in Keras', process.execPath, ['scripts/keras.mjs']);
  },
  interop() {
    install();
    build();
    run('bundlers and runtimes', process.execPath, ['scripts/interop.mjs', ...process.argv.slice(3)]);
  },
  'bench:native'() {
    install();
    build();
    run('benchmarks', process.execPath, ['scripts/nativeCost.mjs', ...process.argv.slice(3)]);
  },
  'rehearse:registry'() {
    install();
    build();
    run('rehearsal of publishing', process.execPath, [
      'scripts/rehearseRegistry.mjs',
      ...process.argv.slice(3),
    ]);
  },
  docs() {
    install();
    // Kernels are compiled into a source file.
    build();
    run('pages', 'pnpm', ['--filter', '@crossreg/site', 'exec', 'vitepress', 'build']);
    run('API reference', 'typedoc', []);
    run('playground', 'pnpm', [
      ...['--filter', '@crossreg/example-playground', 'exec'],
      ...['vite', 'build', '--outDir', join(root, 'out', 'site', 'playground'), '--emptyOutDir'],
    ]);
    console.log('out/site/index.html');
  },
  playground() {
    install();
    build('@crossreg/example-playground');
    const page = ['--filter', '@crossreg/example-playground', 'exec'];
    if (process.argv[3] === 'measure')
      return run('measurements', process.execPath, ['examples/playground/scripts/measure.mjs']);
    run('page', 'pnpm', [...page, 'vite', 'build']);
    run('playground', 'pnpm', [...page, 'vite', 'preview', ...process.argv.slice(3)]);
  },
  jax() {
    install();
    build('@crossreg/example-jax');
    if (process.argv[3] === 'page')
      return run('page', 'pnpm', [
        ...['--filter', '@crossreg/example-jax', 'exec', 'vite'],
        ...process.argv.slice(4),
      ]);
    run('jax-js', process.execPath, ['examples/jax/src/main.mjs', ...process.argv.slice(3)]);
  },
  pretrained() {
    install();
    build('@crossreg/example-pretrained');
    run('fine-tuning', process.execPath, ['examples/pretrained/src/main.mjs', ...process.argv.slice(3)]);
  },
  rehearse() {
    install();
    build();
    run('rehearsal of a release', process.execPath, ['scripts/rehearse.mjs']);
  },
};

const task = tasks[process.argv[2]];
if (!task) {
  console.error(`usage: node scripts/run.mjs ${Object.keys(tasks).join('|')}`);
  process.exit(2);
}
await task();
