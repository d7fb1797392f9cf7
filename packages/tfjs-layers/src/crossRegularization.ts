import {
  ArgumentError,
  type Averaging,
  type Convergence,
  deriveSeed,
  isRegularizationStep,
  type RegularizationRecord,
} from '@crossreg/core';
import { seedStreams } from '@crossreg/core/internal';
import { NoiseStream, seedNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import {
  Callback,
  CustomCallback,
  type LayersModel,
  type Logs,
  type ModelFitArgs,
} from '@tensorflow/tfjs-layers';
import { checkBatchHeldOut, checkHeldOut } from './checkHeldOut';
import { checkModel, oneCopy } from './checkInputs';
import { storeOf } from './checkpointStore';
import type { ClassWeights } from './classWeights';
import { lossFunctions } from './compiled';
import {
  type CompleteOptions,
  type CrossRegularizationOptions,
  completeOptions,
} from './crossRegularizationOptions';
import {
  checkFinite,
  checkFit,
  type Examples,
  type NamedTensors,
  type Tensors,
  tensorList,
} from './examples';
import { checkWeights } from './finiteWeights';
import { fitInOrder, fitPlan } from './fitInOrder';
import { freeHeldOut, type HeldOut, holdOut } from './holdOut';
import { hookOf } from './hooks';
import { addToLogs, whyNothing } from './logs';
import { compiledModel } from './modelState';
import { type PreparedModel, prepareAgain, prepareModel } from './prepareModel';
import { isPart, isTensors, partUnseen } from './regularizationData';
import { regularizationLoss } from './regularizationObjective';
import { type Counts, type CrossState, hookedWeights, Resumption, type RunProgress } from './resumption';
import { dataSettings, fittedData, noiseSettings } from './runSettings';
import { checkLoss } from './trainingLoss';
import { keepState } from './undoStep';

/** The callbacks in the list of a fit that begins, by the model that it trains. */
const listed = new WeakMap<object, CrossRegularization[]>();

/**
 * The callback that makes a model learn its regularization while `fit` trains it. Every `every` batches it takes one gradient
 * step of ρ: the σ of the model's {@link LearnableNoise} layers and the levels of norms on its weights. The loss of this step
 * is that of the K-sample averaged prediction for a batch of the regularization set. Made by {@link crossRegularization}.
 *
 * It uses the loss with which the model is compiled. A ρ step changes neither batch-norm statistics nor θ's optimizer. The only
 * weights that it moves are those under a norm: they are brought back to their level after every batch, and follow it in a ρ
 * step. While noise or augmentation is learned, moving batch-norm statistics have a momentum of at most 0.9, so that they
 * follow it.
 */
export class CrossRegularization extends Callback {
  private readonly options: CompleteOptions;
  /** Those of the present `fit` or, if it has none, of the option. */
  private classWeight: ClassWeights | undefined;
  /** The class weights with which the model was prepared. */
  private preparedClassWeight: ClassWeights | undefined;
  /** Whether {@link fit} is training, which leaves out what is held out. */
  private isFitting = false;
  /** Whether the result of {@link toModel} was handed out. */
  private modelWasGiven = false;
  /** ρ steps in the history when the epoch began. */
  private rhoStepsBeforeEpoch = 0;
  /** The count of skipped ρ steps at the last look at the weights. */
  private skippedBefore = 0;
  private readonly resumption: Resumption;
  private readonly counts: Counts = { trainingSteps: 0, rhoSteps: 0, epochs: 0 };
  private heldOut: HeldOut | undefined;
  private prepared: PreparedModel | undefined;

  /** @throws ArgumentError for options out of range. */
  constructor(options: CrossRegularizationOptions) {
    super();
    this.options = completeOptions(options);
    this.classWeight = this.options.classWeight;
    this.resumption = new Resumption(
      options.checkpoint === undefined ? undefined : storeOf(options.checkpoint),
    );
  }

  /** The record of every ρ step, complete at the end of each epoch. */
  get history(): RegularizationRecord {
    return this.prepared?.step.history ?? { step: [], loss: [], rho: {}, skipped: 0 };
  }

  /**
   * How the draws of each output are averaged, by the name of the output; empty before training. A softmax, a sigmoid or a stock
   * cross-entropy gives `'probabilities'`. A linear output before a loss that takes logits is `'logits'` or `'sigmoidLogits'`. Any
   * other output is `'mean'`. The choice is saved with the model, and `predict` and `toInferenceModel` follow it.
   */
  get averaging(): Record<string, Averaging> {
    const { model, outputs = [] } = this.prepared ?? {};
    return Object.fromEntries(outputs.map(({ averaging }, i) => [model?.outputNames[i], averaging]));
  }

  /**
   * Removes hooked noise from the model. The network that was trained remains available from {@link toModel}. Without hooked
   * noise it does nothing.
   */
  unhook(): void {
    if (this.prepared?.hook) this.prepared.restoreLayers();
    this.prepared?.hook?.unhook();
  }

  /**
   * The trained network with explicit noise layers, ready to compile, `predict` and save. It shares its weights with the
   * trained model, which keeps its hooked noise.
   *
   * @throws Error before training.
   */
  toModel(): LayersModel {
    if (!this.prepared)
      throw new Error('toModel: nothing was trained yet. Call fit with this callback first.');
    this.modelWasGiven = true;
    return this.prepared.hook?.toModel() ?? this.prepared.model;
  }

  /** The share of exact zeros in every weight under a norm, by `layer/weight`. */
  async sparsity(): Promise<Record<string, number>> {
    return (await this.prepared?.norms.sparsity()) ?? {};
  }

  /** The convergence of every σ, by layer name, and of every level, by layer and norm. */
  status(): Record<string, Convergence> {
    return this.prepared?.step.history.status() ?? {};
  }

  override setParams(params: Parameters<Callback['setParams']>[0]): void {
    // What an earlier fit has left that broke off before training.
    if (this.model) listed.delete(this.model);
    super.setParams(params);
  }

  override setModel(model: Parameters<Callback['setModel']>[0]): void {
    super.setModel(model);
    listed.set(model, [...(listed.get(model) ?? []), this]);
  }

  override async onTrainBegin(_logs?: Logs): Promise<void> {
    const model = this.model as LayersModel | undefined;
    if (!model) {
      // In such a list, a wrapper calls this method as its own.
      if (!((this as unknown) instanceof CustomCallback)) {
        throw new ArgumentError(
          'callbacks',
          `has a callback of another copy of TensorFlow.js than the model. ${oneCopy}`,
        );
      }
      throw new ArgumentError(
        'callbacks',
        'is a list with plain objects, which TensorFlow.js does not run together with others. Write ' +
          'callbacks: callbackList(cross, { onEpochEnd }) with callbackList of @crossreg/tfjs-layers.',
      );
    }
    const all = listed.get(model) ?? [];
    listed.delete(model);
    if (all.length > 1) {
      throw new ArgumentError(
        'callbacks',
        all.every((one) => one === this)
          ? `has the same crossRegularization ${all.length} times. Give it once.`
          : `has ${all.length} crossRegularizations, each of which would move every σ. Give one with all options: noise and regularizers.`,
      );
    }
    this.checkPart();
    await this.prepare(model);
    this.checkHook();
    await this.resumption.begin(model, this);
  }

  /** Only {@link fit} knows which examples it has held out. Any other training would include them. */
  private checkPart(): void {
    if (isPart(this.options.data) && !this.isFitting) throw partUnseen();
  }

  /** Without its noise, a model would give σ no gradient, and the optimizer of ρ would move it on all the same. */
  private checkHook(): void {
    const { hook, model } = this.prepared ?? {};
    if (!hook || !model || hookOf(model) === hook) return;
    throw new ArgumentError(
      'model',
      `${model.name} has no noise any more, because it was unhooked. Make a new callback, or train the result of toModel().`,
    );
  }

  override async onEpochBegin(epoch: number, _logs?: Logs): Promise<void> {
    this.resumption.checkEpoch(epoch);
    this.rhoStepsBeforeEpoch = this.history.step.length;
  }

  /** @internal Prepares for a model, once. A further call with the same model continues where the last one ended. */
  async prepare(given: LayersModel): Promise<void> {
    checkModel(given);
    const model = compiledModel(given);
    const { options, classWeight, prepared } = this;
    const chosen = { ...options, classWeight };
    if (!prepared) {
      const data = isPart(options.data) ? this.heldOut?.tensors : options.data;
      this.prepared = await prepareModel(model, data, chosen);
    } else if (
      prepared.model !== model ||
      prepared.losses !== lossFunctions(model) ||
      this.preparedClassWeight !== classWeight
    ) {
      await prepareAgain(prepared, model, chosen);
    }
    this.prepared?.batches.check();
    this.preparedClassWeight = classWeight;
  }

  /** Training noise follows from the callback's seed and the step number, whatever was drawn before. */
  override async onBatchBegin(_batch?: number, _logs?: Logs): Promise<void> {
    const { seed } = this.options;
    if (this.prepared) seedNoise(deriveSeed(seed, seedStreams.trainingNoise, this.counts.trainingSteps));
  }

  override async onBatchEnd(_batch: number, _logs?: Logs): Promise<void> {
    this.prepared?.norms.retract();
    await this.lookAtSkipped();
    if (isRegularizationStep(this.options.schedule, this.counts.trainingSteps++)) await this.regularize();
  }

  /** Saves the run if there is a checkpoint. */
  override async onEpochEnd(epoch: number, logs?: Logs): Promise<void> {
    this.counts.epochs += 1;
    await this.prepared?.step.history.flush();
    await checkLoss(epoch, logs, this.history, this.rhoStepsBeforeEpoch);
    if (logs) addToLogs(logs, this.history, this.rhoStepsBeforeEpoch);
    this.rhoStepsBeforeEpoch = this.history.step.length;
    await this.resumption.endEpoch(epoch, logs, this.counts.trainingSteps);
  }

  /** Warns if nothing was learned, or no example of a class was seen. */
  override async onTrainEnd(_logs?: Logs): Promise<void> {
    await this.prepared?.step.history.flush();
    const silence = whyNothing(this.history, this.options.schedule, this.counts.trainingSteps);
    if (silence) console.warn(`crossRegularization learned nothing: ${silence}`);
    const unseen = await this.prepared?.batches.unseen();
    if (unseen) {
      console.warn(
        `crossRegularization has seen no example of ${unseen} in the batches of regularizationData that it has taken. Shuffle the data ` +
          'set, train for longer, or set allowMissingClasses: true.',
      );
    }
  }

  /**
   * Checks whether the weights are still finite after a ρ step was skipped. The results of ρ steps arrive whenever training
   * yields; no step waits for them.
   */
  private async lookAtSkipped(): Promise<void> {
    if (!this.prepared || this.history.skipped === this.skippedBefore) return;
    this.skippedBefore = this.history.skipped;
    await checkWeights(this.prepared.model, this.counts.trainingSteps + 1);
  }

  /** One ρ step, now. */
  private async regularize(): Promise<void> {
    if (!this.prepared) return;
    const { model, batches, outputs, step, samples } = this.prepared;
    const batch = await batches.next();
    // Pairs ±ε are the halves of one pass. A model that was built for batches of one size makes several.
    const antithetic = samples % 2 === 0 && model.inputs[0].shape[0] === null;
    const seed = deriveSeed(this.options.seed, seedStreams.regularizationLoss, this.counts.rhoSteps);
    const stream = new NoiseStream(seed, 0, 0, antithetic);
    this.counts.rhoSteps += 1;
    const loss = () => regularizationLoss({ model, batch, stream, samples, outputs });
    tf.tidy(() => step.run(loss, this.counts.trainingSteps));
    tf.dispose([batch.x, batch.y]);
    // Errors surface at the end of the epoch, which awaits this.
    step.history.flush().catch(() => {});
  }

  /**
   * Saves the run as it is now: for your own loop, also within an epoch. Await it before training on.
   *
   * @param data - what {@link restore} returns with it: JSON, typed arrays, tensors.
   * @throws ArgumentError without a `checkpoint`, or before {@link restore}.
   */
  async save(data?: unknown): Promise<void> {
    await this.resumption.save(this.counts.trainingSteps, data);
  }

  /**
   * Restores a compiled model and this callback from the checkpoint, and returns where the run is: epoch 0, step 0 if nothing
   * was saved yet. Call it before your own loop or `fitDataset`; `cross.fit` calls it itself.
   *
   * @throws ArgumentError without a `checkpoint`, for a checkpoint of another model or other options (the message says what
   *   differs), and for a damaged one.
   */
  async restore<Data = any>(model: LayersModel): Promise<RunProgress<Data>> {
    return await this.resumption.restore(model, this);
  }

  /** @internal The options that must agree with those of a checkpoint. */
  async settings(): Promise<object> {
    const { classWeight, prepared } = this;
    const { schedule, batchSize, seed, averaging, estimator, optimizer, data } = this.options;
    return {
      ...{ schedule, batchSize, seed, averaging, classWeight, estimator },
      optimizer: optimizer ?? { name: 'default' },
      noise: prepared?.hook && noiseSettings(prepared.hook, prepared.model),
      regularizers: prepared?.norms.settings,
      regularizationData: await dataSettings(data, this.heldOut, prepared?.batches),
    };
  }

  /** @internal ρ, its optimizer, history and random state, for a checkpoint. */
  async state(): Promise<CrossState> {
    if (!this.prepared) throw new Error('state: nothing was prepared.');
    return await this.resumption.state(this.prepared, this.counts);
  }

  /** @internal Continues from {@link state}. */
  async loadState(state: CrossState): Promise<void> {
    if (!this.prepared) throw new Error('loadState: nothing was prepared.');
    Object.assign(this.counts, await this.resumption.loadState(this.prepared, state));
  }

  /**
   * `model.fit` with this callback. The order of the training data follows from the callback's `seed`. (`fit` of the model
   * shuffles with `Math.random`.) With `regularizationData: { split }` or `{ folds, fold }` it first holds out that share or
   * fold of the examples: at random, the same share of every class, and whole groups if there are `groups`. They stay the same in
   * every further call. With a `checkpoint` it continues there: `epochs` is the total, and the returned history begins at epoch 0.
   *
   * @throws ArgumentError for arrays that do not fit the model, a regularization set that is the training data, a split that
   *   leaves a class out, and `sampleWeight`, which TensorFlow.js lacks.
   */
  async fit(
    model: LayersModel,
    x: Tensors | NamedTensors,
    y: Tensors | NamedTensors,
    args: ModelFitArgs = {},
  ) {
    const { counts, resumption } = this;
    const { data, seed, classWeight } = this.options;
    const plan = fitPlan(model, x, y, args);
    await checkFinite(plan.data, compiledModel(model));
    this.classWeight = args.classWeight ?? classWeight;
    if (isPart(data)) {
      this.heldOut = await holdOut(plan.data, { data, seed, before: this.heldOut, model });
    } else if (isTensors(data)) {
      await checkHeldOut(data, plan.data, model);
    }
    const examples = this.heldOut?.rest ?? Array.from({ length: plan.examples }, (_, i) => i);
    resumption.fitted = await fittedData(plan);
    const { epochs = 1, initialEpoch = 0 } = args;
    const isRestored = resumption.isDue;
    const { epoch, endedOf } = await resumption.begin(model, this);
    const isOver = isRestored && endedOf === epochs;
    this.isFitting = true;
    try {
      const history = await fitInOrder(model, plan, {
        ...{ examples, seed, callback: this, epoch: () => counts.epochs },
        initialEpoch: isOver ? epochs : Math.max(initialEpoch, epoch),
      });
      if (compiledModel(model).stopTraining) await resumption.endRun(epochs, counts.trainingSteps);
      return Object.assign(history, resumption.history);
    } finally {
      this.isFitting = false;
    }
  }

  /**
   * `model.trainOnBatch`, and the ρ step that follows it when one is due.
   *
   * @throws ArgumentError for arrays that do not fit the model, numbers that are not finite, and the tensors of the
   *   regularization set themselves. (Copies of them are not recognized: comparing numbers at every step would cost time.)
   */
  async trainOnBatch(model: LayersModel, x: Tensors | NamedTensors, y: Tensors | NamedTensors) {
    checkModel(model);
    const batch = { x: tensorList(x, model.inputNames, 'x'), y: tensorList(y, model.outputNames, 'y') };
    checkFit(batch, compiledModel(model), 'x, y');
    const { data } = this.options;
    if (isTensors(data)) checkBatchHeldOut(data, batch, model);
    this.checkPart();
    await this.prepare(model);
    this.checkHook();
    this.resumption.checkRestored();
    const result = await this.step(model, batch);
    await this.onBatchEnd(0);
    // The loss has just been read from the device, so this waits only briefly. No end of an epoch does it in such a loop.
    await this.prepared?.step.history.flush();
    return result;
  }

  /**
   * One training step. The check for finite numbers in the batch is read together with the loss, and a step on other numbers is
   * undone. Waiting for the check before the step would halt the device at every step.
   */
  private async step(model: LayersModel, batch: Examples) {
    const inner = compiledModel(model);
    const kept = keepState(inner, this.prepared ? hookedWeights(this.prepared) : []);
    const finite = checkFinite(batch, inner);
    // Ignored if the step itself fails first.
    finite.catch(() => {});
    try {
      if (!kept) await finite;
      await this.onBatchBegin();
      const result = await model.trainOnBatch(batch.x, batch.y);
      await finite;
      return result;
    } catch (error) {
      kept?.undo();
      throw error;
    } finally {
      kept?.dispose();
    }
  }

  /**
   * Frees the state of ρ's optimizer, the levels of norms, and the held-out examples, and removes hooked noise from the model.
   * The model and its weights stay, and so does the result of {@link toModel} with its σ.
   */
  dispose(): void {
    freeHeldOut(this.heldOut);
    this.heldOut = undefined;
    this.prepared?.step.dispose();
    this.prepared?.norms.dispose();
    this.prepared?.restoreLayers();
    // If toModel was never called, nothing else uses the variables of the noise.
    if (this.prepared?.hooked && !this.modelWasGiven) this.prepared.hook?.dispose();
    this.unhook();
    this.prepared = undefined;
  }
}

/**
 * The callback for `fit` and `fitDataset`, see {@link CrossRegularization}.
 *
 * @throws ArgumentError for options out of range. Problems with the model and the data are refused when training begins, before
 *   the first step.
 * @example
 * ```ts
 * const noisy = injectNoise(model);
 * noisy.compile({ optimizer: 'adam', loss: 'categoricalCrossentropy' });
 * const cross = crossRegularization({ regularizationData: [xReg, yReg] });
 * await noisy.fit(xTrain, yTrain, { epochs: 2, callbacks: cross });
 * cross.status(); // converging, converged, … for the noise of each layer
 * ```
 */
export function crossRegularization(options: CrossRegularizationOptions): CrossRegularization {
  return new CrossRegularization(options);
}
