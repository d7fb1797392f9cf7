import * as tf from '@tensorflow/tfjs-core';
import type { ToySettings } from '../settings';
import { network } from '../training/network';
import { BATCH_SIZE, LEARNING_RATE } from '../training/rates';
import type { Examples, Task } from '../training/rivals';
import { toyData } from './toyData';
import type { ToyPoints } from './toyPoints.js';

const tensors = ({ xs, labels }: ToyPoints): Examples => ({
  x: tf.tensor2d(xs, [labels.length, 2]),
  y: tf.tensor2d(labels, [labels.length, 1]),
});

/** The task to separate two classes of points. */
export function toyTask(settings: ToySettings): Task {
  const { layers, width, seed, both } = settings;
  const { train, heldOut, test } = toyData(settings);
  return {
    train: tensors(train),
    heldOut: tensors(heldOut),
    test: tensors(test),
    loss: 'binaryCrossentropy',
    network: () => network({ inputShape: [2], layers, width, outputs: 1, activation: 'sigmoid', seed }),
    learningRate: LEARNING_RATE,
    batchSize: BATCH_SIZE,
    seed,
    both,
  };
}
