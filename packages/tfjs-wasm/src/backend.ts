import type { DataId, DataType, TensorInfo } from '@tensorflow/tfjs-core';

/**
 * The parts of the wasm backend that this package uses: the JavaScript side of tfjs-backend-wasm's `BackendWasm`, whose
 * published types leave its Emscripten module untyped.
 */
export interface WasmBackend {
  readonly wasm: {
    /** Exports of the module. Without threads, the memory is one of them. */
    readonly asm: { readonly memory?: WebAssembly.Memory };
    /** Only in the threaded build, whose memory is created outside the module. */
    readonly wasmMemory?: WebAssembly.Memory;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: DataId): { readonly id: number; readonly memoryOffset: number } };
  refCount(dataId: DataId): number;
  dispose(): void;
  makeOutput(shape: readonly number[], dtype: DataType): TensorInfo;
  incRef(dataId: DataId): void;
  disposeData(dataId: DataId, force?: boolean): boolean;
  readSync(dataId: DataId): Float32Array | Int32Array | Uint8Array | Uint8Array[];
}

/** The number of elements of a shape. */
export const sizeOf = (shape: readonly number[]): number => shape.reduce((size, n) => size * n, 1);
