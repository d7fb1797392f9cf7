import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { type Browser, chromium } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';
import { noisyRun } from './noisyRun';

if (!chromiumPath) console.warn(`SKIPPED: ${noChromium}`);

describe.skipIf(!chromiumPath)('in Chromium', () => {
  let browser: Browser;
  let server: Server;
  beforeAll(async () => {
    const bundle = await build({
      stdin: {
        contents: "import { noisyRun } from './noisyRun'; window.run = noisyRun;",
        resolveDir: fileURLToPath(new URL('.', import.meta.url)),
        loader: 'ts',
      },
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'esm',
      logLevel: 'error',
      alias: { '@crossreg/core': fileURLToPath(new URL('../../core/src/index.ts', import.meta.url)) },
    });
    server = createServer(({ url }, response) => {
      const isProgram = url === '/program.js';
      response.setHeader('Content-Type', isProgram ? 'text/javascript' : 'text/html');
      response.end(
        isProgram
          ? bundle.outputFiles[0].contents
          : '<!doctype html><title>test</title><script type="module" src="/program.js"></script>',
      );
    });
    await new Promise<void>((resolve) => server.listen(0, resolve));
    // Chromium has a sandbox of its own that containers forbid.
    browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  }, 60_000);
  afterAll(async () => {
    await browser?.close();
    server?.close();
  });

  // WebGPU in software (SwiftShader) did not finish four steps in 150 seconds, so it is not tested.
  test('wasm trains as it does in Node', async () => {
    const page = await browser.newPage();
    await page.goto(`http://localhost:${(server.address() as AddressInfo).port}/`);
    await page.waitForFunction('window.run');
    const [there, here] = [
      await page.evaluate<Awaited<ReturnType<typeof noisyRun>>>("run('wasm', 24)"),
      await noisyRun('wasm', 24),
    ];
    expect(there.skipped).toBe(0);
    expect(there.sigma).toHaveLength(8);
    for (const key of ['losses', 'sigma'] as const) {
      there[key].forEach((value, i) => {
        expect(Math.abs(value / here[key][i] - 1)).toBeLessThan(1e-4);
      });
    }
    // Batches repeat every three steps.
    expect(here.losses[3]).toBeLessThan(here.losses[0]);
  });
});
