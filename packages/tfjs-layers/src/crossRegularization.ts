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
  Sequential,
} from '@tensorflow/tfjs-layers';
import { type HookedNoise, hookNoise } from './hookNoise';
import { type InjectNoiseOptions, noiseLayers, wasInjected } from './injectNoise';
import { type LearnedNorms, learnNorms } from './learnedNorms';
import type { Norm } from './norms';
import { forward } from './predict';
import { randomLayers } from './randomLayers';
import {
  checkRegularizationData,
  list,
  type RegularizationBatches,
  type RegularizationData,
  type RegularizationTensors,
  regularizationBatches,
  type Tensors,
} from './regularizationData';

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
  /** Of the noise and the order of the regularization set. Default 0. */
  seed?: number;
}

type LossFunction = (target: tf.Tensor, prediction: tf.Tensor) => tf.Tensor;
/** What `compile` leaves on a model. Private there. */
interface Compiled {
  lossFunctions?: LossFunction[];
  collectedTrainableWeights?: LayerVariable[];
}

/** A sequential model's own functional model, which `compile` makes and callbacks see; any other model itself. */
const compiledModel = (model: LayersModel): LayersModel =>
  model instanceof Sequential ? ((model as unknown as { model?: LayersModel }).model ?? model) : model;

/**
 * The callback that makes a model learn its own regularization while `fit` trains it: every `every` batches it takes
 * one gradient step of ρ, the σ of the model's {@link LearnableNoise} layers and the levels of norms on its weights, on
 * the loss of the K-sample averaged prediction for a batch of the regularization set. Made by {@link crossRegularization}.
 *
 * It reads the loss the model is compiled with. Batch-norm statistics and θ's optimizer are not touched, and no weight
 * but those under a norm, which go back to their level after every batch and along with it at a ρ step.
 */
export class CrossRegularization extends Callback {
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
    this.optimizer = options.optimizer ?? rhoAdam(options.learningRate);
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
    await this.attach(model);
  }

  /** Prepares for a model, once; a further call with the same model goes on where the last ended. */
  private async attach(given: LayersModel): Promise<void> {
    const model = compiledModel(given);
    if (this.run?.model === model) return;
    const own = randomLayers(model);
    const hooks = this.noise !== undefined && noiseLayers(model).length === 0;
    if (own.length === 0 && !hooks && this.norms.length === 0) {
      throw new ArgumentError(
        'model',
        wasInjected(model)
          ? `${model.name} was given to injectNoise, which returned a new model. Compile and fit that one.`
          : `${model.name} has nothing to learn a regularization for. Make it with injectNoise(model), set noise: true, or give regularizers.`,
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

  override async onEpochEnd(_epoch: number, _logs?: Logs): Promise<void> {
    await this.run?.step.history.flush();
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
   * `model.fit` with this callback. With `regularizationData: { split }` it first takes that share of the examples,
   * chosen at random, off the training data: the same ones in every further call.
   */
  async fit(model: LayersModel, x: Tensors, y: Tensors, args: ModelFitArgs = {}) {
    const others = args.callbacks === undefined ? [] : list(args.callbacks as Callback | Callback[]);
    const callbacks = [this as Callback, ...others];
    if (!('split' in this.data)) return model.fit(x, y, { ...args, callbacks });
    const count = list(x)[0].shape[0];
    const held = Math.round(count * this.data.split);
    if (held === 0) {
      throw new ArgumentError(
        'regularizationData.split',
        `of ${this.data.split} takes nothing off ${count} examples. Use a larger share.`,
      );
    }
    const order = [...permutation(count, deriveSeed(this.seed, 3))];
    const take = (data: Tensors, indices: number[]) =>
      tf.tidy(() => list(data).map((tensor) => tf.gather(tensor, tf.tensor1d(indices, 'int32'))));
    if (this.heldOut && this.heldOut.from !== count) {
      throw new ArgumentError(
        'x',
        `has ${count} examples, but the regularization set was split off ${this.heldOut.from}. Go on with the same data, ` +
          'so that none of the held-out examples is trained on, or make a new callback.',
      );
    }
    this.heldOut ??= {
      tensors: [take(x, order.slice(0, held)), take(y, order.slice(0, held))],
      from: count,
    };
    const rest = [take(x, order.slice(held)), take(y, order.slice(held))];
    try {
      return await model.fit(rest[0], rest[1], { ...args, callbacks });
    } finally {
      tf.dispose(rest);
    }
  }

  /** `model.trainOnBatch`, and the ρ step that follows it when one is due. */
  async trainOnBatch(model: LayersModel, x: Tensors, y: Tensors) {
    await this.attach(model);
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

/**
 * The callback for `fit` and `fitDataset`, see {@link CrossRegularization}.
 *
 * @throws ArgumentError for options out of range; what concerns the model and the data is refused when training
 *   begins, before the first step.
 */
export function crossRegularization(options: CrossRegularizationOptions): CrossRegularization {
  return new CrossRegularization(options);
}
