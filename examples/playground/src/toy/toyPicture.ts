import { predict } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { ToySettings } from '../settings';
import type { Pictures } from '../training/experiment';
import type { Rivals } from '../training/rivals';
import { EDGE, GRID } from './grid';

/** The maps of the two networks: one number per cell. */
export interface ToyPicture {
  readonly kind: 'toy';
  readonly view: ToySettings['view'];
  readonly plain: Float32Array;
  readonly cross: Float32Array;
}

/** The centres of the cells, [GRID², 2]. */
function cells(): tf.Tensor2D {
  const at = (i: number) => EDGE * ((2 * i + 1) / GRID - 1);
  const points = Array.from({ length: GRID * GRID }, (_, i) => [at(i % GRID), -at(Math.floor(i / GRID))]);
  return tf.tensor2d(points);
}

/** log₂ with 0 · log 0 = 0. */
const bits = (p: number) => (p > 0 ? -p * Math.log2(p) : 0);

/** The value that a view shows, from the mean and the variance over draws. */
const views: Record<ToySettings['view'], (mean: number, variance: number) => number> = {
  prediction: (mean) => mean,
  entropy: (mean) => bits(mean) + bits(1 - mean),
  spread: (_, variance) => Math.sqrt(variance),
};

/** The weight of each new picture in the running average that is drawn during training. */
const SHARE = 0.25;

/**
 * A running average over pictures with few draws each. It shows the average of many draws, because the networks change slowly.
 */
class Average {
  private mean: Float32Array | undefined;
  private square: Float32Array | undefined;

  constructor(private readonly model: LayersModel) {}

  /** The present values of a view. */
  next(
    grid: tf.Tensor2D,
    view: ToySettings['view'],
    draws: number,
    seed: number,
    share: number,
  ): Float32Array {
    return tf.tidy(() => {
      const prediction = predict(this.model, grid, { samples: draws, batchSize: grid.shape[0], seed });
      const mean = prediction.mean.dataSync() as Float32Array;
      const square = prediction.variance
        .dataSync()
        .map((variance, i) => variance + mean[i] ** 2) as Float32Array;
      const blend = (before: Float32Array | undefined, now: Float32Array) =>
        before ? now.map((value, i) => before[i] + share * (value - before[i])) : now.slice();
      this.mean = blend(this.mean, mean);
      this.square = blend(this.square, square);
      return this.mean.map((value, i) => views[view](value, Math.max(0, this.square![i] - value ** 2)));
    });
  }
}

/** Pictures of what two networks predict. */
export class ToyPictures implements Pictures {
  private readonly grid = cells();
  private readonly plain: Average;
  private readonly cross: Average;
  private count = 0;

  constructor({ plain, cross }: Rivals) {
    this.plain = new Average(plain);
    this.cross = new Average(cross);
  }

  next({ view, draws, still }: { view: ToySettings['view']; draws: number; still: boolean }) {
    this.count += 1;
    const [plain, cross] = [this.plain, this.cross].map((average) =>
      // The plain network has no draws to average.
      average.next(this.grid, view, draws, this.count, still || average === this.plain ? 1 : SHARE),
    );
    const picture: ToyPicture = { kind: 'toy', view, plain, cross };
    return { picture, transfer: [plain.buffer, cross.buffer] };
  }

  dispose(): void {
    this.grid.dispose();
  }
}
