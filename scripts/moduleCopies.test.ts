import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { test } from 'vitest';
import { root } from './documents.mjs';

// What is built, as programs load it that mix import and require: each of the two ways makes a copy of the module.
test('the ES module and the CommonJS module of @crossreg/tfjs share one stream of noise', async () => {
  const program = `
    import assert from 'node:assert/strict';
    import { createRequire } from 'node:module';
    import * as imported from '@crossreg/tfjs';
    const required = createRequire(import.meta.url)('@crossreg/tfjs');
    assert.notEqual(imported.NoiseStream, required.NoiseStream, 'these are not two copies');

    imported.seedNoise(5);
    assert.deepEqual(required.currentNoise().next(), new imported.NoiseStream(5).next());
    assert.equal(imported.currentNoise().count, 1);
    const stream = new required.NoiseStream(7);
    required.withNoise(stream, () => {
      assert.equal(imported.currentNoise(), stream);
      assert.equal(imported.isSampling(), true);
    });
    assert.equal(imported.isSampling(), false);
    assert.equal(required.currentNoise().seed, 5);`;
  const node = [process.execPath, ['--input-type=module', '--eval', program]] as const;
  await promisify(execFile)(...node, { cwd: join(root, 'packages', 'tfjs') });
});
