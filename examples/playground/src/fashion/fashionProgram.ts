import type { FashionSettings } from '../settings';
import random from '../shared/random.js?raw';
import { program } from '../training/program';
import { TABLE_LEARNING_RATE } from '../training/rates';
import table from './fashionTable.js?raw';
import { AUGMENTATION, IMAGE_SHAPE } from './images';

const augmentation = `{ ${Object.entries(AUGMENTATION)
  .map(([kind, value]) => `${kind}: ${value}`)
  .join(', ')} }`;

/** A program for Node that does what the page did with images, for as many steps. */
export function fashionProgram(
  { images, seed, layers, width, both, augment }: FashionSettings,
  steps: number,
) {
  const source = program({
    title: `${images} images of Fashion-MNIST`,
    imports: "import { fashionMnist, oneHot, split } from '@crossreg/datasets';\n",
    sources: [random, table],
    data: `const seed = ${seed};
const { train, heldOut, test } = await fashionTable({ fashionMnist, oneHot, split }, { images: ${images}, seed });
// θ learns from the training images, ρ from those held out; the test images are for the comparison only.
const tensors = ({ count, x, y }) => [tf.tensor4d(x, [count, ${IMAGE_SHAPE.join(', ')}]), tf.tensor2d(y, [count, 10])];
const [[xTrain, yTrain], [xHeldOut, yHeldOut], [xTest, yTest]] = [train, heldOut, test].map(tensors);`,
    network: { inputShape: IMAGE_SHAPE, layers, width, outputs: 10, activation: 'softmax' },
    loss: 'categoricalCrossentropy',
    measured: 'tf.mean(tf.metrics.categoricalCrossentropy(yTest, mean))',
    learningRate: TABLE_LEARNING_RATE,
    both,
    ...(augment && { augmentation }),
    steps,
  });
  return { source, packages: `@crossreg/datasets${augment ? ' @crossreg/tfjs-augment' : ''}` };
}
