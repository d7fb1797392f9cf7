// A Layers model in a folder in the format of TensorFlow.js (model.json and weights.bin), for backends without a file system.
// Browsers and other programs load the same files by URL.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as tf from '@tensorflow/tfjs';

export function saveTo(model, folder) {
  mkdirSync(folder, { recursive: true });
  return model.save(
    tf.io.withSaveHandler(async ({ weightData, weightSpecs, ...rest }) => {
      const bytes = tf.io.CompositeArrayBuffer.join(weightData);
      const weightsManifest = [{ paths: ['weights.bin'], weights: weightSpecs }];
      writeFileSync(join(folder, 'model.json'), JSON.stringify({ ...rest, weightsManifest }));
      writeFileSync(join(folder, 'weights.bin'), new Uint8Array(bytes));
      return { modelArtifactsInfo: { dateSaved: new Date(), modelTopologyType: 'JSON' } };
    }),
  );
}

export function loadFrom(folder) {
  const { weightsManifest, ...model } = JSON.parse(readFileSync(join(folder, 'model.json'), 'utf8'));
  const bytes = readFileSync(join(folder, 'weights.bin'));
  return tf.loadLayersModel(
    tf.io.fromMemory({
      ...model,
      weightSpecs: weightsManifest[0].weights,
      weightData: new Uint8Array(bytes).buffer,
    }),
  );
}
