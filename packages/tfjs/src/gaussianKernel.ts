import { kernelBase64 } from './gaussianKernel.generated';

/**
 * Fills `out` with the stream of a hashed key, multiplied by `scale` (one number per entry of the last axis) if it is given.
 */
type Fill = (out: Float32Array, k0: number, k1: number, scale?: ArrayLike<number>) => void;

/** How many numbers are drawn at once: 64 KB, so that they are copied from a near cache and memory never grows. */
const CHUNK = 2 ** 14;
/** The program of assembly/noise.ts in @crossreg/tfjs-wasm. */
const UNIT = 4096;
/** The longest `scale`. */
export const MOST_CHANNELS = 4096;
/** Addresses in memory, in bytes: arguments, the constants of the kernels, the numbers, zeros to add to, scales. */
const [ARGUMENTS, CONSTANTS, NUMBERS] = [0, 64, 256];
const [ZEROS, SCALES] = [NUMBERS + 4 * CHUNK, NUMBERS + 8 * CHUNK];
const PAGES = Math.ceil((SCALES + 4 * (MOST_CHANNELS + 8)) / 2 ** 16);

function instantiate(): Fill {
  const memory = new WebAssembly.Memory({ initial: PAGES, maximum: PAGES });
  const binary = Uint8Array.from(atob(kernelBase64), (c) => c.charCodeAt(0));
  const { exports } = new WebAssembly.Instance(new WebAssembly.Module(binary), { env: { memory } });
  const { addNoise, gaussian, noiseConstants } = exports as Record<
    string,
    (args: number, from: number, to: number) => void
  >;
  const args = new Int32Array(memory.buffer, ARGUMENTS, 8);
  const numbers = new Float32Array(memory.buffer, NUMBERS, CHUNK);
  const scales = new Float32Array(memory.buffer, SCALES, MOST_CHANNELS + 8);
  args[0] = CONSTANTS;
  noiseConstants(ARGUMENTS, 0, 1);
  return (out, k0, k1, scale) => {
    for (let start = 0; start < out.length; start += CHUNK) {
      const count = Math.min(CHUNK, out.length - start);
      const units = Math.ceil(count / UNIT);
      if (scale) {
        const channels = scale.length;
        for (let i = 0; i < channels + 8; i++) scales[i] = scale[(start + i) % channels];
        args.set([ZEROS, SCALES, NUMBERS, count, channels, k0 + start, k1, CONSTANTS]);
        addNoise(ARGUMENTS, 0, units);
      } else {
        args.set([NUMBERS, count, k0 + start, k1, CONSTANTS]);
        gaussian(ARGUMENTS, 0, units);
      }
      out.set(count === CHUNK ? numbers : numbers.subarray(0, count), start);
    }
  };
}

let fill: Fill | undefined;
let tried = false;

/** A kernel that draws the stream several times as fast as JavaScript; undefined if the engine cannot run it. */
export function fillByKernel(): Fill | undefined {
  if (!tried) {
    tried = true;
    try {
      fill = instantiate();
    } catch {
      // The engine has no SIMD, or the security policy of the page forbids WebAssembly.
    }
  }
  return fill;
}
