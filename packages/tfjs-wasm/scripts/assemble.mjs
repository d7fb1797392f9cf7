import { writeFileSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const packages = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Compiles AssemblyScript to one binary: raw pointers only, no runtime, no static data, on a memory that the caller provides.
 *
 * @param entry - a file of one of the packages.
 * @param relaxed - with fused multiply-adds, for engines that have relaxed SIMD.
 */
export async function assemble(entry, relaxed = false) {
  let binary;
  const features = ['simd', ...(relaxed ? ['relaxed-simd'] : [])];
  const { error, stderr } = await asc.main(
    [
      ...[relative(packages, entry), '--baseDir', packages, '--outFile', 'kernels.wasm'],
      ...['--runtime', 'stub', '--importMemory', '--maximumMemory', '65536', '--noAssert'],
      ...['--use', 'abort=', '-O3', '--converge'],
      ...features.flatMap((feature) => ['--enable', feature]),
    ],
    {
      writeFile(_name, contents) {
        binary = contents;
      },
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

/** The source of a string constant that holds a binary, so that no file has to be located at run time, in any bundle. */
export const constant = (name, binary) =>
  `export const ${name} =\n  '${Buffer.from(binary).toString('base64')}';\n`;

/** Writes a generated module. */
export function write(file, from, text) {
  writeFileSync(file, `// Written by scripts/compile.mjs from ${from}. Do not edit.\n${text}`);
}
