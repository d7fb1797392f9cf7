// Builds the page as it is deployed and serves it, for tests and measurements.
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';
import { build, preview } from 'vite';

const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Builds the page, serves it on a free port and starts a browser.
 *
 * @param {{ outDir: string, chromiumPath: string }} options
 */
export async function openPage({ outDir, chromiumPath }) {
  const config = { root, logLevel: /** @type {const} */ ('error'), build: { outDir, emptyOutDir: true } };
  await build(config);
  const server = await preview({ ...config, preview: { port: 0 } });
  // Without the sandbox of Chromium, which containers forbid.
  const browser = await chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox'] });
  return {
    url: /** @type {string} */ (server.resolvedUrls?.local[0]),
    browser,
    async close() {
      await browser.close();
      await server.close();
    },
  };
}
