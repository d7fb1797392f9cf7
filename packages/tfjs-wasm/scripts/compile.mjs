// Compiles assembly/ to WebAssembly and writes it as a module, src/kernels.generated.ts, so that bundlers,
// tests on the sources and both module systems load it alike: no file to locate at run time.
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));

/** One binary: raw pointers only, no runtime, no static data, on a memory that the backend owns. */
async function compile(relaxed) {
  const features = ['simd', ...(relaxed ? ['relaxed-simd'] : [])];
  const { error, stderr, binary } = await build([
    ...[
      '--runtime',
      'stub',
      '--importMemory',
      '--maximumMemory',
      '65536',
      '--noAssert',
      '--use',
      'abort=',
      '-O3',
      '--converge',
    ],
    ...features.flatMap((feature) => ['--enable', feature]),
  ]);
  if (error) throw new Error(`${error.message}\n${stderr}`);
  return binary;
}

async function build(options) {
  let binary;
  const { error, stderr } = await asc.main(
    ['assembly/index.ts', '--baseDir', here('.'), '--outFile', 'kernels.wasm', ...options],
    {
      writeFile(_name, contents) {
        binary = contents;
      },
    },
  );
  return { error, stderr: stderr.toString(), binary };
}

const base64 = (bytes) => Buffer.from(bytes).toString('base64');
const [plain, relaxed] = [await compile(false), await compile(true)];
mkdirSync(here('src'), { recursive: true });
writeFileSync(
  here('src/kernels.generated.ts'),
  `// Written by scripts/compile.mjs from assembly/. Do not edit.
export const plainBase64 =
  '${base64(plain)}';
/** With a fused multiply-add, for engines that have relaxed SIMD. */
export const relaxedBase64 =
  '${base64(relaxed)}';
`,
);
console.log(`kernels: ${plain.length} bytes, ${relaxed.length} with relaxed SIMD`);
