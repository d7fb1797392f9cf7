import { ArgumentError, type RegularizationState } from '@crossreg/core';
import type * as tf from '@tensorflow/tfjs-core';
import type { LayersModel, Logs } from '@tensorflow/tfjs-layers';
import { type Checkpoint, checkpoint, type Resumable } from './checkpoint';
import type { CheckpointStore } from './checkpointStore';
import type { CrossRegularization } from './crossRegularization';
import { differences } from './differences';
import { logName } from './logs';
import { assignAll } from './modelState';
import type { PreparedModel } from './prepareModel';
import type { BatchesState } from './regularizationData';
import type { FittedData } from './runSettings';

/** How far a run has come. */
export interface RunProgress<Data = any> {
  /** Completed epochs, which is also the number of the next one. */
  epoch: number;
  /** Training steps taken. */
  step: number;
  /** The `epochs` of a `cross.fit` that was ended before, as `tf.callbacks.earlyStopping` does. */
  endedOf?: number;
  /** What the loop passed to `save`. */
  data?: Data;
}

/** What a callback counts over all its runs. Random numbers and orders follow from these counts. */
export interface Counts {
  trainingSteps: number;
  rhoSteps: number;
  /** Epochs, by which the orders of the training data are numbered. */
  epochs: number;
}

/** What `fit` returns as its history. */
export interface EpochLogs {
  epoch: number[];
  history: Record<string, number[]>;
}

/** What the callback adds to a checkpoint. */
export interface CrossState extends Counts {
  step: RegularizationState;
  batches: BatchesState;
  /** The weights of hooked noise, which are not in the model. */
  noise: tf.Tensor[];
  fit: FittedData | undefined;
  logs: EpochLogs;
}

export const hookedWeights = ({ hook }: PreparedModel) =>
  (hook?.layers ?? []).flatMap((layer) => layer.weights.map((weight) => weight.read() as tf.Variable));

/** What a callback provides for a checkpoint: how to read and restore its state, and the data saved along with it. */
export class Resumption {
  /** The data of the last `fit`. */
  fitted: FittedData | undefined;
  /** Undefined until the checkpoint was read. */
  private progress: RunProgress | undefined;
  private kept: Checkpoint<RunProgress> | undefined;
  private logs: EpochLogs = { epoch: [], history: {} };

  constructor(private readonly store: CheckpointStore | undefined) {}

  /** Whether there is a checkpoint that was not read yet. */
  get isDue(): boolean {
    return this.store !== undefined && !this.progress;
  }

  /** The logs of all epochs if there is a checkpoint. */
  get history(): EpochLogs | undefined {
    return this.store && structuredClone(this.logs);
  }

  /** @throws ArgumentError if there is a checkpoint that was not read. */
  checkRestored(): void {
    if (this.isDue) throw notRestored();
  }

  /** @throws ArgumentError for an epoch that was completed before the checkpoint. */
  checkEpoch(epoch: number): void {
    if (this.progress && epoch < this.progress.epoch) {
      throw new ArgumentError(
        'checkpoint',
        `is at the end of epoch ${this.progress.epoch}, but training started at epoch ${epoch} (counted from 0). Use cross.fit; or ` +
          'pass initialEpoch: (await cross.restore(model)).epoch and the total as epochs; or delete the checkpoint.',
      );
    }
  }

  /** How far the run is. Reads the checkpoint if that was not done yet; without one, it is epoch 0. */
  async begin(model: LayersModel, cross: Resumable): Promise<RunProgress> {
    if (this.isDue) await this.restore(model, cross);
    return this.progress ?? { epoch: 0, step: 0 };
  }

