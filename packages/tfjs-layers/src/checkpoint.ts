import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { currentNoise, seedNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { LayersModel } from '@tensorflow/tfjs-layers';
import { decodeBundle, encodeBundle } from './bundle';
import { checkModel } from './checkInputs';
import { type CheckpointStore, storeOf } from './checkpointStore';
import type { CrossRegularization } from './crossRegularization';
import { differences } from './differences';
import { freeState, type ModelState, modelSettings, modelState, restoreModel } from './modelState';
import { asSettings } from './settings';

/** Something that learns along with a model and keeps its state itself: the callback of `crossRegularization`. */
export interface Resumable {
  /** Prepares the object whose state is saved. */
  prepare(model: LayersModel): Promise<void>;
  /** What must agree for a saved state to be accepted. Functions and regular expressions are compared as text. */
  settings(): object | Promise<object>;
  /** Plain objects, typed arrays and tensors, which may be the ones in use. */
  state(): Promise<unknown>;
  loadState(state: any): Promise<void>;
}

/** A compiled model and, as an option, the callback that trains its regularization. */
export interface TrainedModel {
  model: LayersModel;
  cross?: CrossRegularization;
}

export interface CheckpointOptions {
  /**
   * What else must agree when the run is restored, such as its seed and its number of examples: JSON. A checkpoint with other
   * settings is refused.
   */
  settings?: object;
}

/** The whole state of a run, kept in a store, see {@link checkpoint}. */
export interface Checkpoint<Progress> {
  /**
   * Writes the state of the run, with `progress`: where the loop is, and what it needs to continue (JSON, typed arrays,
   * tensors). Await it before training on.
   *
   * @throws ArgumentError if {@link restore} was not called before, because an earlier run would be lost.
   */
  save(progress: Progress): Promise<void>;
  /**
   * Restores the run and returns its progress; undefined if nothing was saved. Tensors in the progress are the caller's.
   *
   * @throws ArgumentError for a checkpoint of another model or other settings (the message says what differs), or a damaged
   *   one. Nothing is changed then.
   */
  restore(): Promise<Progress | undefined>;
  /** Deletes the checkpoint. */
  remove(): Promise<void>;
}

interface Contents {
  settings: unknown;
  noise: { seed: number; count: number };
  models: { model: ModelState; cross: unknown }[];
  progress: any;
}

/**
 * Checkpoints for a custom training loop. A run that was killed continues from the last one, to the identical result. It
 * holds weights, optimizer and statistics of one or several compiled models (a population is saved as one), ρ with its
 * optimizer and history, and the stream of training noise.
 *
 *     const run = checkpoint('runs/a', { model, cross });
 *     const { epoch } = (await run.restore()) ?? { epoch: 0 };
 *     for (let e = epoch; e < epochs; e++) {
 *       // … a pass over the training data, in an order that follows from e …
 *       await run.save({ epoch: e + 1 });
 *     }
 *
 * Not in it: what draws from `Math.random`, such as stock dropout and noise layers and `fit`'s shuffling.
 *
 * @param store - the name of a folder (in Node), or a store.
 * @throws ArgumentError for anything but a store. The models are checked when the run is restored or saved.
 * @example
 * ```ts
 * const run = checkpoint('out/run', { model });
 * const { epoch } = (await run.restore()) ?? { epoch: 0 };
 * for (let e = epoch; e < 2; e++) {
 *   await model.trainOnBatch(xTrain, yTrain);
 *   await run.save({ epoch: e + 1 });
 * }
 * ```
 */
export function checkpoint<Progress = any>(
  store: string | CheckpointStore,
  trained: TrainedModel | readonly TrainedModel[],
  options: CheckpointOptions = {},
): Checkpoint<Progress> {
  checkOptions('checkpoint', options, { settings: 1 });
  const { settings = {} } = options;
  const place = storeOf(store);
  const all: { model: LayersModel; cross?: Resumable }[] = [trained].flat();
  for (const one of all) {
    if (one instanceof LayersModel) {
      throw new ArgumentError(
        'checkpoint',
        `takes { model, cross }, but is given ${show(one)}. Write { model }.`,
      );
    }
    checkOptions('checkpoint', one, { model: 1, cross: 1 });
    checkModel(one?.model);
    if (one.cross !== undefined && typeof one.cross?.loadState !== 'function') {
      throw new ArgumentError(
        'cross',
        `must be what crossRegularization(…) returned, but is ${show(one.cross)}. Leave it out if the model is trained without it.`,
      );
    }
  }
  /** Whether the bundle in the store is known to belong to this run, so that it may be replaced. */
  let ours = false;

  const settingsNow = async () => {
    const models = await Promise.all(
      all.map(async ({ model, cross }) => ({ ...modelSettings(model), cross: await cross?.settings() })),
    );
    return asSettings({ settings, models }) as object;
  };
  const prepare = async () => {
    for (const { model, cross } of all) await cross?.prepare(model);
  };
  return {
    async save(progress) {
      if (!ours && (await place.read())) {
        throw new ArgumentError(
          'checkpoint',
          'holds an earlier run, which saving would overwrite. Call restore() before training, or remove() to start again.',
        );
      }
      ours = true;
      await prepare();
      const models: Contents['models'] = [];
      try {
        for (const { model, cross } of all) {
          models.push({ model: await modelState(model), cross: (await cross?.state()) ?? null });
        }
        const { seed, count } = currentNoise();
        const noise = { seed, count };
        const contents = { settings: await settingsNow(), noise, models, progress } satisfies Contents;
        await place.write(await encodeBundle(contents));
      } finally {
        for (const { model } of models) freeState(model);
      }
    },

    async restore() {
      await prepare();
      const now = await settingsNow();
      // Check now, rather than after an epoch, that everything can be saved.
      for (const { model } of all) freeState(await modelState(model));
      const bundle = await place.read();
      ours = bundle === undefined;
      if (!bundle) return undefined;
      const { settings, noise, models, progress } = (await decodeBundle(bundle)) as Contents;
      try {
        const found = differences(settings, now, 'run');
        if (found.length > 0) {
          const more = found.length > 5 ? `, and ${found.length - 5} more` : '';
          // The batches of a data set may depend on Math.random.
          const shuffled = found.some((one) => one.includes('.firstBatch.'));
          throw new ArgumentError(
            'checkpoint',
            `comes from another run: ${found.slice(0, 5).join('; ')}${more}. Build the model of that run, or give another folder.` +
              `${shuffled ? ' A data set must yield the same batches in every process: give its shuffle a seed.' : ''}`,
          );
        }
        for (const [i, { model, cross }] of models.entries()) {
          await all[i].cross?.loadState(cross);
          await restoreModel(all[i].model, model);
        }
      } catch (error) {
        tf.dispose(progress);
        throw error;
      } finally {
        tf.dispose(models as unknown as tf.TensorContainer);
      }
      seedNoise(noise.seed, noise.count);
      ours = true;
      return progress;
    },

    async remove() {
      await place.remove();
      ours = true;
    },
  };
}
