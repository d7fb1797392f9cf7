// The suite in a browser. It bundles scripts/suite/page.mjs for production with Vite and the packages installed in a folder,
// and runs it in headless Chromium, one page per backend.
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { build, preview } from 'vite';
import { isolation, launchChromium } from './chromiumPage.mjs';
import { root } from './documents.mjs';

/**
 * Runs the suite on backends in Chromium.
 *
 * @param folder - the folder with the installed packages, including @tensorflow/tfjs and @tensorflow/tfjs-backend-wasm.
 * @param options.short - whether to leave out checks that take long on a software GPU.
 * @param options.time - whether to measure training steps, relative to those of wasm.
 * @returns one row per backend, with the failures by check.
 */
export async function suiteInChromium(
  folder,
  { backends = ['wasm', 'webgl'], short = false, time = false } = {},
) {
  const place = join(folder, 'suite');
  cpSync(join(root, 'scripts', 'suite'), place, { recursive: true });
  const config = { root: place, configFile: false, logLevel: 'error' };
  // tfjs is one large chunk, which does not matter without a network.
  await build({ ...config, build: { target: 'es2022', chunkSizeWarningLimit: 10_000 } });
  const server = await preview({
    ...config,
    preview: { port: 0, headers: isolation },
  });
  // Without a GPU, Chromium draws in software.
  const browser = await launchChromium(['--enable-unsafe-swiftshader', '--ignore-gpu-blocklist']);
  try {
    const rows = [];
    for (const backend of backends) {
      const page = await browser.newPage();
      const errors = [];
      page.on('pageerror', ({ message }) => errors.push(message));
      await page.goto(server.resolvedUrls.local[0]);
      const row = await page
        .waitForFunction('window.run', undefined, { timeout: 30_000 })
        .then(() => page.evaluate(([name, options]) => window.run(name, options), [backend, { short, time }]))
        .catch((error) => errors.push(error.message));
      if (errors.length > 0) throw new Error(`${backend}: ${errors.join('\n')}`);
      rows.push({ ...row, place: `Chromium ${browser.version().split('.')[0]}` });
      await page.close();
    }
    return rows;
  } finally {
    await browser.close();
    await server.close();
  }
}
