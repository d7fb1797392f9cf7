import type { NetworkShape } from './network';
import { BATCH_SIZE, MEASURED_DRAWS } from './rates';
import type { Task } from './rivals';

/** The commands that install the packages for a {@link program} and run it. */
export const commands = (more = '') =>
  `npm install @crossreg/tfjs-layers @crossreg/tfjs-wasm @tensorflow/tfjs @tensorflow/tfjs-backend-wasm ${more}`.trim() +
  '\nnode playground.mjs';

/** Source text without its imports, exports and leading comment. */
const inlined = (source: string) =>
  source
    .replace(/^(\/\/.*\n)+\n/, '')
    .replace(/^import .*\n+/gm, '')
    .replace(/^export /gm, '')
    .trim();

/** A program for Node with the same examples, initial weights, batches and noise as on the page, and hence the same numbers. */
export function program(of: {
  readonly title: string;
  readonly imports?: string;
  /** Source files that the page uses too. */
  readonly sources: readonly string[];
  /** Declares seed, xTrain, yTrain, xHeldOut, yHeldOut, xTest and yTest. */
  readonly data: string;
  readonly network: Omit<NetworkShape, 'seed'>;
  /** Options of `injectAugmentation`, as source text. */
  readonly augmentation?: string;
  readonly loss: Task['loss'];
  /** An expression of the loss of `mean` for xTest. */
  readonly measured: string;
  readonly learningRate: number;
  readonly both: boolean;
  readonly steps: number;
}): string {
  const { inputShape, layers, width, outputs, activation } = of.network;
  const first = inputShape.length > 1 ? 'flatten' : 'inputLayer';
  const { augmentation } = of;
  const noise = 'injectNoise(network())';
  const regularized = augmentation
    ? `// Learnable noise before every hidden nonlinearity, and learnable augmentation before the first layer.
const noisy = injectAugmentation(${noise}, ${augmentation});`
    : `const noisy = ${noise}; // learnable noise before every hidden nonlinearity`;
  const plainOrder = of.both
    ? `
// The plain network trains on the held-out examples as well.
const [xAll, yAll] = [tf.concat([xTrain, xHeldOut]), tf.concat([yTrain, yHeldOut])];
const plainOrder = batches(yAll.shape[0], ${BATCH_SIZE}, seed);`
    : '';
  const plainStep = of.both
    ? `const chosen = tf.tensor1d(plainOrder.next().value, 'int32');
  const [xPlain, yPlain] = [tf.gather(xAll, chosen), tf.gather(yAll, chosen)];
  await plain.trainOnBatch(xPlain, yPlain);
  tf.dispose([chosen, xPlain, yPlain]);`
    : 'await plain.trainOnBatch(x, y);';
  // The name of a column may have several lines.
  return `// ${of.title.replace(/\s+/g, ' ')}: a plain and a cross-regularized network.
${augmentation ? "import { augmentationLayers, injectAugmentation } from '@crossreg/tfjs-augment';\n" : ''}import { crossRegularization, injectNoise, noiseLayers, predict } from '@crossreg/tfjs-layers';
import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs';
${of.imports ?? ''}
await useWasm();

${of.sources.map(inlined).join('\n\n')}

${of.data}

function network() {
  const model = tf.sequential();
  model.add(tf.layers.${first}({ inputShape: [${inputShape.join(', ')}] }));
  for (let i = 0; i < ${layers}; i++) {
    const kernelInitializer = tf.initializers.heNormal({ seed: seed + i });
    model.add(tf.layers.dense({ units: ${width}, activation: 'relu', kernelInitializer }));
  }
  const kernelInitializer = tf.initializers.glorotNormal({ seed: seed + ${layers} });
  model.add(tf.layers.dense({ units: ${outputs}, activation: '${activation}', kernelInitializer }));
  return model;
}

const plain = network();
${regularized}
for (const model of [plain, noisy]) model.compile({ optimizer: tf.train.adam(${of.learningRate}), loss: '${of.loss}' });
const cross = crossRegularization({ regularizationData: [xHeldOut, yHeldOut], seed });

const order = batches(yTrain.shape[0], ${BATCH_SIZE}, seed);${plainOrder}
for (let step = 0; step < ${of.steps}; step++) {
  const indices = tf.tensor1d(order.next().value, 'int32');
  const [x, y] = [tf.gather(xTrain, indices), tf.gather(yTrain, indices)];
  ${plainStep}
  await cross.trainOnBatch(noisy, x, y); // and the ρ step after it, when one is due
  tf.dispose([indices, x, y]);
}

for (const [name, model] of Object.entries({ plain, 'cross-regularized': noisy })) {
  const { mean } = predict(model, xTest, { samples: ${MEASURED_DRAWS}, batchSize: xTest.shape[0], seed: 1 });
  console.log(\`\${name}: test loss \${${of.measured}.dataSync()[0].toFixed(4)}\`);
}
console.log(\`σ: \${noiseLayers(noisy).map((layer) => layer.sigma().dataSync()[0].toFixed(4)).join(' ')}\`);
${augmentation ? "console.log('ranges:', await augmentationLayers(noisy)[0].values());\n" : ''}`;
}
