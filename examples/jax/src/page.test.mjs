import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build, preview } from 'vite';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { launchChromium, softwareWebGpu } from '../../../scripts/chromiumPage.mjs';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';

if (!chromiumPath) console.warn(`SKIPPED: ${noChromium}`);

describe.skipIf(!chromiumPath)('the page in Chromium', () => {
  const outDir = mkdtempSync(join(tmpdir(), 'jax-page-'));
  let [server, browser] = [];
  beforeAll(async () => {
    const root = fileURLToPath(new URL('..', import.meta.url));
    const config = { root, logLevel: 'error', build: { outDir } };
    await build(config);
    server = await preview({ ...config, preview: { port: 0 } });
    browser = await launchChromium(softwareWebGpu);
  }, 120_000);
  afterAll(async () => {
    await browser?.close();
    await server?.close();
    rmSync(outDir, { recursive: true });
  });

  /** What the page prints when it is trained with the form as it is, but for the given fields. */
  async function outputOf(fields) {
    const page = await browser.newPage();
    await page.goto(server.resolvedUrls.local[0]);
    for (const [name, value] of Object.entries(fields)) {
      const field = page.locator(`[name=${name}]`);
      await (name === 'device' ? field.selectOption(value) : field.fill(value));
    }
    await page.click('button');
    const progress = page.locator('#progress');
    await progress.filter({ hasText: /^(?!epoch)./ }).waitFor({ timeout: 120_000 });
    expect(await progress.textContent()).toBe('Done.');
    return page.locator('#output').textContent();
  }

  test('WebGPU trains with ρ steps, and prints what wasm prints', async () => {
    const short = { epochs: '2', train: '350', test: '100' };
    const [webgpu, wasm] = [
      await outputOf({ device: 'webgpu', ...short }),
      await outputOf({ device: 'wasm', ...short }),
    ];
    expect(webgpu).toContain('jax-js on webgpu');
    // 2 epochs of 4 batches, and a ρ step after each.
    expect(webgpu).toContain('after 8 ρ steps');
    const rows = (text) =>
      [...text.matchAll(/([\d.]+) % +([\d.]+) +([\d.]+)/g)].map(([, ...row]) => row.map(Number));
    const sigmas = (text) =>
      [...text.matchAll(/(?:first|second) ([\d.]+)/g)].map(([, sigma]) => Number(sigma));
    expect(rows(webgpu)).toHaveLength(2);
    expect(sigmas(webgpu)).toHaveLength(2);
    rows(webgpu).forEach(([accuracy, nll], i) => {
      // Chance is 10 %.
      expect(accuracy).toBeGreaterThan(40);
      expect(Math.abs(nll / rows(wasm)[i][1] - 1)).toBeLessThan(0.02);
    });
    sigmas(webgpu).forEach((sigma, i) => {
      expect(Math.abs(sigma - sigmas(wasm)[i])).toBeLessThan(0.015);
    });
  }, 240_000);
});
