import { kernelBase64 } from './gaussianKernel.generated';

/** Fills `out` with the stream of a hashed key. */
type Fill = (out: Float32Array, k0: number, k1: number) => void;

/** Numbers drawn at a time: 64 KB, so that they are copied out of a near cache, and memory never grows. */
const CHUNK = 2 ** 14;
/** Of assembly/noise.ts in @crossreg/tfjs-wasm. */
const UNIT = 4096;
/** Where in memory things are, in bytes: arguments, the kernel's constants, the numbers. */
const [ARGUMENTS, CONSTANTS, NUMBERS] = [0, 64, 256];

function instantiate(): Fill {
  const memory = new WebAssembly.Memory({ initial: 2, maximum: 2 });
  const binary = Uint8Array.from(atob(kernelBase64), (c) => c.charCodeAt(0));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const { gaussian, noiseConstants } = exports as Record<
    string,
    (args: number, from: number, to: number) => void
  >;
  const args = new Int32Array(memory.buffer, ARGUMENTS, 5);
  const numbers = new Float32Array(memory.buffer, NUMBERS, CHUNK);
  args[0] = CONSTANTS;
  noiseConstants(ARGUMENTS, 0, 1);
  return (out, k0, k1) => {
    for (let start = 0; start < out.length; start += CHUNK) {
      const count = Math.min(CHUNK, out.length - start);
      args.set([NUMBERS, count, k0 + start, k1, CONSTANTS]);
      gaussian(ARGUMENTS, 0, Math.ceil(count / UNIT));
      out.set(count === CHUNK ? numbers : numbers.subarray(0, count), start);
    }
  };
}

let fill: Fill | undefined;
let tried = false;

/** A kernel that draws the stream several times as fast as JavaScript; undefined where the engine cannot run it. */
export function fillByKernel(): Fill | undefined {
  if (!tried) {
    tried = true;
    try {
      fill = instantiate();
    } catch {
      // No SIMD, or a page whose security policy forbids WebAssembly.
    }
  }
  return fill;
}
