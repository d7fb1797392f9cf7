import type { DataId, TensorInfo } from '@tensorflow/tfjs-core';
import type { WasmBackend } from './backend';
import { engineOf } from './internals';

/** A way to write an output, and the tensors that it reads. */
export interface Work {
  readonly operands: readonly TensorInfo[];
  write(): void;
}

/**
 * Outputs that are not written yet. A kernel may leave its output as allocated and describe how to write it. The next kernel
 * that reads it may do that work together with its computation, in one pass over memory. If anything else asks the backend for
 * the numbers, they are written first. An output that is disposed before it is read is never written.
 */
export class Deferred<W extends Work> {
  private readonly works = new Map<DataId, W>();
  private isHooked = false;
  private isQuiet = false;

  constructor(private readonly backend: WasmBackend) {}

  /** Leaves an output unwritten. Its operands are kept until it is written or disposed. */
  defer(output: TensorInfo, work: W): void {
    this.hook();
    for (const { dataId } of work.operands) this.backend.incRef(dataId);
    this.works.set(output.dataId, work);
  }

  /** How to write a tensor that is not written yet. */
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

  /** The code of the backend always finds the numbers of a tensor by `dataIdMap.get`. Counting references reads no numbers. */
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
      // Data that move to another backend leave, however many references there are.
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
