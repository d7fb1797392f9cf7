// MobileNetV2 from the npm package nsfwjs: a Keras model in the Layers format with quantized weights, trained by Infinite Red
// and others to tell drawings and photographs apart and to recognize unsuitable content (MIT license).
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { defaultCacheFolder } from '@crossreg/datasets/node';
import * as tf from '@tensorflow/tfjs';

const version = '4.4.0';

/** Model and weights as published. npm fetches them the first time, and they are kept. */
function published() {
  const folder = join(defaultCacheFolder(), `nsfwjs-${version}`);
  if (!existsSync(join(folder, 'node_modules', '.package-lock.json'))) {
    // Its peer dependencies are versions of TensorFlow.js, which are not needed here.
    const flags = ['--ignore-scripts', '--legacy-peer-deps', '--no-audit', '--no-fund', '--loglevel=error'];
    execFileSync('npm', ['install', '--prefix', folder, `nsfwjs@${version}`, ...flags], {
      shell: process.platform === 'win32',
    });
  }
  const files = join(folder, 'node_modules', 'nsfwjs', 'dist', 'models', 'mobilenet_v2');
  const require = createRequire(join(files, 'model.min.js'));
  return {
    ...require('./model.min.js'),
    weightData: Uint8Array.from(atob(require('./group1-shard1of1.min.js')), (c) => c.charCodeAt(0)).buffer,
  };
}

/**
 * A part of the trained network as a separate model.
 *
 * @param from - the name of the layer whose output it takes; `input_1` for images in [0, 1], height × width × 3, of any size.
 * @param to - the name of the layer whose output it returns.
 * @param shape - the shape of one input.
 */
export function part({ from, to, shape }) {
  const { modelTopology, weightsManifest, weightData } = published();
  const topology = structuredClone(modelTopology);
  const { config } = topology.model_config;
  const place = (name) => config.layers.findIndex((layer) => layer.name === name);
  const input = {
    name: from,
    class_name: 'InputLayer',
    config: { name: from, batch_input_shape: [null, ...shape], dtype: 'float32', sparse: false },
    inbound_nodes: [],
  };
  config.layers = [input, ...config.layers.slice(place(from) + 1, place(to) + 1)];
  config.input_layers = [[from, 0, 0]];
  config.output_layers = [[to, 0, 0]];
  for (const layer of config.layers) {
    // The published momentum of 0.999 is for long training. After hundreds of steps it would still keep the old statistics.
    if (layer.class_name === 'BatchNormalization') layer.config.momentum = 0.95;
  }
  const weightSpecs = weightsManifest.flatMap(({ weights }) => weights);
  // Not strict, because the weights of the other parts are unused.
  return tf.loadLayersModel(tf.io.fromMemory({ modelTopology: topology, weightSpecs, weightData }), {
    strict: false,
  });
}
