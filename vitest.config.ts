import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const source = (path: string) => fileURLToPath(new URL(`./packages/${path}`, import.meta.url));

export default defineConfig({
  resolve: {
    // Tests run on the sources, so that a change in one package is seen by all without a build.
    // What is built is tested separately, from packed tarballs (scripts/rehearse.mjs).
    alias: [
      { find: /^@crossreg\/([a-z-]+)\/internal$/, replacement: source('$1/src/internal.ts') },
      { find: '@crossreg/core/testing', replacement: source('core/src/testing/index.ts') },
      { find: '@crossreg/datasets/node', replacement: source('datasets/src/node/index.ts') },
      { find: /^@crossreg\/((?!example-|experiment-)[a-z-]+)$/, replacement: source('$1/src/index.ts') },
    ],
  },
  test: {
    include: [
      'common/*.test.ts',
      'packages/*/{src,test}/**/*.test.ts',
      '{examples,experiments}/*/src/**/*.test.{ts,mjs}',
      'scripts/**/*.test.ts',
    ],
    testTimeout: 60_000,
    pool: 'forks',
    coverage: {
      include: ['packages/*/src/**/*.ts'],
      exclude: ['**/*.test.ts', '**/*.generated.ts'],
      reporter: ['text', 'html'],
      reportsDirectory: 'out/coverage',
    },
  },
});
