// Compiles assembly/ to WebAssembly and writes it as a module, src/kernels.generated.ts.
import { fileURLToPath } from 'node:url';
import { assemble, constant, write } from './assemble.mjs';

const here = (path) => fileURLToPath(new URL(`../${path}`, import.meta.url));
const entry = here('assembly/index.ts');
const [plain, relaxed] = [await assemble(entry), await assemble(entry, true)];
write(
  here('src/kernels.generated.ts'),
  'assembly/',
  `${constant('plainBase64', plain)}/** With a fused multiply-add, for engines that have relaxed SIMD. */\n${constant('relaxedBase64', relaxed)}`,
);
console.log(`kernels: ${plain.length} bytes, ${relaxed.length} with relaxed SIMD`);
