import type { ToySettings } from '../settings';
import random from '../shared/random.js?raw';
import { program } from '../training/program';
import { LEARNING_RATE } from '../training/rates';
import { toyDraws } from './toyData';
import points from './toyPoints.js?raw';

/** A program for Node that does what the page did, for as many steps. */
export function toyProgram(settings: ToySettings, steps: number): string {
  const { data, points: count, flipped, seed, layers, width, both } = settings;
  const drawn = Object.entries(toyDraws(settings)).map(([name, [shape, number, share, from]]) => {
    const suffix = name[0].toUpperCase() + name.slice(1);
    return `const [x${suffix}, y${suffix}] = tensors(toyPoints('${shape}', ${number}, ${share}, ${from}));`;
  });
  return program({
    title: `${count} points in ${data}, ${flipped}% of the labels wrong`,
    sources: [random, points],
    data: `// θ learns from the training points, ρ from those held out; the test points are for the comparison only.
const seed = ${seed};
const tensors = ({ xs, labels }) => [tf.tensor2d(xs, [labels.length, 2]), tf.tensor2d(labels, [labels.length, 1])];
${drawn.join('\n')}`,
    network: { inputShape: [2], layers, width, outputs: 1, activation: 'sigmoid' },
    loss: 'binaryCrossentropy',
    measured: 'tf.losses.logLoss(yTest, mean)',
    learningRate: LEARNING_RATE,
    both,
    steps,
  });
}
