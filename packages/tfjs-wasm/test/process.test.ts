import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { native } from './builtNative';

const dist = fileURLToPath(new URL('../dist', import.meta.url));

const work = `
  const { threads, reason, native } = await useWasm({ threads: 2, native: process.env.NATIVE === '1' });
  const x = tf.ones([8, 32, 32, 16]);
  const y = tf.conv2d(x, tf.ones([3, 3, 16, 16]), 1, 'same');
  console.log(native?.threads ?? threads, reason, y.dataSync()[33 * 16]);`;

const programs = {
  'an ES module': {
    file: 'program.mjs',
    source: `import * as tf from '@tensorflow/tfjs';\nimport { useWasm } from '../index.js';\n${work}`,
  },
  'a CommonJS module': {
    file: 'program.cjs',
    source: `const tf = require('@tensorflow/tfjs');\nconst { useWasm } = require('../index.cjs');
      (async () => {${work}})();`,
  },
  'a worker thread': {
    file: 'program.cjs',
    source: `const { Worker, isMainThread } = require('node:worker_threads');
      if (isMainThread) new Worker(__filename);
      else {
        const tf = require('@tensorflow/tfjs');
        const { useWasm } = require('../index.cjs');
        (async () => {${work}})();
      }`,
  },
};

/** Two copies of the packages in two threads at once, and one of the threads ends before the other. */
const crowd = {
  file: 'program.cjs',
  source: `const { Worker, isMainThread } = require('node:worker_threads');
    (async () => {
      if (!isMainThread) for (const key of Object.keys(require.cache)) delete require.cache[key];
      const tf = require('@tensorflow/tfjs');
      const { useWasm } = require('../index.cjs');
      const started = isMainThread && new Worker(__filename);
      if (started) await new Promise((resolve) => started.once(process.env.LATE ? 'exit' : 'online', resolve));
      for (let i = 0; i < 5; i++) {${work}}
    })();`,
};

test
  .runIf(native)
  .each([
    ...Object.entries(programs).map(([name, program]) => [name, program, 1] as const),
    ['two threads at once', crowd, 10],
  ] as const)('native kernels in %s: work, and end', async (_name, program, times) => {
  const folder = mkdtempSync(join(dist, '.process-'));
  try {
    writeFileSync(join(folder, program.file), program.source);
    for (const late of ['', '1']) {
      const { stdout } = await promisify(execFile)(process.execPath, [join(folder, program.file)], {
        timeout: 30_000,
        env: { ...process.env, NATIVE: '1', LATE: late },
      });
      expect(stdout.trim().split('\n')).toEqual(new Array(times).fill('2 undefined 144'));
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

// Runs the built package in a separate process, which must end by itself and leave no file behind.
test.each(Object.entries(programs))(
  'two threads in %s: works, ends, leaves no file',
  async (_name, program) => {
    const folder = mkdtempSync(join(dist, '.process-'));
    const temporary = mkdtempSync(join(tmpdir(), 'crossreg-test-'));
    try {
      writeFileSync(join(folder, program.file), program.source);
      const run = promisify(execFile)(process.execPath, [join(folder, program.file)], {
        timeout: 30_000,
        env: { ...process.env, TMPDIR: temporary },
      });
      const { stdout } = await run;
      expect(stdout.trim()).toBe('2 undefined 144');
      expect(readdirSync(temporary)).toEqual([]);
    } finally {
      rmSync(folder, { recursive: true });
      rmSync(temporary, { recursive: true });
    }
  },
);
