import { fileURLToPath } from 'node:url';
import { build } from 'tsup';

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url));

/** Builds a program from the sources of our packages, for a separate process. TensorFlow.js is not bundled. */
export const buildSources = (entry: Record<string, string>, outDir: string): Promise<void> =>
  build({
    config: false,
    entry: Object.fromEntries(Object.entries(entry).map(([name, path]) => [name, source(path)])),
    outDir,
    format: 'esm',
    outExtension: () => ({ js: '.mjs' }),
    external: [/^@tensorflow\//],
    noExternal: [/^@crossreg\//],
    esbuildOptions(options) {
      options.alias = Object.fromEntries(
        ['core', 'tfjs', 'tfjs-layers', 'tfjs-augment', 'tfjs-wasm'].flatMap((name) => [
          [`@crossreg/${name}`, source(`../../${name}/src/index.ts`)],
          [`@crossreg/${name}/internal`, source(`../../${name}/src/internal.ts`)],
        ]),
      );
    },
    silent: true,
  });
