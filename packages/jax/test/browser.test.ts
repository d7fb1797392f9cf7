import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProgram, softwareWebGpu } from '../../../scripts/chromiumPage.mjs';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';
import { noisyRun } from './noisyRun';

const source = (name: string) => fileURLToPath(new URL(`../../core/src/${name}.ts`, import.meta.url));

if (!chromiumPath) console.warn(`SKIPPED: ${noChromium}`);

describe.skipIf(!chromiumPath)('in Chromium', () => {
  let opened: Awaited<ReturnType<typeof openProgram>>;
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
      alias: { '@crossreg/core': source('index'), '@crossreg/core/internal': source('internal') },
    });
    opened = await openProgram(bundle.outputFiles[0].contents, softwareWebGpu);
  }, 60_000);
  afterAll(async () => {
    await opened?.close();
  });

  // SwiftShader has other exponentials and logarithms than wasm, and training amplifies the difference.
  test.each([
    ['wasm', 1e-4],
    ['webgpu', 2e-2],
  ] as const)('%s trains as wasm does in Node', async (device, tolerance) => {
    const page = await opened.browser.newPage();
    await page.goto(opened.url);
    await page.waitForFunction('window.run');
    const [there, here] = [
      await page.evaluate<Awaited<ReturnType<typeof noisyRun>>>(`run('${device}', 24)`),
      await noisyRun('wasm', 24),
    ];
    expect(there.skipped).toBe(0);
    expect(there.sigma).toHaveLength(8);
    for (const key of ['losses', 'sigma'] as const) {
      there[key].forEach((value, i) => {
        expect(Math.abs(value / here[key][i] - 1)).toBeLessThan(tolerance);
      });
    }
    // Batches repeat every three steps.
    expect(there.losses[3]).toBeLessThan(there.losses[0]);
  });
});
