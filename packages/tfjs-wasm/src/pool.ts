import { builtin } from './node';

/** The data that a worker starts with. */
interface WorkerData {
  readonly module: WebAssembly.Module;
  readonly memory: WebAssembly.Memory;
  readonly control: Int32Array;
}

/** Worker threads of one of the two kinds, Node's or the browser's. */
interface ThreadWorker {
  terminate(): unknown;
}

/** The words of the control block, which all threads share. */
const Word = { Call: 0, Active: 1, Kernel: 2, Args: 3, Units: 4, Chunk: 5, Next: 6, Failed: 7 } as const;
const WORDS = 8;

/**
 * The program of a worker, as source text, because a worker needs a script and a bundle cannot provide one. It sleeps until
 * `Call` changes. Then it counts itself as active, unless the call is over (0), takes chunks until none is left, and counts
 * itself out.
 */
const WORKER = `
const work = ({ module, memory, control: c }) => {
  const kernels = Object.values(new WebAssembly.Instance(module, { env: { memory } }).exports);
  for (let call = 0; ; ) {
    Atomics.wait(c, ${Word.Call}, call);
    call = Atomics.load(c, ${Word.Call});
    let active;
    do active = Atomics.load(c, ${Word.Active});
    while (active > 0 && Atomics.compareExchange(c, ${Word.Active}, active, active + 1) !== active);
    if (active === 0) continue;
    try {
      const kernel = kernels[c[${Word.Kernel}]], args = c[${Word.Args}];
      const units = c[${Word.Units}], chunk = c[${Word.Chunk}];
      for (let from; (from = Atomics.add(c, ${Word.Next}, chunk)) < units; ) {
        kernel(args, from, Math.min(units, from + chunk));
      }
    } catch {
      Atomics.store(c, ${Word.Failed}, 1);
    }
    if (Atomics.sub(c, ${Word.Active}, 1) === 2) Atomics.notify(c, ${Word.Active});
  }
};`;

/** How many threads can run at once. */
export function processors(): number {
  return builtin?.('node:os').availableParallelism() ?? globalThis.navigator?.hardwareConcurrency ?? 1;
}

/** Whether workers can be started here. */
export const canStartWorkers = (): boolean => builtin !== undefined || typeof Worker === 'function';

function startWorker(data: WorkerData): ThreadWorker {
  if (builtin) {
    const { Worker: NodeWorker } = builtin('node:worker_threads');
    const source = `${WORKER}\nwork(require('node:worker_threads').workerData);`;
    const worker = new NodeWorker(source, { eval: true, workerData: data, name: 'crossreg-wasm' });
    // The process may end while workers sleep. A worker that cannot start never counts itself as active.
    worker.unref();
    worker.on('error', () => {});
    return worker;
  }
  const url = URL.createObjectURL(
    new Blob([`${WORKER}\nonmessage = ({ data }) => work(data);`], { type: 'text/javascript' }),
  );
  const worker = new Worker(url);
  worker.onerror = (event) => event.preventDefault();
  worker.postMessage(data);
  return worker;
}

/**
 * Threads that share the units of a kernel call. The calling thread works too, and never waits for a worker that has not begun.
 * A worker that is late or never arrives costs nothing.
 */
export class Pool {
  private readonly control = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  private readonly workers: ThreadWorker[];
  private readonly names: string[];
  private readonly mayWait: boolean;

  /** @param threads - how many work together, the calling one included: at least 2. */
  constructor(
    module: WebAssembly.Module,
    memory: WebAssembly.Memory,
    private readonly exports: Record<string, unknown>,
    readonly threads: number,
  ) {
    this.names = Object.keys(exports);
    this.mayWait = canWait(this.control);
    const data = { module, memory, control: this.control };
    this.workers = Array.from({ length: threads - 1 }, () => startWorker(data));
  }

  run(kernel: string, args: number, units: number, chunk: number): void {
    const c = this.control;
    c[Word.Kernel] = this.names.indexOf(kernel);
    c[Word.Args] = args;
    c[Word.Units] = units;
    c[Word.Chunk] = chunk;
    Atomics.store(c, Word.Next, 0);
    Atomics.store(c, Word.Active, 1);
    Atomics.add(c, Word.Call, 1);
    Atomics.notify(c, Word.Call);
    const f = this.exports[kernel] as (args: number, from: number, to: number) => void;
    try {
      for (let from = 0; ; ) {
        from = Atomics.add(c, Word.Next, chunk);
        if (from >= units) break;
        f(args, from, Math.min(units, from + chunk));
      }
    } finally {
      Atomics.store(c, Word.Next, units);
      this.close();
    }
    if (Atomics.exchange(c, Word.Failed, 0) === 1) {
      throw new Error(
        `The kernel ${kernel} failed in a worker thread; please report it with the shapes used.`,
      );
    }
  }

  /** Ends a call: waits for the active workers, and admits no others. */
  private close(): void {
    const c = this.control;
    for (let spins = 0; Atomics.compareExchange(c, Word.Active, 1, 0) !== 1; spins++) {
      // The main thread of a page must not sleep. Elsewhere, workers mostly finish within the first turns.
      if (this.mayWait && spins > 2000) Atomics.wait(c, Word.Active, Atomics.load(c, Word.Active), 1);
    }
  }

  terminate(): void {
    for (const worker of this.workers) worker.terminate();
  }
}

function canWait(control: Int32Array): boolean {
  try {
    Atomics.wait(control, 0, 1, 0);
    return true;
  } catch {
    return false;
  }
}
