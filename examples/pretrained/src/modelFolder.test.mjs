import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { injectNoise, predict, toInferenceModel } from '@crossreg/tfjs-layers';
import * as tf from '@tensorflow/tfjs';
import { expect, test } from 'vitest';
import { loadFrom, saveTo } from './modelFolder.mjs';

test('a nested model with learned noise, and its inference model, are the same after saving and loading', async () => {
  await tf.setBackend('cpu');
  const [base, top] = [3, 2].map((units) =>
    tf.sequential({
      layers: [
        tf.layers.dense({ units: 3, inputShape: [3], activation: 'relu' }),
        tf.layers.dense({ units, activation: 'softmax' }),
      ],
    }),
  );
  const noisy = injectNoise(top);
  const whole = tf.model({ inputs: base.inputs, outputs: noisy.apply(base.outputs[0]) });
  const folder = mkdtempSync(join(tmpdir(), 'crossreg-folder-'));
  const x = tf.tensor2d([1, 2, 3, -1, 0, 2], [2, 3]);
  const sampled = (model) => [...predict(model, x, { samples: 3, seed: 1 }).mean.dataSync()];
  whole.setUserDefinedMetadata({ crossreg: { averaging: ['probabilities'], chosen: true } });
  await saveTo(whole, folder);
  expect(readdirSync(folder).sort()).toEqual(['model.json', 'weights.bin']);
  const loaded = await loadFrom(folder);
  expect(sampled(loaded)).toEqual(sampled(whole));
  // How its draws are averaged is in there.
  expect(loaded.getUserDefinedMetadata()).toEqual(whole.getUserDefinedMetadata());
  const inference = toInferenceModel(whole, { samples: 3, seed: 1 });
  await saveTo(inference, folder);
  expect([...(await loadFrom(folder)).predict(x).dataSync()]).toEqual([...inference.predict(x).dataSync()]);
  rmSync(folder, { recursive: true });
});
