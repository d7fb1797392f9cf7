import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { plainBase64, relaxedBase64 } from './kernels.generated';

/** The functions of assembly/index.ts: each one works through a range of units described by an argument block. */
export type KernelName =
  | 'adam'
  | 'addNoise'
  | 'batchNormSums'
  | 'convolve'
  | 'depthwiseFilterGradient'
  | 'depthwiseInputGradient'
  | 'fillTable'
  | 'gaussian'
  | 'maxPoolGradient'
  | 'normalizeRows'
  | 'noiseProducts'
  | 'outerProducts'
  | 'packPanels'
  | 'reluGradient'
  | 'scaledProduct'
  | 'scaleRows'
  | 'segmentSum'
  | 'spreadNumbers'
  | 'spreadRows'
  | 'sumMiddle'
  | 'transpose';

type Kernel = (args: number, from: number, to: number) => void;

const ARGUMENT_BYTES = 256;

let compiled: WebAssembly.Module | undefined;

const bytesOf = (base64: string) => Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));

/**
 * The module for this engine: with the fused multiply-add of relaxed SIMD where there is one (Node 22 and later,
 * Chromium), which makes products 1.4 times as fast. It works on memories with and without threads.
 */
function compile(): WebAssembly.Module {
  if (!compiled) {
    const relaxed = bytesOf(relaxedBase64);
    compiled = new WebAssembly.Module(WebAssembly.validate(relaxed) ? relaxed : bytesOf(plainBase64));
  }
  return compiled;
}

function outOfMemory(what: string): never {
  throw new Error(
    `The wasm heap has no room for ${what} (it ends at 4 GB, or where the system says so). ` +
      `Use a smaller batch, and dispose tensors that are no longer needed.`,
  );
}

/**
 * Our kernels on one backend: a second WebAssembly instance on the backend's own memory, so that no tensor is
 * ever copied between the two. Memory that grows is no concern: kernels get addresses, never views.
 */
export class Kernels {
  private readonly exports: Record<KernelName, Kernel>;
  private readonly memory: WebAssembly.Memory;
  private readonly args: number;
  private words: Int32Array;

  constructor(private readonly backend: WasmBackend) {
    this.memory = backend.wasm.wasmMemory ?? backend.wasm.asm.memory!;
    const instance = new WebAssembly.Instance(compile(), { env: { memory: this.memory } });
    this.exports = instance.exports as unknown as Record<KernelName, Kernel>;
    this.args = this.malloc(ARGUMENT_BYTES);
    this.words = new Int32Array(this.memory.buffer);
  }

  private malloc(bytes: number): number {
    const address = this.backend.wasm._malloc(bytes) >>> 0;
    return address === 0 ? outOfMemory(`${bytes} more bytes`) : address;
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

  /** Where a tensor's numbers are. */
  address(tensor: TensorInfo): number {
    const { memoryOffset } = this.backend.dataIdMap.get(tensor.dataId);
    // The backend does not look at what its allocator answers.
    return memoryOffset === 0 ? outOfMemory(`a tensor of shape [${tensor.shape}]`) : memoryOffset;
  }

  /** Runs `kernel` over `units` units. */
  run(kernel: KernelName, units: number, args: readonly number[]): void {
    this.heap().set(args, this.args >>> 2);
    this.exports[kernel](this.args, 0, units);
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
  return new Int32Array(Float32Array.of(value).buffer)[0];
}

const instances = new WeakMap<WasmBackend, Kernels>();

/** The kernels on the given backend, instantiated at first use. */
export function kernelsOf(backend: WasmBackend): Kernels {
  let kernels = instances.get(backend);
  if (!kernels) {
    kernels = new Kernels(backend);
    instances.set(backend, kernels);
  }
  return kernels;
}
