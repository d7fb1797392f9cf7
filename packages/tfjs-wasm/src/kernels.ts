import type { TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { kernelsBase64 } from './kernels.generated';

/** The functions of assembly/index.ts: each one works through a range of units described by an argument block. */
export type KernelName =
  | 'addNoise'
  | 'batchNormSums'
  | 'convolve'
  | 'depthwiseFilterGradient'
  | 'depthwiseInputGradient'
  | 'fillTable'
  | 'gaussian'
  | 'maxPoolGradient'
  | 'noiseProducts'
  | 'outerProducts'
  | 'packPanels'
  | 'scaleRows'
  | 'segmentSum'
  | 'sumMiddle'
  | 'transpose';

type Kernel = (args: number, from: number, to: number) => void;

const ARGUMENT_BYTES = 256;

let compiled: WebAssembly.Module | undefined;

/** The module works on memories with and without threads: their declarations differ in one byte. */
function compile(): WebAssembly.Module {
  compiled ??= new WebAssembly.Module(Uint8Array.from(atob(kernelsBase64), (c) => c.charCodeAt(0)));
  return compiled;
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
    return this.backend.wasm._malloc(bytes) >>> 0;
  }

  /** The heap as 32-bit words; valid until the next allocation. */
  heap(): Int32Array {
    if (this.words.buffer !== this.memory.buffer) this.words = new Int32Array(this.memory.buffer);
    return this.words;
  }

  /** Where a tensor's numbers are. */
  address(tensor: TensorInfo): number {
    return this.backend.dataIdMap.get(tensor.dataId).memoryOffset;
  }

  /** Runs `kernel` over `units` units. */
  run(kernel: KernelName, units: number, args: readonly number[]): void {
    this.heap().set(args, this.args >>> 2);
    this.exports[kernel](this.args, 0, units);
  }

  /** Memory for the duration of `f`: one address per size in bytes. */
  scratch<R>(bytes: readonly number[], f: (...addresses: number[]) => R): R {
    const addresses = bytes.map((size) => this.malloc(Math.max(size, 16)));
    try {
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
