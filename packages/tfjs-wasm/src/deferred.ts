import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { engineOf } from './internals';

/** A way to write an output, and the tensors that it reads. */
export interface Work {
  readonly operands: readonly TensorInfo[];
  write(): void;
}

/**
 * Outputs that are not written yet. A kernel may leave its output as it was allocated and say how it is written; the kernel
 * that reads it next may do that work along with its own, in one pass over memory. Whoever else asks the backend for the
 * numbers has them written first, and what is disposed without having been read is never written.
 */
export class Deferred<W extends Work> {
  private readonly works = new Map<DataId, W>();
  private isHooked = false;
  private isQuiet = false;

  constructor(private readonly backend: WasmBackend) {}

  /** Leaves an output unwritten. Its operands stay until it is written or disposed. */
  defer(output: TensorInfo, work: W): void {
    this.hook();
    for (const { dataId } of work.operands) this.backend.incRef(dataId);
    this.works.set(output.dataId, work);
  }

  /** How a tensor is to be written, if it is not. */
  of({ dataId }: TensorInfo): W | undefined {
    return this.works.size > 0 ? this.works.get(dataId) : undefined;
  }

  /** Writes everything that is not written. */
  writeAll(): void {
    for (const dataId of [...this.works.keys()]) this.write(dataId);
  }

  private write(dataId: DataId): void {
    const work = this.works.get(dataId);
    if (!work) return;
    this.works.delete(dataId);
    try {
      work.write();
    } finally {
      this.release(work);
    }
  }

  private release({ operands }: Work): void {
    const engine = engineOf();
    for (const { dataId } of operands) {
      if (this.backend.disposeData(dataId)) engine.removeDataId(dataId, this.backend);
    }
  }

  /** All of the backend's own code finds a tensor's numbers by `dataIdMap.get`; counting references reads none. */
  private hook(): void {
    if (this.isHooked) return;
    this.isHooked = true;
    const { backend } = this;
    const { dataIdMap, incRef, refCount, disposeData } = backend;
    const { get } = dataIdMap;
    dataIdMap.get = (dataId) => {
      if (this.works.size > 0 && !this.isQuiet) this.write(dataId);
      return get.call(dataIdMap, dataId);
    };
    const quietly = <R>(f: () => R): R => {
      const before = this.isQuiet;
      this.isQuiet = true;
      try {
        return f();
      } finally {
        this.isQuiet = before;
      }
    };
    backend.incRef = (dataId) => quietly(() => incRef.call(backend, dataId));
    backend.refCount = (dataId) => quietly(() => refCount.call(backend, dataId));
    backend.disposeData = (dataId, force) => {
      // Data that moves to another backend goes, however many references there are.
      if (force) this.writeAll();
      const isGone = quietly(() => disposeData.call(backend, dataId, force));
      const work = isGone ? this.works.get(dataId) : undefined;
      if (work) {
        this.works.delete(dataId);
        this.release(work);
      }
      return isGone;
    };
  }
}
