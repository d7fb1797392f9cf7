import { fileURLToPath } from 'node:url';
import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.shared';

// Two builds of one entry, which differ in how a file of the package is read: from disk, or by URL.
export default defineConfig([
  // The shims give the CommonJS build an `import.meta.url`.
  { ...packageBuild(), shims: true, clean: true },
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
