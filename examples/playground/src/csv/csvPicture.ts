import { reliabilityCurve } from '@crossreg/calibration';
import { predict } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs-core';
import type { LayersModel } from '@tensorflow/tfjs-layers';
import type { Pictures } from '../training/experiment';
import type { Rivals } from '../training/rivals';
import type { Table } from './table.js';

/** The picture of one network: a mark for each row, or for each bin of confidence. */
export interface Marks {
  /** The true value of a row, or the mean confidence of a bin. */
  readonly x: Float32Array;
  /** The prediction, or the share of correct answers. */
  readonly y: Float32Array;
  /** The standard deviation between draws, or the share of all rows in the bin. */
  readonly size: Float32Array;
}
export interface CsvPicture {
  readonly kind: 'regression' | 'classification';
  readonly plain: Marks;
  readonly cross: Marks;
}

/** The largest number of unseen rows that are drawn. */
const MOST_ROWS = 300;
const BINS = 10;

/** Pictures of how two networks predict unseen rows. */
export class CsvPictures implements Pictures {
  private readonly x: tf.Tensor;
  private readonly count: number;

  constructor(
    private readonly rivals: Rivals,
    private readonly table: Table,
    inputShape: readonly number[] = [table.columns.length],
  ) {
    const { test, classes, columns } = table;
    this.count = classes.length > 0 ? test.count : Math.min(MOST_ROWS, test.count);
    this.x = tf.tensor(test.x.slice(0, this.count * columns.length), [this.count, ...inputShape]);
  }

  next({ draws }: { draws: number }): { picture: CsvPicture; transfer: Transferable[] } {
    const { plain, cross } = this.rivals;
    const kind = this.table.classes.length > 0 ? 'classification' : 'regression';
    const picture = { kind, plain: this.marks(plain, draws), cross: this.marks(cross, draws) } as const;
    const transfer = [picture.plain, picture.cross].flatMap(({ x, y, size }) => [
      x.buffer,
      y.buffer,
      size.buffer,
    ]);
    return { picture, transfer };
  }

  private marks(model: LayersModel, draws: number): Marks {
    const { test, classes } = this.table;
    return tf.tidy(() => {
      // As many draws as for the losses, so that the bins do not jitter.
      const samples = Math.max(16, draws);
      const { mean, variance } = predict(model, this.x, { samples, batchSize: this.count, seed: 1 });
      const values = mean.dataSync() as Float32Array;
      if (classes.length === 0)
        return {
          x: test.y.slice(0, this.count),
          y: values.slice(),
          size: (variance.dataSync() as Float32Array).map(Math.sqrt),
        };
      const width = classes.length;
      const probabilities = Array.from({ length: this.count }, (_, i) => [
        ...values.subarray(i * width, (i + 1) * width),
      ]);
      const labels = probabilities.map((_, i) => test.y.subarray(i * width, (i + 1) * width).indexOf(1));
      const bins = reliabilityCurve(probabilities, labels, { bins: BINS });
      return {
        x: Float32Array.from(bins, ({ confidence }) => confidence),
        y: Float32Array.from(bins, ({ accuracy }) => accuracy),
        size: Float32Array.from(bins, ({ count }) => count / this.count),
      };
    });
  }

  dispose(): void {
    this.x.dispose();
  }
}
