import { backendKernel } from '@crossreg/tfjs/internal';
import * as tf from '@tensorflow/tfjs-core';

/** A weight of a layer: a variable that the layer saves. */
export interface WeightVariable {
  read(): tf.Tensor;
  write(value: tf.Tensor): unknown;
}

/** The weights of a {@link MovingDeviation}, with the shape of each for a number of channels. All start at 0. */
export const movingDeviationWeights = {
  sum_of_squares: 'channels',
  degrees_of_freedom: 'scalar',
  last_mean: 'channels',
  last_count: 'scalar',
} as const;

/**
 * The standard deviation of every channel of a stream of batches, while the network that makes them moves.
 *
 * Of a batch it is the unbiased one, √(Σ(x − x̄)²/(n − 1)) over its n values. What is remembered are decaying sums of
 * the squares and of the degrees of freedom n − 1, and the variance is their ratio: it is unbiased from the first batch
 * on, and every batch counts by what it tells. A batch with one value per channel tells nothing by itself, so it is
 * compared with the batch before: (x − x̄')²/(1 + 1/n') has the variance as its mean too (von Neumann's mean square
 * successive difference, which a slow drift of the mean hardly moves).
 */
export class MovingDeviation {
  constructor(
    private readonly weights: Record<keyof typeof movingDeviationWeights, WeightVariable>,
    private readonly momentum: number,
  ) {}

  /** As gathered so far, [channels]. Before any training nothing is known: 1. */
  read(): tf.Tensor {
    const squares = this.weights.sum_of_squares.read();
    const degrees = this.weights.degrees_of_freedom.read();
    const known = tf.greater(degrees, 0);
    const variance = tf.div(squares, tf.where(known, degrees, tf.onesLike(degrees)));
    return tf.where(known, tf.sqrt(variance), tf.onesLike(variance));
  }

  /**
   * Takes in a training batch.
   *
   * @param x - channels last.
   * @param mask - 1 for what counts and 0 for padding, in the shape of the leading axes of `x`. Default: all counts.
   * @returns the deviation of the batch, [channels]; where it has one value or none, {@link read} after it.
   */
  update(x: tf.Tensor, mask?: tf.Tensor): tf.Tensor {
    const axes = x.shape.slice(0, -1).map((_, axis) => axis);
    const count = tf.util.sizeFromShape(x.shape.slice(0, -1));
    if (mask) return this.updateMasked(x, mask, axes, count);
    const fused = x.dtype === 'float32' && x.size > 0 ? this.updateFused(x) : undefined;
    if (fused) return fused;
    const mean = tf.mean(x, axes);
    const squares = tf.sum(tf.squaredDifference(x, mean), axes);
    if (count > 1) {
      this.remember(squares, count - 1, mean, tf.scalar(count));
      return tf.sqrt(tf.div(squares, count - 1));
    }
    this.remember(...this.difference(mean), mean, tf.scalar(count));
    return this.read();
  }

  /** The same in one kernel, if the backend has it. */
  private updateFused(x: tf.Tensor): tf.Tensor | undefined {
    const names = Object.keys(movingDeviationWeights) as (keyof typeof movingDeviationWeights)[];
    const inputs = Object.fromEntries(names.map((name) => [name, this.weights[name].read()]));
    const outputs = backendKernel('CrossregMovingDeviation', { x, ...inputs }, { momentum: this.momentum });
    if (!outputs) return undefined;
    const [deviation, ...next] = outputs as unknown as tf.Tensor[];
    names.forEach((name, i) => {
      this.weights[name].write(next[i]);
    });
    return deviation;
  }

  /** The same where only the device knows how many values count. */
  private updateMasked(x: tf.Tensor, mask: tf.Tensor, axes: number[], positions: number): tf.Tensor {
    const counts = tf.reshape(tf.cast(mask, 'float32'), [
      ...mask.shape,
      ...new Array<number>(x.rank - mask.rank).fill(1),
    ]);
    const count = tf.mul(tf.sum(counts), positions / mask.size);
    const mean = tf.div(tf.sum(tf.mul(x, counts), axes), tf.maximum(count, 1));
    const within = tf.sum(tf.mul(tf.squaredDifference(x, mean), counts), axes);
    const degrees = tf.maximum(tf.sub(count, 1), 0);
    const [between, one] = this.difference(mean);
    const isSingle = tf.cast(tf.equal(count, 1), 'float32');
    const isEmpty = tf.equal(count, 0);
    const { last_mean: lastMean, last_count: lastCount } = this.weights;
    this.remember(
      tf.add(within, tf.mul(isSingle, between)),
      tf.add(degrees, tf.mul(isSingle, one)),
      tf.where(isEmpty, lastMean.read(), mean),
      tf.where(isEmpty, lastCount.read(), count),
    );
    const own = tf.sqrt(tf.div(within, tf.maximum(degrees, 1)));
    return tf.where(tf.greater(degrees, 0), own, this.read());
  }

  /** The square and the one degree of freedom of a single value after the batch before; nothing after none. */
  private difference(value: tf.Tensor): [squares: tf.Tensor, degrees: tf.Tensor] {
    const count = this.weights.last_count.read();
    const degrees = tf.cast(tf.greater(count, 0), 'float32');
    // 1/(1 + 1/n') = n'/(n' + 1), which is 0 after no batch.
    const factor = tf.div(count, tf.add(count, 1));
    return [tf.mul(tf.squaredDifference(value, this.weights.last_mean.read()), factor), degrees];
  }

  private remember(squares: tf.Tensor, degrees: tf.Tensor | number, mean: tf.Tensor, count: tf.Tensor): void {
    const { sum_of_squares, degrees_of_freedom, last_mean, last_count } = this.weights;
    const mix = (old: WeightVariable, now: tf.Tensor | number) =>
      old.write(tf.add(tf.mul(old.read(), this.momentum), now));
    mix(sum_of_squares, squares);
    mix(degrees_of_freedom, degrees);
    last_mean.write(mean);
    last_count.write(count);
  }
}
