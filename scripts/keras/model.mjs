// Trains a small convolutional network with learned noise, freezes it and writes it into a folder as TensorFlow.js saves models,
// with predictions to compare: model.mjs FOLDER.
import { mkdirSync, writeFileSync } from 'node:fs';
import { crossRegularization, predict, toInferenceModel } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';

const folder = process.argv[2];
await tf.setBackend('cpu');
const init = (seed) => tf.initializers.heNormal({ seed });
const model = tf.sequential({
  layers: [
    tf.layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [8, 8, 1], kernelInitializer: init(1) }),
    tf.layers.batchNormalization(),
    tf.layers.reLU(),
    tf.layers.maxPooling2d({ poolSize: 2 }),
    tf.layers.flatten(),
    tf.layers.dense({ units: 8, activation: 'relu', kernelInitializer: init(2) }),
    tf.layers.dense({ units: 3, activation: 'softmax', kernelInitializer: init(3) }),
  ],
});
model.compile({ optimizer: tf.train.adam(0.01), loss: 'categoricalCrossentropy' });
const x = tf.randomNormal([48, 8, 8, 1], 0, 1, 'float32', 1);
const y = tf.oneHot(tf.argMax(tf.slice(tf.mean(x, [1, 3]), [0, 0], [48, 3]), 1), 3).cast('float32');
const cross = crossRegularization({ noise: true, regularizationData: { split: 0.25 }, every: 1, seed: 1 });
await cross.fit(model, x, y, { epochs: 2, batchSize: 12, verbose: 0 });

const frozen = toInferenceModel(cross.toModel(), { samples: 4, seed: 1 });
mkdirSync(folder, { recursive: true });
await frozen.save(
  tf.io.withSaveHandler(async ({ modelTopology, weightSpecs, weightData }) => {
    const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
    writeFileSync(
      `${folder}/model.json`,
      JSON.stringify({ format: 'layers-model', modelTopology, weightsManifest }),
    );
    writeFileSync(`${folder}/weights.bin`, Buffer.from(tf.io.concatenateArrayBuffers([weightData].flat())));
    return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
  }),
);
const outputs = frozen.predict(x);
// A frozen model that ignored its noise would be the same with other draws.
const other = predict(cross.toModel(), x, { samples: 4, seed: 2 }).mean;
writeFileSync(
  `${folder}/predictions.json`,
  JSON.stringify({
    inputs: [...x.dataSync()],
    shape: x.shape,
    outputs: [...outputs.dataSync()],
    otherDraws: tf.max(tf.abs(tf.sub(outputs, other))).arraySync(),
  }),
);