  /** Saves the run at the end of an epoch if there is a checkpoint. */
  async endEpoch(epoch: number, logs: Logs | undefined, step: number): Promise<void> {
    if (!this.store) return;
    const { progress } = this;
    if (!progress) throw notRestored();
    progress.epoch = epoch + 1;
    delete progress.endedOf;
    this.logs.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs ?? {})) {
      const number = typeof value === 'number' ? value : (await (value as tf.Tensor).data())[0];
      this.logs.history[key] = [...(this.logs.history[key] ?? []), number];
    }
    await this.save(step, progress.data);
  }

  /** Saves that training was ended before the last of its epochs, so that the same program does not train on when it is restarted. */
  async endRun(epochs: number, step: number): Promise<void> {
    if (!this.progress) return;
    this.progress.endedOf = epochs;
    await this.save(step, this.progress.data);
  }

  async save(step: number, data: unknown): Promise<void> {
    if (!this.store) throw noCheckpoint();
    if (!this.progress || !this.kept) throw notRestored();
    this.progress.step = step;
    if (data !== undefined) this.progress.data = data;
    await this.kept.save({ ...this.progress });
  }

  async restore(model: LayersModel, cross: Resumable): Promise<RunProgress> {
    if (!this.store) throw noCheckpoint();
    this.kept = checkpoint<RunProgress>(this.store, { model, cross: cross as CrossRegularization });
    this.progress = (await this.kept.restore()) ?? { epoch: 0, step: 0 };
    return { ...this.progress };
  }

  /** The state of a prepared model's ρ, its optimizer, history and random numbers. */
  async state(run: PreparedModel, counts: Counts): Promise<CrossState> {
    return {
      ...counts,
      fit: this.fitted,
      logs: this.logs,
      step: await run.step.state(),
      batches: run.batches.state(),
      noise: hookedWeights(run),
    };
  }

  /**
   * Continues from a state.
   *
   * @returns the counts to continue with.
   * @throws ArgumentError for the state of other training data or parameters; nothing has changed then.
   */
  async loadState(run: PreparedModel, state: CrossState): Promise<Counts> {
    const { step, batches } = run;
    if (state.fit && this.fitted) checkFitted(state.fit, this.fitted);
    // The same parameters may have other names: those of layers count what a process has made before.
    const names = Object.keys(step.history.rho);
    const { history } = state.step;
    const rho = Object.fromEntries(names.map((name, i) => [name, history.rho[state.step.names[i]]]));
    if (names.length !== state.step.names.length) {
      throw new ArgumentError(
        'checkpoint',
        `has ${state.step.names.length} regularization parameters, but this run has ${names.length}. Build the model of that run, or give another folder.`,
      );
    }
    step.checkState({ ...state.step, names });
    await batches.loadState(state.batches);
    step.loadState({ ...state.step, names, history: { ...history, rho } });
    assignAll(hookedWeights(run), state.noise);
    const renamed = new Map(state.step.names.map((name, i) => [logName(name), logName(names[i])]));
    const columns = Object.entries(state.logs.history).map(([key, column]) => [
      renamed.get(key) ?? key,
      column,
    ]);
    this.logs = { epoch: state.logs.epoch, history: Object.fromEntries(columns) };
    const { trainingSteps, rhoSteps, epochs } = state;
    return { trainingSteps, rhoSteps, epochs };
  }
}

/** @throws ArgumentError if the training data or their order differ from those of the checkpoint. */
function checkFitted(then: FittedData, now: FittedData): void {
  for (const what of ['examples', 'batchSize', 'shuffle', 'validationSplit', 'classWeight'] as const) {
    const [before, after] = [then, now].map((fitted) => JSON.stringify(fitted[what]));
    if (before === after) continue;
    throw new ArgumentError(
      what === 'examples' ? 'x' : what,
      `is ${after}, but was ${before} when the checkpoint was saved, which changes the order of the training data. Use the earlier value, or another folder.`,
    );
  }
  for (const what of ['x', 'y'] as const) {
    const [found] = differences(then[what], now[what], what);
    if (found === undefined) continue;
    throw new ArgumentError(
      what,
      `has changed since the checkpoint was saved: ${found}. Train on the same data, or give another folder.`,
    );
  }
}

const noCheckpoint = () =>
  new ArgumentError('checkpoint', "is missing. Give crossRegularization the option checkpoint: 'folder'.");

const notRestored = () =>
  new ArgumentError(
    'checkpoint',
    'was not restored, so saving would overwrite an earlier run. Call await cross.restore(model) before training.',
  );
