import { createRequire } from 'node:module';

/**
 * The functions of the binary. Each kernel gets all of the wasm backend's memory, one block of 32-bit integers (addresses
 * in bytes, sizes), and the number of threads to use. It checks every address and length against the memory before
 * it starts.
 *
 * @throws Error - each kernel, if an argument reaches beyond the memory.
 */
export interface NativeKernels {
  /** The instruction sets of this processor, the fastest first: some of `avx512`, `avx2` and `neon`, and always `portable`. */
  instructionSets(): string[];
  /** The instruction set in use. */
  instructionSet(): string;
  /** Uses another instruction set from now on, in the whole process. */
  useInstructionSet(name: string): void;
  /** out[p, :] = Σ_t in[row(p, t), :] · W_t. The fields of `RowProduct` in rust/rows.rs. */
  rowProduct(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** out[t] = Σ_p a[p · stride + tap t] ⊗ b[p]. The fields of `OuterProducts` in rust/outer.rs. */
  outerProducts(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** out = op(A) · op(B), one or many. The fields of `MatrixProducts` in rust/matrices.rs. */
  matrixProducts(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** ε. The fields of `Noise` in rust/noise.rs. */
  noise(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** Mean and variance by channel. The fields of `Moments` in rust/channels.rs. */
  moments(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** Normalization, sum, noise and activation. The fields of `Normalize` in rust/channels.rs. */
  normalize(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** Σ g, Σ g · (x − mean) and Σ g · ε by channel, g = dy · activation'(y). The fields of `Sums` in rust/channels.rs. */
  channelSums(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** The gradient before a normalization. The fields of `NormalizeInput` in rust/channels.rs. */
  normalizeInput(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** dy · activation'(y). The fields of `ActivationGradient` in rust/channels.rs. */
  activationGradient(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** Depthwise convolution, or its gradient by the images. The fields of `Depthwise` in rust/windows.rs. */
  depthwise(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** The gradient of a depthwise convolution by the filter. The fields of `DepthwiseFilter` in rust/windows.rs. */
  depthwiseFilter(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** The fields of `MaxPool` in rust/windows.rs. */
  maxPool(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** The fields of `MaxPoolGradient` in rust/windows.rs. */
  maxPoolGradient(heap: Uint8Array, args: Int32Array, threads: number): void;
  /** Whether all numbers of many arrays are finite. The fields of `AllFinite` in rust/finite.rs. */
  allFinite(heap: Uint8Array, args: Int32Array, threads: number): void;
}

/** The name of the binary for this machine, by the convention of napi-rs. */
function target(): string {
  const { platform, arch } = process;
  if (platform === 'win32') return `win32-${arch}-msvc`;
  if (platform !== 'linux') return `${platform}-${arch}`;
  const { header } = process.report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return `linux-${arch}-${header.glibcVersionRuntime ? 'gnu' : 'musl'}`;
}

let loaded: NativeKernels | undefined;

/**
 * Loads the binary for this machine: the one built in this clone, or the one in the npm package for this system and processor,
 * which npm installs as an optional dependency. The environment variable `CROSSREG_INSTRUCTION_SET` names the instruction set
 * to use. Default: the fastest that the processor has.
 *
 * @throws Error - if there is no binary for this machine, if it does not load, or if the processor lacks the named instruction
 *   set. The message says what to do.
 */
export function nativeKernels(): NativeKernels {
  if (loaded) return loaded;
  const require = createRequire(import.meta.url);
  const name = target();
  const places = [`../crossreg-native.${name}.node`, `@crossreg/tfjs-native-${name}`];
  const reasons: string[] = [];
  for (const place of places) {
    let kernels: NativeKernels;
    try {
      kernels = require(place) as NativeKernels;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'MODULE_NOT_FOUND') reasons.push(message.split('\n')[0]);
      continue;
    }
    const set = process.env.CROSSREG_INSTRUCTION_SET;
    if (set) kernels.useInstructionSet(set);
    loaded = kernels;
    return kernels;
  }
  throw new Error(
    reasons.length > 0
      ? `The native kernels for ${name} do not load: ${reasons.join('; ')}`
      : `There are no native kernels for ${name}. Install the npm package ${places[1]}, which npm leaves out with ` +
          '--omit=optional, or install cargo and build them in a clone of the repository: npm run build.',
  );
}
