import type { NativeKernels } from '@crossreg/tfjs-native';
import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { Deferred } from './deferred';
import type { Deferrable } from './fusedPasses';
import { plainBase64, relaxedBase64 } from './kernels.generated';
import { builtin } from './node';
import { Pool } from './pool';
import { shareMemory } from './sharedMemory';
import { TOO_LARGE } from './windows';

/** The functions of assembly/index.ts: each one works through a range of units described by an argument block. */
export type KernelName =
  | 'adam'
  | 'addNoise'
  | 'allFinite'
  | 'batchNormInput'
  | 'batchNormSums'
  | 'blockMoments'
  | 'centeredRmsProp'
  | 'convolve'
  | 'depthwiseFilterGradient'
  | 'depthwiseInputGradient'
  | 'fillTable'
  | 'gaussian'
  | 'joinMoments'
  | 'maxPoolGradient'
  | 'momentum'
  | 'nesterov'
  | 'normalizeRows'
  | 'noiseConstants'
  | 'noiseProducts'
  | 'outerProducts'
  | 'packPanels'
  | 'reluGradient'
  | 'rmsProp'
  | 'scaledProduct'
  | 'scaleRows'
  | 'segmentSum'
  | 'sgd'
  | 'spreadNumbers'
  | 'spreadRows'
  | 'sumMiddle'
  | 'transpose'
  | 'warp'
  | 'warpGradient';

type Kernel = (args: number, from: number, to: number) => void;

/** The kernels of `@crossreg/tfjs-native`, each of which replaces several of ours. */
export type NativeKernel =
  | 'activationGradient'
  | 'allFinite'
  | 'channelSums'
  | 'depthwise'
  | 'depthwiseFilter'
  | 'matrixProducts'
  | 'maxPool'
  | 'maxPoolGradient'
  | 'moments'
  | 'noise'
  | 'normalize'
  | 'normalizeInput'
  | 'outerProducts'
  | 'rowProduct';

const ARGUMENT_BYTES = 256;

/**
 * Shorter calls stay on one thread. Waking another thread takes a good part of such a call, and on a busy machine that thread
 * may be suspended in the middle of a chunk.
 */
const SHARED_NANOSECONDS = 120_000;
const CHUNK_NANOSECONDS = 10_000;
const CHUNKS_A_THREAD = 8;

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/**
 * Whether the engine has relaxed SIMD, whose fused multiply-add speeds up products: Node 22 and later, Chromium, and Node 20
 * behind a flag of V8, which is set here and takes effect at once.
 */
function hasRelaxedSimd(binary: Uint8Array<ArrayBuffer>): boolean {
  if (WebAssembly.validate(binary)) return true;
  builtin?.('node:v8').setFlagsFromString('--experimental-wasm-relaxed-simd');
  return WebAssembly.validate(binary);
}

/** The module for this engine, and for memory of one kind. */
function compile(shared: boolean, mayRelax: boolean): WebAssembly.Module {
  const relaxed = bytesOf(relaxedBase64);
  const binary = mayRelax && hasRelaxedSimd(relaxed) ? relaxed : bytesOf(plainBase64);
  return new WebAssembly.Module(shared ? shareMemory(binary)! : binary);
}

/**
 * Makes the backend's allocator throw when memory is full. It returns 0, or too little memory for requests of 4 GB and more.
 * The backend does not check this and would overwrite other data.
 */
export function refuseFullHeap(module: WasmBackend['wasm']): void {
  const malloc = module._malloc;
  const guarded = (bytes: number) => {
    // A number of bytes is passed modulo 2³².
    const address = bytes < 2 ** 32 ? malloc(bytes) : 0;
    // Emscripten's first call puts the bare allocator in place.
    module._malloc = guarded;
    if (address !== 0) return address;
    throw new Error(
      `The wasm heap has no room for ${bytes} more bytes (it ends at 4 GB, or where the system says so). ` +
        'Use a smaller batch, and dispose tensors that are no longer needed.',
    );
  };
  module._malloc = guarded;
}

/**
 * Makes the backend refuse outputs of negative sizes, as of a window that is larger than an input without padding. TensorFlow.js
 * does not check them. The product of two of them would be allocated, and other data overwritten.
 */
function refuseNegativeSizes(backend: WasmBackend): void {
  const { makeOutput } = backend;
  backend.makeOutput = function (this: WasmBackend, shape, ...more) {
    if (shape.every((size) => size >= 0)) return makeOutput.call(this, shape, ...more);
    throw new Error(`An output would have the shape [${shape.join(', ')}]. ${TOO_LARGE}`);
  };
}

/**
 * Our kernels on one backend: a second WebAssembly instance on the backend's memory, so that no tensor is copied between the
 * two. Growing memory is no problem, because kernels get addresses, never views.
 */
export class Kernels {
  private readonly module: WebAssembly.Module;
  private readonly exports: Record<KernelName, Kernel>;
  private readonly memory: WebAssembly.Memory;
  private readonly args: number;
  private words: Int32Array;
  private bytes: Uint8Array;
  private pool: Pool | undefined;
  private native: { readonly kernels: NativeKernels; readonly threads: number } | undefined;
  private readonly tables = new Map<KernelName, number>();
  /** Outputs that native kernels have not written yet. */
  readonly deferred: Deferred<Deferrable>;

