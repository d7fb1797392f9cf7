import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

// The frameworks that training steps are compared with. Each has a separate virtual environment, made when it is first needed.
// On PyPI, PyTorch for Linux on x86-64 comes only with CUDA's libraries and does not start without them, so an environment
// takes gigabytes. Nothing here computes on a GPU.
const folder = join(homedir(), '.cache', 'crossreg', 'anchors');
const anchors = {
  'PyTorch 2': { requirements: ['torch>=2,<3', 'numpy'], script: 'torch_steps.py', gigabytes: 6 },
  'PyTorch 1.13': { requirements: ['torch==1.13.1', 'numpy<2'], script: 'torch_steps.py', gigabytes: 4 },
  'Keras 3': { requirements: ['keras>=3,<4', 'tensorflow-cpu'], script: 'keras_steps.py', gigabytes: 2 },
};
export const anchorNames = Object.keys(anchors);

/** The Python of a framework's environment, made on demand, or undefined if that fails. */
function pythonOf(name) {
  const { requirements, gigabytes } = anchors[name];
  const place = join(folder, name.toLowerCase().replaceAll(' ', '-'));
  const python = join(place, 'bin', 'python');
  const finished = join(place, 'complete');
  if (existsSync(finished)) return python;
  console.log(`▸ ${name} into ${place} (${gigabytes} GB, once)`);
  rmSync(place, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  const run = (command, args) => spawnSync(command, args, { encoding: 'utf8' });
  const steps = [
    ['python3', ['-m', 'venv', place]],
    [python, ['-m', 'pip', 'install', '--quiet', '--no-cache-dir', ...requirements]],
  ];
  for (const [command, args] of steps) {
    const { status, stderr, error } = run(command, args);
    if (status === 0) continue;
    console.log(
      `  left out: ${
        (error?.message ?? stderr)
          .trim()
          .split('\n')
          .findLast((line) => /error/i.test(line)) ?? 'failed'
      }`,
    );
    return undefined;
  }
  writeFileSync(finished, '');
  return python;
}

/**
 * Examples per second of the training steps of a framework.
 *
 * @returns its version and rates by network, or undefined if it cannot be installed.
 */
export function anchor(name, { threads, steps, batches }) {
  const python = pythonOf(name);
  if (!python) return undefined;
  const script = fileURLToPath(new URL(`./anchors/${anchors[name].script}`, import.meta.url));
  const args = [script, `${threads}`, `${steps}`, JSON.stringify(batches)];
  const env = { ...process.env, OMP_NUM_THREADS: `${threads}` };
  const { status, stdout, stderr } = spawnSync(python, args, { encoding: 'utf8', env });
  if (status === 0) return JSON.parse(stdout.trim().split('\n').at(-1));
  console.log(`${name}: ${stderr.trim().split('\n').at(-1)}`);
  return undefined;
}
