// Starts Chromium for tests, and pages that run one program.
import { createServer } from 'node:http';
import { chromium } from 'playwright-core';
import { chromiumPath } from './findChromium.mjs';

/** Starts the Chromium of this machine without its sandbox, which containers forbid. */
export const launchChromium = (args = []) =>
  chromium.launch({ executablePath: chromiumPath, args: ['--no-sandbox', ...args] });

/** Arguments that give a page WebGPU without a GPU: SwiftShader, the one in software that Chromium brings. */
export const softwareWebGpu = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];

/** Headers that make a page cross-origin isolated, so that it may use threads. */
export const isolation = {
  'Cross-Origin-Opener-Policy': 'same-origin',
  'Cross-Origin-Embedder-Policy': 'require-corp',
};

/** Serves an empty page that loads a program as a module, on a free port, and starts a browser with the given arguments. */
export async function openProgram(program, args = []) {
  const server = createServer(({ url }, response) => {
    const isProgram = url === '/program.js';
    response.setHeader('Content-Type', isProgram ? 'text/javascript' : 'text/html');
    response.end(
      isProgram
        ? program
        : '<!doctype html><title>test</title><script type="module" src="/program.js"></script>',
    );
  });
  await new Promise((resolve) => server.listen(0, resolve));
  const browser = await launchChromium(args);
  return {
    browser,
    url: `http://localhost:${server.address().port}/`,
    async close() {
      await browser.close();
      server.close();
    },
  };
}
