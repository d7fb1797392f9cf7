import { type Convergence, convergence } from './convergence';
import type { Framework } from './framework';
import type { RegularizationParameter } from './regularizationParameter';

/** The path of one regularization parameter, one number for each ρ step. */
export interface ParameterHistory {
  /** In its own unit (σ, ρ, pixels), after the step; the mean over elements where it is an array. */
  value: number[];
  /** Of the regularization loss by ρ's variable (raw, for a bijector), before the step; summed over elements. */
  gradient: number[];
}

/** The record of a run, in plain numbers: `JSON.stringify` keeps it. */
export interface RegularizationRecord {
  /** Training steps taken when each ρ step happened. */
  step: number[];
  /** The regularization loss of each ρ step. Not finite where the step was skipped. */
  loss: number[];
  /** By the name of each regularization parameter. */
  rho: Record<string, ParameterHistory>;
  /** ρ steps that were skipped, for a loss, gradient or new value that was not finite. */
  skipped: number;
}

/**
 * Collects what each ρ step did. Its numbers stay on the device, in one small array per step, and are read together when
 * {@link flush} is awaited: a ρ step itself never waits for the device.
 */
export class RegularizationHistory<T> implements RegularizationRecord {
  readonly step: number[] = [];
  readonly loss: number[] = [];
  readonly rho: Record<string, ParameterHistory>;
  skipped = 0;
  private pending: { step: number; row: T }[] = [];
  private reading: Promise<void> = Promise.resolve();

  constructor(
    private readonly framework: Framework<T>,
    private readonly parameters: readonly RegularizationParameter<T>[],
  ) {
    this.rho = Object.fromEntries(parameters.map(({ name }) => [name, { value: [], gradient: [] }]));
  }

  /** Notes a ρ step. Called inside the step's `tidy`; what waits is a variable, so it survives it. */
  record(step: number, loss: T, finite: T, gradients: readonly T[]): void {
    const { framework: fw } = this;
    const mean = (x: T) => {
      const count = fw.shape(x).reduce((product, n) => product * n, 1);
      return fw.div(fw.sum(x), fw.array(count));
    };
    const row = fw.stack([
      fw.reshape(loss, []),
      fw.reshape(finite, []),
      ...this.parameters.flatMap((rho, i) => [mean(rho.value()), fw.sum(gradients[i])]),
    ]);
    this.pending.push({ step, row: fw.variable(row) });
  }

  /**
   * Reads the numbers that wait on the device into the arrays above, in the order of calls. Reading starts at once, and
   * callers that do not await it continue without waiting.
   */
  flush(): Promise<void> {
    const { framework, pending } = this;
    const numbers = pending.map(({ row }) => framework.read(row));
    this.pending = [];
    this.reading = this.reading.then(async () => {
      for (const [k, { step, row }] of pending.entries()) {
        const [loss, finite, ...rest] = await numbers[k];
        framework.dispose(row);
        this.step.push(step);
        this.loss.push(loss);
        if (finite === 0) this.skipped += 1;
        this.parameters.forEach(({ name }, i) => {
          this.rho[name].value.push(rest[2 * i]);
          this.rho[name].gradient.push(rest[2 * i + 1]);
        });
      }
    });
    return this.reading;
  }

  /** The state of every regularization parameter by name, from what was flushed so far. */
  status(): Record<string, Convergence> {
    return Object.fromEntries(
      this.parameters.map(({ name, range }) => [name, convergence(this.rho[name], { range })]),
    );
  }

  /** The record alone, for JSON. */
  toJSON(): RegularizationRecord {
    const { step, loss, rho, skipped } = this;
    return { step, loss, rho, skipped };
  }

  /** Continues a record from an earlier run, as after a restart. Parameters it lacks start empty. */
  loadRecord(record: RegularizationRecord): void {
    this.dispose();
    replace(this.step, record.step);
    replace(this.loss, record.loss);
    this.skipped = record.skipped;
    for (const name of Object.keys(this.rho)) {
      const path = record.rho[name] ?? { value: [], gradient: [] };
      this.rho[name] = { value: [...path.value], gradient: [...path.gradient] };
    }
  }

  dispose(): void {
    for (const { row } of this.pending) this.framework.dispose(row);
    this.pending = [];
  }
}

/** Replaces the numbers of a list, one by one: a call such as `push(...numbers)` takes only some hundred thousand. */
function replace(list: number[], numbers: readonly number[]): void {
  const copy = [...numbers];
  list.length = 0;
  for (const number of copy) list.push(number);
}
