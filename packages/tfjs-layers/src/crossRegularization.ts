import {
  ArgumentError,
  type Averaging,
  averagePredictions,
  type Convergence,
  checkAveraging,
  checkInteger,
  createSchedule,
  deriveSeed,
  isRegularizationStep,
  type LearningRate,
  type OptimizerFactory,
  permutation,
  type RegularizationRecord,
  type RegularizationState,
  RegularizationStep,
  rhoAdam,
  type Schedule,
  show,
} from '@crossreg/core';
import { NoiseStream, tfjs, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import {
  Callback,
  type LayersModel,
  type LayerVariable,
  type Logs,
  type ModelFitArgs,
} from '@tensorflow/tfjs-layers';
import { type Checkpoint, checkpoint, type Resumable } from './checkpoint';
import { type CheckpointStore, storeOf } from './checkpointStore';
import { type HookedNoise, hookNoise } from './hookNoise';
import { injectedBy } from './injected';
import { type InjectNoiseOptions, noiseLayers } from './injectNoise';
import { type LearnedNorms, learnNorms } from './learnedNorms';
import { assignAll, compiledModel } from './modelState';
import type { Norm } from './norms';
import { forward } from './predict';
import { randomLayers } from './randomLayers';
import {
  type BatchesState,
  checkFit,
  checkRegularizationData,
  list,
  type RegularizationBatches,
  type RegularizationData,
  type RegularizationTensors,
  regularizationBatches,
  type Tensors,
} from './regularizationData';
import { take, trainingBatches } from './trainingBatches';

export interface CrossRegularizationOptions extends Partial<Schedule> {
  /** The held-out set that ρ learns from, see {@link RegularizationData}. */
  regularizationData: RegularizationData;
  /**
   * For a compiled model without noise: hooks learnable noise into it when training begins, in the places and with the
   * options of `injectNoise`. {@link CrossRegularization.toModel} then gives the model with explicit noise layers.
   */
  noise?: boolean | InjectNoiseOptions;
  /**
   * Norms of the model's weights whose levels are learned, such as `l2()` and `l1({ layers: /dense/ })`: no surgery on
   * the model. With or without noise.
   */
  regularizers?: readonly Norm[];
  /** Examples in a ρ step, each with `samples` noise draws. Default 32; a data set has its own. */
  batchSize?: number;
  /** Of ρ's optimizer, Adam, in log σ and log ρ. Default 0.02. */
  learningRate?: LearningRate;
  /** Replaces Adam for ρ. */
  optimizer?: OptimizerFactory;
  /** How sampled outputs become one prediction. Default `'probabilities'`: their mean, as for a regression. */
  averaging?: Averaging;
  /** Of the noise of ρ steps, the order of the regularization set and, in `cross.fit`, of the training data. Default 0. */
  seed?: number;
  /**
   * A folder (in Node) or a store to keep the run in, written at the end of every epoch: a program that was killed and
   * is started again goes on there, to the identical result. {@link CrossRegularization.fit} does so by itself, other
   * loops begin at what {@link CrossRegularization.restore} returns. What was kept stays when training is over, so that
   * started once more the program has its trained model at once; delete it to train anew.
   */
  checkpoint?: string | CheckpointStore;
}

/** How far a run has come. */
export interface RunProgress<Data = any> {
  /** Epochs that are over: the number of the one to begin with. */
  epoch: number;
  /** Training steps taken. */
  step: number;
  /** What the loop saved along with it. */
  data?: Data;
}

type LossFunction = (target: tf.Tensor, prediction: tf.Tensor) => tf.Tensor;
/** What `compile` leaves on a model. Private there. */
interface Compiled {
  lossFunctions?: LossFunction[];
  collectedTrainableWeights?: LayerVariable[];
}

/** What the callback adds to a checkpoint. */
interface CrossState {
  step: RegularizationState;
  batches: BatchesState;
  /** Of noise that is hooked in: it is not in the model. */
  noise: tf.Tensor[];
  trainingSteps: number;
  rhoSteps: number;
  rounds: number;
  fit: { examples: number; batchSize: number; shuffle: boolean } | undefined;
  logs: EpochLogs;
}

/** What `fit` returns as its history. */
interface EpochLogs {
  epoch: number[];
  history: Record<string, number[]>;
}

/**
 * The callback that makes a model learn its own regularization while `fit` trains it: every `every` batches it takes
 * one gradient step of ρ, the σ of the model's {@link LearnableNoise} layers and the levels of norms on its weights, on
 * the loss of the K-sample averaged prediction for a batch of the regularization set. Made by {@link crossRegularization}.
 *
 * It reads the loss the model is compiled with. Batch-norm statistics and θ's optimizer are not touched, and no weight
 * but those under a norm, which go back to their level after every batch and along with it at a ρ step.
 */
export class CrossRegularization extends Callback implements Resumable {
  private readonly schedule: Schedule;
  private readonly batchSize: number;
  private readonly seed: number;
  private readonly averaging: Averaging;
  private readonly optimizer: OptimizerFactory;
  private readonly noise: InjectNoiseOptions | undefined;
  private readonly norms: readonly Norm[];
  private readonly data: RegularizationData;
  /** What `fit` split off the training data, with the number of examples it was split off. */
  private heldOut: { tensors: RegularizationTensors; from: number } | undefined;
  private run:
    | {
        model: LayersModel;
        batches: RegularizationBatches;
        losses: LossFunction[];
        step: RegularizationStep<tf.Tensor>;
        hook: HookedNoise | undefined;
        norms: LearnedNorms;
        /** Without noise all samples are the same one. */
        samples: number;
      }
    | undefined;
  private trainingSteps = 0;
  private rhoSteps = 0;
  /** Epochs begun and ended by this callback, in all its runs: the orders of the training data are counted by it. */
  private rounds = 0;
  private readonly learningRate: LearningRate | undefined;
  private readonly store: CheckpointStore | undefined;
  private kept: Checkpoint<RunProgress> | undefined;
  /** Since the checkpoint was read; undefined before. */
  private progress: RunProgress | undefined;
  private fitting: CrossState['fit'];
  private logs: EpochLogs = { epoch: [], history: {} };

  /** @throws ArgumentError for options out of range. */
  constructor(options: CrossRegularizationOptions) {
    super();
    const { regularizationData, batchSize = 32, seed = 0 } = options;
    const { every, samples, warmUp } = options;
    const given = Object.fromEntries(
      Object.entries({ every, samples, warmUp }).filter(([, v]) => v !== undefined),
    );
    this.schedule = createSchedule(given);
    this.batchSize = checkInteger('batchSize', batchSize, 1, 'Use 32.');
    this.seed = seed;
    this.noise = options.noise === true ? {} : options.noise || undefined;
    this.norms = options.regularizers ?? [];
    if (!Array.isArray(this.norms) || this.norms.some((one) => !one?.regularizer?.retract || !one.options)) {
      throw new ArgumentError(
        'regularizers',
        `must be a list of norms such as [l2(), l1({ layers: /dense/ })], but is ${show(options.regularizers)}.`,
      );
    }
    this.averaging = checkAveraging('averaging', options.averaging ?? 'probabilities');
    this.learningRate = options.learningRate;
    this.optimizer = options.optimizer ?? rhoAdam(options.learningRate);
    this.store = options.checkpoint === undefined ? undefined : storeOf(options.checkpoint);
    this.data = checkRegularizationData(regularizationData);
  }

  /** What every ρ step did, complete at the end of each epoch. */
  get history(): RegularizationRecord {
    return this.run?.step.history ?? { step: [], loss: [], rho: {}, skipped: 0 };
  }

  /**
   * The trained network with explicit noise layers, ready to compile, `predict` and save; weights are shared with the
   * model that was trained, which keeps its noise hooked in.
   *
   * @throws Error before training.
   */
  toModel(): LayersModel {
    if (!this.run) throw new Error('toModel: nothing was trained yet. Call fit with this callback first.');
    return this.run.hook?.toModel() ?? this.run.model;
  }

  /** The share of exact zeros in every weight under a norm, by `layer/weight`. */
  async sparsity(): Promise<Record<string, number>> {
    return (await this.run?.norms.sparsity()) ?? {};
  }

  /** Convergence of every σ, by layer name, and of every level, by layer and norm. */
  status(): Record<string, Convergence> {
    return this.run?.step.history.status() ?? {};
  }

  override async onTrainBegin(_logs?: Logs): Promise<void> {
    const model = this.model as LayersModel | undefined;
    if (!model) {
      throw new ArgumentError(
        'callbacks',
        'gave crossRegularization no model: in a list with plain callback objects, put it first or wrap those in ' +
          'tf.CustomCallback.',
      );
    }
    await this.prepare(model);
    if (this.store && !this.progress) await this.restore(model);
  }

  override async onEpochBegin(epoch: number, _logs?: Logs): Promise<void> {
    if (this.progress && epoch < this.progress.epoch) {
      throw new ArgumentError(
        'checkpoint',
        `is at the end of epoch ${this.progress.epoch}, but training began at epoch ${epoch} (from 0). Use cross.fit, or ` +
          'pass initialEpoch: (await cross.restore(model)).epoch, with epochs the total; or delete the checkpoint.',
      );
    }
  }

  /** Prepares for a model, once; a further call with the same model goes on where the last ended. */
  async prepare(given: LayersModel): Promise<void> {
    const model = compiledModel(given);
    if (this.run?.model === model) return;
    const own = randomLayers(model);
    const hooks = this.noise !== undefined && noiseLayers(model).length === 0;
    if (own.length === 0 && !hooks && this.norms.length === 0) {
      const maker = injectedBy(model);
      throw new ArgumentError(
        'model',
        maker
          ? `${model.name} was given to ${maker}, which returned a new model. Compile and fit that one.`
          : `${model.name} has nothing to learn a regularization for. Make it with injectNoise(model) or injectAugmentation(model, …), set noise: true, or give regularizers.`,
      );
    }
    const { lossFunctions, collectedTrainableWeights } = model as unknown as Compiled;
    if (!lossFunctions)
      throw new ArgumentError('model', `${model.name} is not compiled. Call compile first.`);
    const trained = new Set(collectedTrainableWeights?.map((weight) => weight.read()));
    const owned = own
      .flatMap((layer) => layer.regularizationParameters())
      .find(({ variable }) => trained.has(variable));
    if (owned) {
      throw new ArgumentError(
        'model',
        `${owned.name}: θ's optimizer was compiled to train it, a regularization parameter. Compile again.`,
      );
    }
    const data = 'split' in this.data ? this.heldOut?.tensors : this.data;
    if (!data) {
      throw new ArgumentError(
        'regularizationData',
        'is { split }, but a callback does not see the training data. Call cross.fit(model, x, y, args) instead of ' +
          'model.fit, or hold out tensors yourself.',
      );
    }
    const batches = await regularizationBatches(data, model, {
      batchSize: this.batchSize,
      seed: deriveSeed(this.seed, 2),
    });
    const norms = await learnNorms(model, this.norms, collectedTrainableWeights ?? []);
    const hook = hooks ? hookNoise(model, this.noise) : undefined;
    const random = [...own, ...(hook?.layers ?? [])];
    const drawn = random.flatMap((layer) => layer.regularizationParameters());
    const step = new RegularizationStep({
      framework: tfjs,
      rho: [...drawn, ...norms.rho],
      optimizer: { for: (rho) => norms.optimizerOf(rho) ?? this.optimizer },
    });
    const samples = random.length > 0 ? this.schedule.samples : 1;
    this.run = { model, batches, losses: lossFunctions, step, hook, norms, samples };
  }

  override async onBatchEnd(_batch: number, _logs?: Logs): Promise<void> {
    this.run?.norms.retract();
    if (isRegularizationStep(this.schedule, this.trainingSteps++)) await this.regularize();
  }

  /** Keeps the run, where there is a checkpoint. */
  override async onEpochEnd(epoch: number, logs?: Logs): Promise<void> {
    this.rounds += 1;
    await this.run?.step.history.flush();
    if (!this.store) return;
    const { progress } = this;
    if (!progress) throw notRestored();
    progress.epoch = epoch + 1;
    this.logs.epoch.push(epoch);
    for (const [key, value] of Object.entries(logs ?? {})) {
      const number = typeof value === 'number' ? value : (await (value as tf.Tensor).data())[0];
      this.logs.history[key] = [...(this.logs.history[key] ?? []), number];
    }
    await this.save(progress.data);
  }

  override async onTrainEnd(_logs?: Logs): Promise<void> {
    await this.run?.step.history.flush();
  }

  /** One ρ step, now. */
  private async regularize(): Promise<void> {
    if (!this.run) return;
    const { model, batches, losses, step, samples } = this.run;
    const batch = await batches.next();
    const stream = new NoiseStream(deriveSeed(this.seed, 1, this.rhoSteps));
    this.rhoSteps += 1;
    tf.tidy(() => {
      // All K draws of an example in one pass: sample k of example b is row k · batch + b.
      const inputs = batch.x.map((tensor) => tf.concat(new Array<tf.Tensor>(samples).fill(tensor)));
      const loss = () =>
        withNoise(stream, () => forward(model, inputs))
          .map((output, i) => {
            const shape = [samples, batch.x[0].shape[0], ...output.shape.slice(1)];
            const average = averagePredictions(tfjs, tf.reshape(output, shape), this.averaging);
            return tf.mean(losses[i](batch.y[i], average));
          })
          .reduce((sum, term) => tf.add(sum, term));
      step.run(loss, this.trainingSteps);
    });
    tf.dispose([batch.x, batch.y]);
  }

  /**
   * Keeps the run as it is now: for a loop of your own, within an epoch too. Await it before training on.
   *
   * @param data - what {@link restore} is to return with it: JSON, typed arrays, tensors.
   * @throws ArgumentError without a `checkpoint`, or before {@link restore}.
   */
  async save(data?: unknown): Promise<void> {
    if (!this.progress || !this.kept) throw notRestored();
    this.progress.step = this.trainingSteps;
    if (data !== undefined) this.progress.data = data;
    await this.kept.save({ ...this.progress });
  }

  /**
   * Brings a compiled model and this callback to where the checkpoint is, and tells where that is: epoch 0, step 0 where
   * there is none yet. Call it before a loop of your own or `fitDataset`; `cross.fit` does.
   *
   * @throws ArgumentError without a `checkpoint`, for one of another model or other options (it says what differs), and
   *   for a damaged one.
   */
  async restore<Data = any>(model: LayersModel): Promise<RunProgress<Data>> {
    if (!this.store) throw notRestored();
    this.kept = checkpoint<RunProgress>(this.store, { model, cross: this });
    this.progress = (await this.kept.restore()) ?? { epoch: 0, step: 0 };
    return { ...this.progress };
  }

  /** What must agree between the options of a checkpoint and these. */
  settings(): object {
    const { schedule, batchSize, seed, averaging, learningRate, norms, data } = this;
    const shapes = (tensors: Tensors) => list(tensors).map(({ shape }) => shape);
    return {
      ...{ schedule, batchSize, seed, averaging, learningRate },
      regularizers: norms.map(({ regularizer, options }) => [regularizer.name, options.per ?? 'layer']),
      regularizationData: Array.isArray(data)
        ? data.map(shapes)
        : 'split' in data
          ? { split: data.split, of: this.heldOut?.from }
          : 'a data set',
    };
  }

  /** ρ, its optimizer, history and random state, for a checkpoint. */
  async state(): Promise<CrossState> {
    if (!this.run) throw new Error('state: nothing was prepared.');
    const { step, batches, hook } = this.run;
    const { trainingSteps, rhoSteps, rounds, fitting: fit, logs } = this;
    return {
      ...{ trainingSteps, rhoSteps, rounds, fit, logs },
      step: await step.state(),
      batches: batches.state(),
      noise: (hook?.layers ?? []).flatMap((layer) => layer.weights.map((weight) => weight.read())),
    };
  }

  /** Goes on from {@link state}. */
  async restoreState(state: CrossState): Promise<void> {
    if (!this.run) throw new Error('restoreState: nothing was prepared.');
    const { step, batches, hook } = this.run;
    for (const [what, then] of Object.entries(state.fit ?? {})) {
      const now = this.fitting?.[what as 'examples'] ?? then;
      if (now === then) continue;
      throw new ArgumentError(
        what === 'examples' ? 'x' : what,
        `is ${now}, but was ${then} when the checkpoint was saved: the order of the training data would be another.`,
      );
    }
    // The same parameters may have other names: those of layers count what a process has made before.
    const names = Object.keys(step.history.rho);
    const { history } = state.step;
    const rho = Object.fromEntries(names.map((name, i) => [name, history.rho[state.step.names[i]]]));
    if (names.length !== state.step.names.length) {
      throw new ArgumentError(
        'checkpoint',
        `is of ${state.step.names.length} regularization parameters, but here are ${names.length}.`,
      );
    }
    step.check({ ...state.step, names });
    await batches.restore(state.batches);
    step.restore({ ...state.step, names, history: { ...history, rho } });
    const noise = (hook?.layers ?? []).flatMap((layer) => layer.weights);
    assignAll(
      noise.map((weight) => weight.read() as tf.Variable),
      state.noise,
    );
    const { trainingSteps, rhoSteps, rounds, logs } = state;
    Object.assign(this, { trainingSteps, rhoSteps, rounds, logs });
  }

  /**
   * `model.fit` with this callback, in an order of the training data that follows from the callback's `seed`. (`fit` of
   * the model shuffles with `Math.random`.) With `regularizationData: { split }` it first takes that share of the
   * examples, chosen at random, off the training data: the same ones in every further call. With a `checkpoint` it goes
   * on where that is, `epochs` is the total, and the history that is returned begins at epoch 0.
   *
   * @throws ArgumentError for arrays that do not fit the model, and `sampleWeight`, which TensorFlow.js does not have.
   */
  async fit(model: LayersModel, x: Tensors, y: Tensors, args: ModelFitArgs = {}) {
    const { batchSize = 32, shuffle = true, epochs = 1, validationSplit, classWeight } = args;
    if (args.sampleWeight !== undefined || args.stepsPerEpoch !== undefined) {
      throw new ArgumentError('args', 'has sampleWeight or stepsPerEpoch, which fit of TensorFlow.js lacks.');
    }
    checkInteger('args.batchSize', batchSize, 1, 'Use 32.');
    checkInteger('args.epochs', epochs, 1, 'Use 1, or more.');
    const data = { x: list(x), y: list(y) };
    checkFit(data, compiledModel(model), 'x, y');
    const examples = data.x[0].shape[0];
    let rest = this.holdOut(data, examples);
    this.fitting = { examples, batchSize, shuffle };
    let initialEpoch = args.initialEpoch ?? 0;
    if (this.store) {
      const { epoch } = this.progress ?? (await this.restore(model));
      initialEpoch = Math.max(initialEpoch, epoch);
    }
    const given = args.validationData;
    let validation: tf.Tensor[][] | undefined;
    if (!given && validationSplit) {
      // The last ones, as `fit` has it.
      const at = Math.floor(rest.length * (1 - validationSplit));
      validation = [take(data.x, rest.slice(at)), take(data.y, rest.slice(at))];
      rest = rest.slice(0, at);
    }
    const order = () => {
      if (!shuffle) return rest;
      return [...permutation(rest.length, deriveSeed(this.seed, 4, this.rounds))].map((i) => rest[i]);
    };
    const others = args.callbacks === undefined ? [] : list(args.callbacks as Callback | Callback[]);
    try {
      const history = await model.fitDataset(trainingBatches(data, { batchSize, order }) as never, {
        ...{ epochs, initialEpoch, classWeight, yieldEvery: args.yieldEvery },
        verbose: args.verbose as 0 | 1,
        batchesPerEpoch: Math.ceil(rest.length / batchSize),
        validationData: (given ?? validation) as never,
        validationBatchSize: batchSize,
        callbacks: [this as Callback, ...others] as never,
      });
      return this.store ? Object.assign(history, structuredClone(this.logs)) : history;
    } finally {
      tf.dispose(validation ?? []);
    }
  }

  /** The training examples by index, without those that `{ split }` takes off, which are kept for ρ. */
  private holdOut({ x, y }: { x: tf.Tensor[]; y: tf.Tensor[] }, count: number): number[] {
    if (!('split' in this.data)) return Array.from({ length: count }, (_, i) => i);
    const held = Math.round(count * this.data.split);
    if (held === 0) {
      throw new ArgumentError(
        'regularizationData.split',
        `of ${this.data.split} takes nothing off ${count} examples. Use a larger share.`,
      );
    }
    if (this.heldOut && this.heldOut.from !== count) {
      throw new ArgumentError(
        'x',
        `has ${count} examples, but the regularization set was split off ${this.heldOut.from}. Go on with the same data, ` +
          'so that none of the held-out examples is trained on, or make a new callback.',
      );
    }
    const order = [...permutation(count, deriveSeed(this.seed, 3))];
    const chosen = order.slice(0, held);
    this.heldOut ??= { tensors: [take(x, chosen), take(y, chosen)], from: count };
    return order.slice(held);
  }

  /** `model.trainOnBatch`, and the ρ step that follows it when one is due. */
  async trainOnBatch(model: LayersModel, x: Tensors, y: Tensors) {
    await this.prepare(model);
    if (this.store && !this.progress) throw notRestored();
    const result = await model.trainOnBatch(x, y);
    await this.onBatchEnd(0);
    return result;
  }

  /**
   * Frees the state of ρ's optimizer, the levels of norms, and what was split off. The model, its weights and its σ
   * stay.
   */
  dispose(): void {
    if (this.heldOut) tf.dispose(this.heldOut.tensors);
    this.heldOut = undefined;
    this.run?.step.dispose();
    this.run?.norms.dispose();
    this.run = undefined;
  }
}

const notRestored = () =>
  new ArgumentError(
    'checkpoint',
    'was not restored, so saving would lose an earlier run. Give the option `checkpoint`, and call ' +
      'await cross.restore(model) before training.',
  );

/**
 * The callback for `fit` and `fitDataset`, see {@link CrossRegularization}.
 *
 * @throws ArgumentError for options out of range; what concerns the model and the data is refused when training
 *   begins, before the first step.
 */
export function crossRegularization(options: CrossRegularizationOptions): CrossRegularization {
  return new CrossRegularization(options);
}
