import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { root } from './documents.mjs';

test.each([
  'examples/quickstart/src/main.mjs',
  'examples/pretrained/src/main.mjs',
  'examples/jax/src/main.mjs',
  'experiments/augmentation/src/main.mjs',
  'experiments/paper/src/main.mjs',
  'experiments/sensitivity/src/main.mjs',
])(
  '%s tells about a flag that it does not have, and what it has',
  (program) => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, program), '--sede', '1'], {
      encoding: 'utf8',
    });
    expect(status).toBe(2);
    expect(stderr).toContain("Unknown option '--sede'");
    expect(stderr).toMatch(/\n(usage: |npm run |experiments: )/);
    expect(stderr).not.toContain('    at ');
  },
  60_000,
);
