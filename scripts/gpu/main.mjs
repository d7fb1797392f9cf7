// Tests and measures the GPU of this machine. Run by scripts/gpu.mjs, or by run.sh of a packed folder, in a folder where
// everything is installed.
//
//   node scripts/gpu/main.mjs [--batch 128] [--steps 10] [--only suite,large,steps] [--networks mlp,VGG-16] [--out report]
//
// --check: the exit status is 1 if anything failed.
//
// Each part runs in a separate process, so that a crash of the driver ends that part only. On a software GPU, batches and steps
// are few unless they are given.
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, availableParallelism, cpus, release, type } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { report } from './report.mjs';
import { torchSteps } from './torch.mjs';

const { values: options } = parseArgs({
  options: {
    batch: { type: 'string' },
    steps: { type: 'string' },
    out: { type: 'string', default: 'report' },
    only: { type: 'string' },
    networks: { type: 'string' },
    check: { type: 'boolean', default: false },
  },
});
const folder = fileURLToPath(new URL('../..', import.meta.url));
const wanted = (part) => !options.only || options.only.split(',').includes(part);
const began = Date.now();

/** The last line that a program prints, as JSON, or `{ failed }` with the reason. */
function ask(program, args = [], seconds = 3600) {
  console.log(`▸ ${[program, ...args].join(' ')}`);
  try {
    const output = execFileSync(process.execPath, [join('scripts', program), ...args], {
      ...{ cwd: folder, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 1000 * seconds },
      maxBuffer: 1e8,
    });
    return JSON.parse(output.trim().split('\n').at(-1));
  } catch (error) {
    const why = error.signal ? `ended by ${error.signal}` : (error.stderr || error.message).trim();
    return { failed: why.split('\n').findLast((line) => /error/i.test(line)) ?? why.split('\n').at(-1) };
  }
}

const version = (name) => {
  try {
    return JSON.parse(readFileSync(join(folder, 'node_modules', name, 'package.json'), 'utf8')).version;
  } catch {
    return undefined;
  }
};
/** The output of system tools, if they are installed. */
const said = (command, ...args) => {
  try {
    return execFileSync(command, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim();
  } catch {
    return undefined;
  }
};

const choice = ask('gpu/choice.mjs');
const software = choice.device?.software ?? false;
const batch = options.batch ?? (software ? '2' : '128');
const steps = options.steps ?? (software ? '1' : '10');
const backends = [...(choice.device ? ['webgpu'] : []), 'wasm', 'native'];
const names = options.networks?.split(',') ?? [
  ...['mlp', 'quickstart', 'vgg', 'resnet', 'mobilenet', 'VGG-16', 'WRN-16-4'],
];

const suite = wanted('suite') ? backends.slice(0, 2).map((backend) => ask('suite/node.mjs', [backend])) : [];
const large = wanted('large') && choice.device ? ask('suite/large.mjs') : undefined;
const measured = {};
for (const name of wanted('steps') ? names : []) {
  measured[name] = Object.fromEntries(
    backends.map((backend) => [backend, ask('gpu/measure.mjs', [backend, name, batch, steps])]),
  );
}
const torch = wanted('steps') ? torchSteps(names, Number(batch), Number(steps)) : undefined;

const all = {
  date: new Date().toISOString().slice(0, 10),
  seconds: Math.round((Date.now() - began) / 1000),
  machine: {
    system: `${type()} ${release()} ${arch()}`,
    processor: cpus()[0]?.model,
    processors: availableParallelism(),
    driver: said('nvidia-smi', '--query-gpu=name,driver_version,memory.total', '--format=csv,noheader'),
  },
  versions: {
    node: process.versions.node,
    ...Object.fromEntries(
      [
        'webgpu',
        '@tensorflow/tfjs',
        '@tensorflow/tfjs-backend-webgpu',
        '@crossreg/tfjs',
        '@crossreg/tfjs-native',
      ].map((name) => [name, version(name)]),
    ),
  },
  choice,
  suite,
  large,
  command: process.argv.slice(2).filter((each, i, all) => each !== '--out' && all[i - 1] !== '--out'),
  batch: Number(batch),
  steps: Number(steps),
  measured,
  torch,
};
mkdirSync(options.out, { recursive: true });
writeFileSync(join(options.out, 'report.json'), `${JSON.stringify(all, null, 2)}\n`);
writeFileSync(join(options.out, 'report.md'), report(all));
console.log(`${join(options.out, 'report.md')} and report.json`);

const problems = [
  choice.failed,
  choice.none,
  ...[...suite, large]
    .filter(Boolean)
    .flatMap(({ failed, results }) => [failed, ...Object.values(results ?? {})]),
  ...Object.values(measured).flatMap((kinds) => Object.values(kinds).map(({ failed }) => failed)),
].filter(Boolean);
for (const problem of problems) console.error(`✖ ${problem}`);
if (options.check && problems.length > 0) process.exit(1);
