import * as tf from '@tensorflow/tfjs-core';
import type { CsvSettings } from '../settings';
import { network } from '../training/network';
import { BATCH_SIZE, TABLE_LEARNING_RATE } from '../training/rates';
import type { Examples, Task } from '../training/rivals';
import type { Table, TablePart } from './table.js';

/**
 * The task to predict one column of a table from the others.
 *
 * @param inputShape - of one example; by default, a row of the table.
 */
export function csvTask(
  table: Table,
  { layers, width, seed, both }: Pick<CsvSettings, 'layers' | 'width' | 'seed' | 'both'>,
  inputShape: readonly number[] = [table.columns.length],
): Task {
  const outputs = Math.max(1, table.classes.length);
  const tensors = ({ count, x, y }: TablePart): Examples => ({
    x: tf.tensor(x, [count, ...inputShape]),
    y: tf.tensor2d(y, [count, outputs]),
  });
  const activation = outputs > 1 ? 'softmax' : 'linear';
  return {
    train: tensors(table.train),
    heldOut: tensors(table.heldOut),
    test: tensors(table.test),
    loss: outputs > 1 ? 'categoricalCrossentropy' : 'meanSquaredError',
    network: () => network({ inputShape, layers, width, outputs, activation, seed }),
    learningRate: TABLE_LEARNING_RATE,
    batchSize: BATCH_SIZE,
    seed,
    both,
  };
}
