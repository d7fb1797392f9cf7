import type { Options } from 'tsup';

/**
 * Every package builds the same way: ESM and CJS with types for both. What several entries use is in a file that they share, in
 * CJS too, so that a class is one class whichever entry it comes by.
 */
export function packageBuild(entry: Record<string, string> = { index: 'src/index.ts' }): Options {
  return {
    entry,
    format: ['esm', 'cjs'],
    splitting: true,
    dts: true,
    target: 'es2022',
    platform: 'neutral',
    sourcemap: true,
    clean: true,
    treeshake: true,
    tsconfig: '../../tsconfig.build.json',
  };
}
