import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium } from '../../../scripts/chromiumPage.mjs';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';

if (!chromiumPath) console.warn(`SKIPPED: ${noChromium}`);

// What a page does: starts the backend, trains a small convolutional net to tell vertical from horizontal stripes, and
// trains two cases on cpu as well.
const program = `
  import * as tf from '@tensorflow/tfjs';
  import { setWasmPaths } from '@tensorflow/tfjs-backend-wasm';
  import { useWasm } from '../src/index';
  import { agree, train, trainingCases } from './trainingCases.mjs';

  window.run = async () => {
    setWasmPaths('/wasm/');
    const status = await useWasm({ threads: 2 });
    const model = tf.sequential({
      layers: [
        tf.layers.conv2d({ filters: 16, kernelSize: 3, padding: 'same', inputShape: [16, 16, 1] }),
        tf.layers.batchNormalization(),
        tf.layers.reLU(),
        tf.layers.maxPooling2d({ poolSize: 2 }),
        tf.layers.conv2d({ filters: 24, kernelSize: 3, strides: 2, activation: 'relu' }),
        tf.layers.flatten(),
        tf.layers.dense({ units: 2, activation: 'softmax' }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
    const count = 64;
    const noise = tf.randomNormal([count, 16, 16, 1], 0, 0.5, 'float32', 1);
    const stripes = tf.range(0, 16).mod(4).less(2).cast('float32');
    const rows = stripes.reshape([1, 16, 1, 1]).tile([count / 2, 1, 16, 1]);
    const columns = stripes.reshape([1, 1, 16, 1]).tile([count / 2, 16, 1, 1]);
    const x = tf.concat([rows, columns]).add(noise);
    const y = tf.oneHot(tf.range(0, count, 1, 'int32').greaterEqual(count / 2).cast('int32'), 2);
    const losses = [];
    for (let step = 0; step < 20; step++) losses.push(await model.trainOnBatch(x, y));

    const cases = trainingCases(tf).filter(({ name }) => /^(conv2d: .*same, activation relu|adam)$/.test(name));
    const results = { cpu: [], wasm: [] };
    for (const backend of ['cpu', 'wasm']) {
      await tf.setBackend(backend);
      for (const each of cases) results[backend].push(await train(tf, each));
    }
    const agreeing = cases.filter((_, i) => agree(results.wasm[i], results.cpu[i])).length;
    return { status, losses, cases: cases.length, agreeing, isolated: window.crossOriginIsolated };
  };`;

describe.skipIf(!chromiumPath)('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  beforeAll(async () => {
    const bundle = await build({
      stdin: { contents: program, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
      bundle: true,
      // As in production: names that minifiers change must not matter.
      minify: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      logLevel: 'error',
    });
    const wasm = dirname(
      createRequire(import.meta.url).resolve('@tensorflow/tfjs-backend-wasm/package.json'),
    );
    server = createServer(({ url = '' }, response) => {
      const { pathname } = new URL(url, 'http://localhost');
      const isolated = {
        'Cross-Origin-Opener-Policy': 'same-origin',
        'Cross-Origin-Embedder-Policy': 'require-corp',
      };
      const type = pathname.endsWith('.js')
        ? 'text/javascript'
        : pathname.endsWith('.wasm')
          ? 'application/wasm'
          : 'text/html';
      response.setHeader('Content-Type', type);
      if (pathname === '/isolated') response.setHeaders(new Map(Object.entries(isolated)));
      if (pathname === '/program.js') response.end(bundle.outputFiles[0].contents);
      else if (pathname.startsWith('/wasm/'))
        response.end(readFileSync(join(wasm, 'dist', pathname.slice(6))));
      else response.end('<!doctype html><title>test</title><script src="/program.js"></script>');
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    browser = await launchChromium();
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  test.each([
    ['isolated', { threads: 2 }],
    ['plain', { threads: 1, reason: expect.stringMatching(/not cross-origin isolated/) }],
  ])(
    'a page that is %s trains with our kernels',
    async (path, status) => {
      const page = await browser.newPage();
      const errors: string[] = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/${path}`);
      const result = await page.evaluate<{
        status: object;
        losses: number[];
        cases: number;
        agreeing: number;
        isolated: boolean;
      }>('run()');
      expect(errors).toEqual([]);
      expect(result.status).toEqual(status);
      expect(result.isolated).toBe(path === 'isolated');
      expect(result.losses[0]).toBeGreaterThan(0.3);
      expect(result.losses.at(-1)).toBeLessThan(0.1);
      expect([result.cases, result.agreeing]).toEqual([2, 2]);
      await page.close();
    },
    60_000,
  );
});
