import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.shared';

// Two builds of the main entry, which differ in how a file of the package is read: from disk, or by URL.
export default defineConfig([
  {
    ...packageBuild({ index: 'src/index.ts', node: 'src/node/index.ts' }),
    // What both entries use is one chunk, in CommonJS too: there is one class of each error to catch.
    splitting: true,
    // Gives the CommonJS build an `import.meta.url`.
    shims: true,
  },
  {
    ...packageBuild({ 'index.browser': 'src/index.ts' }),
    format: ['esm'],
    dts: false,
    clean: false,
    esbuildPlugins: [
      {
        name: 'embedded files by URL',
        setup(build) {
          build.onResolve({ filter: /^\.\/embeddedFile$/ }, () => ({
            path: fileURLToPath(new URL('src/embeddedFile.browser.ts', import.meta.url)),
          }));
        },
      },
    ],
  },
]);
