import type { Options } from 'tsup';

/** Every package builds the same way: ESM and CJS with types for both, one file an entry. */
export function packageBuild(entry: Record<string, string> = { index: 'src/index.ts' }): Options {
  return {
    entry,
    format: ['esm', 'cjs'],
    dts: true,
    target: 'es2022',
    platform: 'neutral',
    sourcemap: true,
    clean: true,
    treeshake: true,
    tsconfig: '../../tsconfig.build.json',
  };
}
