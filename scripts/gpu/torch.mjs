import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const script = fileURLToPath(new URL('../../benchmarks/src/wasm/anchors/torch_steps.py', import.meta.url));

/**
 * Seconds of training steps of the same networks in PyTorch, on the GPU if it can use it, or the reason why Python (`PYTHON`,
 * or python3) lacks it.
 */
export function torchSteps(names, batch, steps) {
  const batches = JSON.stringify(Object.fromEntries(names.map((name) => [name, batch])));
  const { status, stdout, stderr, error } = spawnSync(
    process.env.PYTHON ?? 'python3',
    [script, '0', String(steps), batches, 'best'],
    { encoding: 'utf8', timeout: 1_800_000 },
  );
  if (status !== 0) return { failed: error?.message ?? stderr.trim().split('\n').at(-1) };
  const { version, device, rates } = JSON.parse(stdout.trim().split('\n').at(-1));
  return {
    version,
    device,
    plain: Object.fromEntries(Object.entries(rates).map(([name, rate]) => [name, batch / rate])),
  };
}
