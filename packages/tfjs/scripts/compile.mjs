// Compiles assembly/ to WebAssembly and writes it as a module, src/gaussianKernel.generated.ts.
import { fileURLToPath } from 'node:url';
import { assemble, constant, write } from '../../tfjs-wasm/scripts/assemble.mjs';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
// Without fused multiply-adds: the numbers are the same to the last bit on every engine.
const binary = await assemble(here('assembly/gaussian.ts'));
write(here('src/gaussianKernel.generated.ts'), 'assembly/', constant('kernelBase64', binary));
console.log(`kernel: ${binary.length} bytes`);
