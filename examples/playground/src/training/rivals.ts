import {
  augmentationLayers,
  type InjectAugmentationOptions,
  injectAugmentation,
  type LearnableAugmentation,
} from '@crossreg/tfjs-augment';
import {
  type CrossRegularization,
  crossRegularization,
  injectNoise,
  noiseLayers,
  predict,
} from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import { type LayersModel, metrics } from '@tensorflow/tfjs-layers';
import { batches } from '../shared/random.js';
import { MEASURED_DRAWS } from './rates';

export interface Examples {
  readonly x: tf.Tensor;
  readonly y: tf.Tensor;
}

/** How the error of a prediction is measured: the loss that both networks are trained on. */
const losses = {
  binaryCrossentropy: (y: tf.Tensor, p: tf.Tensor) => tf.losses.logLoss(y, p),
  categoricalCrossentropy: (y: tf.Tensor, p: tf.Tensor) => tf.mean(metrics.categoricalCrossentropy(y, p)),
  meanSquaredError: (y: tf.Tensor, p: tf.Tensor) => tf.losses.meanSquaredError(y, p),
};

/** The target, the examples and the network of a run. */
export interface Task {
  readonly train: Examples;
  readonly heldOut: Examples;
  readonly test: Examples;
  readonly loss: keyof typeof losses;
  /** A network that is not compiled yet; every call gives the same initial weights. */
  readonly network: () => LayersModel;
  /** The augmentation that the cross-regularized network learns besides noise. */
  readonly augmentation?: InjectAugmentationOptions;
  readonly learningRate: number;
  readonly batchSize: number;
  readonly seed: number;
  /** Whether the plain network trains on the held-out examples too, because it does not need them for ρ. */
  readonly both: boolean;
}

/** The largest change of images, by kind. */
export type Ranges = Readonly<Record<string, number>>;

/** The losses of one network. */
export interface Losses {
  readonly heldOut: number;
  readonly test: number;
}

/** Two networks with the same initial weights and the same batches: one plain, and one that learns how much noise it needs. */
export class Rivals {
  readonly plain: LayersModel;
  readonly cross: LayersModel;
  /** The network into which noise was injected. The two share their weights. */
  private readonly original: LayersModel;
  steps = 0;
  private readonly callback: CrossRegularization;
  private readonly order: Generator<number[]>;
  private readonly plainOrder: Generator<number[]> | undefined;
  private readonly all: Examples | undefined;

  /** Takes ownership of the examples; {@link dispose} frees them. */
  constructor(private readonly task: Task) {
    const { train, heldOut, batchSize, seed, both } = task;
    this.plain = task.network();
    this.original = task.network();
    const noisy = injectNoise(this.original);
    this.cross = task.augmentation ? injectAugmentation(noisy, task.augmentation) : noisy;
    for (const model of [this.plain, this.cross])
      model.compile({ optimizer: tf.train.adam(task.learningRate), loss: task.loss });
    this.callback = crossRegularization({ regularizationData: [heldOut.x, heldOut.y], seed });
    this.order = batches(train.x.shape[0], batchSize, seed);
    if (both) {
      this.all = { x: tf.concat([train.x, heldOut.x]), y: tf.concat([train.y, heldOut.y]) };
      this.plainOrder = batches(this.all.x.shape[0], batchSize, seed);
    }
  }

  /** One training step of each network, and the ρ step after it if one is due. */
  async step(): Promise<void> {
    const batch = pick(this.task.train, this.order.next().value);
    const plainBatch = this.all && this.plainOrder ? pick(this.all, this.plainOrder.next().value) : batch;
    await this.plain.trainOnBatch(plainBatch.x, plainBatch.y);
    await this.callback.trainOnBatch(this.cross, batch.x, batch.y);
    tf.dispose([batch.x, batch.y, plainBatch.x, plainBatch.y]);
    this.steps += 1;
  }

  /** σ of every hidden layer, in order. */
  sigma(): number[] {
    return noiseLayers(this.cross).map((layer) => tf.tidy(() => layer.sigma().dataSync()[0]));
  }

  /** The layer that augments the images of the cross-regularized network. */
  get augmentation(): LearnableAugmentation | undefined {
    return augmentationLayers(this.cross)[0];
  }

  /** The learned ranges of the augmentation, by kind. */
  ranges(): Ranges {
    const parameters = this.augmentation?.regularizationParameters() ?? [];
    return Object.fromEntries(
      parameters.map((range) => [range.name.split('/').pop(), tf.tidy(() => range.value().dataSync()[0])]),
    );
  }

  losses(): { plain: Losses; cross: Losses } {
    const { heldOut, test } = this.task;
    const of = (model: LayersModel) => ({
      heldOut: this.lossOf(model, heldOut),
      test: this.lossOf(model, test),
    });
    return { plain: of(this.plain), cross: of(this.cross) };
  }

  private lossOf(model: LayersModel, { x, y }: Examples): number {
    return tf.tidy(() => {
      const { mean } = predict(model, x, { samples: MEASURED_DRAWS, batchSize: x.shape[0], seed: 1 });
      return losses[this.task.loss](y, mean).dataSync()[0];
    });
  }

  dispose(): void {
    this.callback.dispose();
    for (const model of [this.plain, this.cross]) model.optimizer.dispose();
    for (const model of [this.plain, this.cross, this.original]) model.dispose();
    for (const each of [this.task.train, this.task.heldOut, this.task.test, this.all])
      tf.dispose([each?.x, each?.y]);
  }
}

function pick({ x, y }: Examples, indices: number[]): Examples {
  return tf.tidy(() => {
    const chosen = tf.tensor1d(indices, 'int32');
    return { x: tf.gather(x, chosen), y: tf.gather(y, chosen) };
  });
}
