import * as tf from '@tensorflow/tfjs-core';
import type { CsvSettings, FashionSettings } from '../settings';
import { network } from '../training/network';
import { BATCH_SIZE, TABLE_LEARNING_RATE } from '../training/rates';
import type { Examples, Task } from '../training/rivals';
import type { Table, TablePart } from './table.js';

/** To predict one column of a table from the others. */
export function csvTask(table: Table, { layers, width, seed, both }: CsvSettings | FashionSettings): Task {
  const inputs = table.columns.length;
  const outputs = Math.max(1, table.classes.length);
  const tensors = ({ count, x, y }: TablePart): Examples => ({
    x: tf.tensor2d(x, [count, inputs]),
    y: tf.tensor2d(y, [count, outputs]),
  });
  const activation = outputs > 1 ? 'softmax' : 'linear';
  return {
    train: tensors(table.train),
    heldOut: tensors(table.heldOut),
    test: tensors(table.test),
    loss: outputs > 1 ? 'categoricalCrossentropy' : 'meanSquaredError',
    network: () => network({ inputs, layers, width, outputs, activation, seed }),
    learningRate: TABLE_LEARNING_RATE,
    batchSize: BATCH_SIZE,
    seed,
    both,
  };
}