  constructor(
    private readonly backend: WasmBackend,
    mayRelax = true,
  ) {
    this.deferred = new Deferred(backend);
    this.memory = backend.wasm.wasmMemory ?? backend.wasm.asm.memory!;
    this.module = compile(this.shared, mayRelax);
    const instance = new WebAssembly.Instance(this.module, { env: { memory: this.memory } });
    this.exports = instance.exports as unknown as Record<KernelName, Kernel>;
    this.args = this.malloc(ARGUMENT_BYTES);
    this.words = new Int32Array(this.memory.buffer);
    this.bytes = new Uint8Array(this.memory.buffer);
  }

  private malloc(bytes: number): number {
    return this.backend.wasm._malloc(bytes) >>> 0;
  }

  /** The heap as 32-bit words; valid until the next allocation. */
  heap(): Int32Array {
    if (this.words.buffer !== this.memory.buffer) this.words = new Int32Array(this.memory.buffer);
    return this.words;
  }

  /** The heap as 32-bit floats; valid until the next allocation. */
  numbers(): Float32Array {
    return new Float32Array(this.heap().buffer);
  }

  /** The address of a tensor's numbers. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** How many threads share the units of a call. */
  get threads(): number {
    return this.pool?.threads ?? 1;
  }

  /** Whether the backend's memory is one that threads can share. */
  get shared(): boolean {
    return typeof SharedArrayBuffer === 'function' && this.memory.buffer instanceof SharedArrayBuffer;
  }

  /** Starts threads, the calling one included; they end with the backend, or with the process. */
  startThreads(threads: number): void {
    this.pool?.terminate();
    this.pool = threads > 1 ? new Pool(this.module, this.memory, this.exports, threads) : undefined;
  }

  /** Makes native kernels do what they can, on the given number of threads, or disables them. */
  useNative(kernels: NativeKernels | undefined, threads = 1): void {
    this.deferred.writeAll();
    this.native = kernels && { kernels, threads };
  }

  /** Whether native kernels are in use. */
  get isNative(): boolean {
    return this.native !== undefined;
  }

  /**
   * Runs a native kernel, if there are any.
   *
   * @param args - gives the argument block.
   * @returns whether it ran.
   */
  runNative(kernel: NativeKernel, args: () => readonly number[]): boolean {
    if (!this.native) return false;
    // A view of memory that has grown since is empty.
    if (this.bytes.buffer !== this.memory.buffer) this.bytes = new Uint8Array(this.memory.buffer);
    this.native.kernels[kernel](this.bytes, Int32Array.from(args()), this.native.threads);
    return true;
  }

  /**
   * Runs `kernel` over `units` units, on all threads if the call is long enough.
   *
   * @param nanoseconds - the approximate time of one unit.
   */
  run(kernel: KernelName, units: number, args: readonly number[], nanoseconds = 0): void {
    this.heap().set(args, this.args >>> 2);
    if (this.pool && units > 1 && units * nanoseconds > SHARED_NANOSECONDS) {
      // Small enough that nobody waits long for the last chunk, large enough that taking one costs nothing.
      const chunk = Math.ceil(
        Math.max(units / (this.pool.threads * CHUNKS_A_THREAD), CHUNK_NANOSECONDS / nanoseconds),
      );
      this.pool.run(kernel, this.args, units, chunk);
    } else {
      this.exports[kernel](this.args, 0, units);
    }
  }

  /** Memory for the duration of `f`: one address per size in bytes. */
  scratch<R>(bytes: readonly number[], f: (...addresses: number[]) => R): R {
    const addresses: number[] = [];
    try {
      for (const size of bytes) addresses.push(this.malloc(Math.max(size, 16)));
      return f(...addresses);
    } finally {
      for (const address of addresses) this.backend.wasm._free(address);
    }
  }

  /** Memory that `kernel` fills once, for tables that stay. Its argument is the address. */
  resident(kernel: KernelName, bytes: number): number {
    let address = this.tables.get(kernel);
    if (address === undefined) {
      address = this.malloc(bytes);
      this.tables.set(kernel, address);
      this.run(kernel, 1, [address]);
    }
    return address;
  }

  /** Integers in memory for the duration of `f`. */
  integers<R>(values: readonly number[], f: (address: number) => R): R {
    return this.scratch([values.length * 4], (address) => {
      this.heap().set(values, address >>> 2);
      return f(address);
    });
  }
}

/** A float32 as an entry of an argument block. */
export function bits(value: number): number {
  float[0] = value;
  return word[0];
}

const float = new Float32Array(1);
const word = new Int32Array(float.buffer);

const instances = new WeakMap<WasmBackend, Kernels>();

/** The kernels on the given backend, instantiated at first use. */
export function kernelsOf(backend: WasmBackend): Kernels {
  let kernels = instances.get(backend);
  if (!kernels) {
    refuseFullHeap(backend.wasm);
    refuseNegativeSizes(backend);
    kernels = new Kernels(backend);
    instances.set(backend, kernels);
    endWithBackend(backend, kernels);
  }
  return kernels;
}

function endWithBackend(backend: WasmBackend, kernels: Kernels): void {
  const dispose = backend.dispose;
  backend.dispose = function (this: WasmBackend) {
    kernels.startThreads(1);
    dispose.call(this);
  };
}
