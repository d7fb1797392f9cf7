// tfjs-core's own test suite, which its package carries, on one of four backends: `cpu`, `stock` (wasm as it comes),
// `ours` (wasm with this package's kernels) and `native` (with those of @crossreg/tfjs-native besides).
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const require = createRequire(import.meta.url);
const here = fileURLToPath(new URL('..', import.meta.url));
const core = dirname(dirname(require.resolve('@tensorflow/tfjs-core/package.json')));
const suite = join(core, 'tfjs-core', 'dist');
const wasmFiles = join(
  dirname(require.resolve('@tensorflow/tfjs-backend-wasm/package.json')),
  'wasm-out',
  '/',
);

/** Makes every backend of the run use native kernels, because the suite creates many backends. */
const useNative = `
  const load = require('node:module').createRequire('${here}/package.json');
  const native = load('@crossreg/tfjs-native').nativeKernels();
  const { Kernels } = require('${here}/src/kernels.ts');
  const { runNative } = Kernels.prototype;
  Object.defineProperty(Kernels.prototype, 'isNative', {
    get() {
      if (!this.native) this.useNative(native, 2);
      return true;
    },
  });
  let calls = 0;
  Kernels.prototype.runNative = function (...args) {
    if (this.isNative) calls++;
    return runNative.apply(this, args);
  };
  env.addReporter({
    jasmineDone: () => {
      if (calls < 500) process.exit(3);
    },
  });
`;

/** The program of one run: everything in one bundle, so that there is one tfjs-core. */
const program = (run) => `
  const jasmineRequire = require('jasmine-core/lib/jasmine-core/jasmine.js');
  const jasmine = jasmineRequire.core(jasmineRequire);
  const env = jasmine.getEnv();
  Object.assign(globalThis, jasmineRequire.interface(jasmine, env), { jasmine });
  const { setTestEnvs } = require('${suite}/jasmine_util.js');
  require('${suite}/register_all_gradients.js');
  require('${suite}/public/chained_ops/register_all_chained_ops.js');
  require('@tensorflow/tfjs-backend-cpu');
  ${run === 'cpu' ? '' : `require('@tensorflow/tfjs-backend-wasm').setWasmPaths(${JSON.stringify(wasmFiles)});`}
  ${run === 'ours' || run === 'native' ? `require('${here}/src/registerKernels.ts');` : ''}
  const backendName = '${run === 'cpu' ? 'cpu' : 'wasm'}';
  setTestEnvs([{ name: 'under-test', backendName, isDataSync: true }]);
  require('${suite}/tests.js');
  const results = [];
  const filter = process.env.SPEC_FILTER ?? '';
  env.configure({ random: false, specFilter: (spec) => spec.getFullName().includes(filter) });
  ${run === 'native' ? useNative : ''}
  env.addReporter({
    specDone: ({ fullName, status, failedExpectations }) =>
      results.push([fullName.replaceAll(' under-test {}', ''), status, failedExpectations[0]?.message ?? '']),
  });
  env.execute().then(() => {
    require('node:fs').writeFileSync(process.env.SPEC_RESULTS, JSON.stringify(results));
    process.exit(0);
  });
`;

/** [name, status, message of the first failure] of every spec whose name contains `filter`. */
export async function runSuite(name, filter = '') {
  const folder = mkdtempSync(join(tmpdir(), 'tfjs-core-'));
  try {
    const results = join(folder, 'results.json');
    await build({
      stdin: { contents: program(name), resolveDir: join(here, 'test'), sourcefile: 'entry.js' },
      outfile: join(folder, 'program.cjs'),
      bundle: true,
      platform: 'node',
      format: 'cjs',
      mainFields: ['module', 'main'],
      // tfjs-core declares most of its files free of side effects, including its specs.
      ignoreAnnotations: true,
      logLevel: 'error',
    });
    const { status } = spawnSync(process.execPath, [join(folder, 'program.cjs')], {
      env: { ...process.env, SPEC_FILTER: filter, SPEC_RESULTS: results },
      stdio: [
        'ignore',
        process.env.VERBOSE ? 'inherit' : 'ignore',
        process.env.VERBOSE ? 'inherit' : 'ignore',
      ],
    });
    if (status !== 0) throw new Error(`the run on ${name} ended with ${status}`);
    return JSON.parse(readFileSync(results, 'utf8'));
  } finally {
    rmSync(folder, { recursive: true });
  }
}
