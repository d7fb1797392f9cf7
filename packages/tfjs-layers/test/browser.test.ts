import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { BrowserContext } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProgram } from '../../../scripts/chromiumPage.mjs';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';

if (!chromiumPath) console.warn(`SKIPPED: ${noChromium}`);

// What a page does: trains a noisy net with a checkpoint in IndexedDB, and tells of every batch.
const program = `
  import { seedNoise } from '@crossreg/tfjs';
  import * as tf from '@tensorflow/tfjs';
  import * as tfvis from '@tensorflow/tfjs-vis';
  import { callbackList, crossRegularization, indexedDBStore, injectNoise, l2 } from '../src/index';

  window.run = async (name, epochs) => {
    await tf.setBackend('cpu');
    seedNoise(1);
    const init = (seed) => tf.initializers.glorotNormal({ seed });
    const model = tf.sequential({
      layers: [
        tf.layers.dense({ units: 8, inputShape: [4], activation: 'relu', kernelInitializer: init(1) }),
        tf.layers.dense({ units: 1, kernelInitializer: init(2) }),
      ],
    });
    model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
    const x = tf.randomNormal([40, 4], 0, 1, 'float32', 1);
    const y = tf.sum(x, 1, true);
    const cross = crossRegularization({
      noise: true,
      regularizationData: { split: 0.25 },
      every: 2,
      checkpoint: indexedDBStore(name),
    });
    const { history } = await cross.fit(model, x, y, {
      epochs,
      batchSize: 8,
      verbose: 0,
      callbacks: new tf.CustomCallback({ onBatchEnd: async () => { window.batches = (window.batches ?? 0) + 1; await tf.nextFrame(); } }),
    });
    const weights = cross.toModel().weights.map((weight) => [...weight.read().dataSync()]);
    return { history, weights, rho: cross.history.rho, batches: window.batches };
  };
  window.charts = async () => {
    await tf.setBackend('cpu');
    const model = injectNoise(tf.sequential({
      layers: [tf.layers.dense({ units: 8, inputShape: [4], activation: 'relu', name: 'hidden' }), tf.layers.dense({ units: 1 })],
    }));
    model.compile({ optimizer: tf.train.adam(0.01), loss: 'meanSquaredError' });
    const x = tf.randomNormal([40, 4], 0, 1, 'float32', 1);
    const y = tf.sum(x, 1, true);
    const cross = crossRegularization({ regularizationData: [x, y], every: 2, regularizers: [l2({ layers: ['hidden'] })] });
    const place = document.body.appendChild(document.createElement('div'));
    // What is written beside the axes.
    const { fillText } = CanvasRenderingContext2D.prototype;
    const texts = new Set();
    CanvasRenderingContext2D.prototype.fillText = function (text, ...at) {
      texts.add(String(text));
      fillText.call(this, text, ...at);
    };
    let draw;
    const names = [];
    const first = (epoch, logs) => {
      names.push(...Object.keys(logs));
      draw = tfvis.show.fitCallbacks(place, [...Object.keys(logs), 'val_loss'], { callbacks: ['onEpochEnd'] });
    };
    const onEpochEnd = async (epoch, logs) => {
      if (epoch === 0) first(epoch, logs);
      await draw.onEpochEnd(epoch, logs);
    };
    const callbacks = callbackList(cross, { onEpochEnd });
    const { history } = await model.fit(x, y, { epochs: 3, batchSize: 8, verbose: 0, callbacks });
    while (place.querySelectorAll('canvas').length < names.length) await tf.nextFrame();
    const charts = [...place.querySelectorAll('canvas')].map((canvas) => {
      const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
      return { name: canvas.parentElement.dataset.name, inked: data.some((v) => v > 0 && v < 250) };
    });
    return { charts, texts: [...texts], rho: Object.keys(cross.history.rho), keys: Object.keys(history) };
  };
  window.refusal = () => { try { crossRegularization({ regularizationData: { split: 0.1 }, checkpoint: 'runs' }); } catch (error) { return error.message; } };
  window.remove = (name) => indexedDBStore(name).remove();`;

interface Result {
  history: object;
  weights: number[][];
  rho: object;
  batches: number;
}

interface Charts {
  charts: { name: string; inked: boolean }[];
  texts: string[];
  rho: string[];
  keys: string[];
}

describe.skipIf(!chromiumPath)('in Chromium', () => {
  let opened: Awaited<ReturnType<typeof openProgram>>;
  let context: BrowserContext;
  beforeAll(async () => {
    const bundle = await build({
      stdin: {
        contents: program,
        resolveDir: fileURLToPath(new URL('.', import.meta.url)),
        loader: 'ts',
      },
      bundle: true,
      write: false,
      platform: 'browser',
      format: 'iife',
      logLevel: 'error',
      alias: Object.fromEntries(
        ['core', 'tfjs'].flatMap((name) =>
          ['index', 'internal'].map((entry) => [
            entry === 'index' ? `@crossreg/${name}` : `@crossreg/${name}/${entry}`,
            fileURLToPath(new URL(`../../${name}/src/${entry}.ts`, import.meta.url)),
          ]),
        ),
      ),
    });
    opened = await openProgram(bundle.outputFiles[0].contents);
    context = await opened.browser.newContext();
  }, 60_000);
  afterAll(async () => {
    await opened?.close();
  });

  const newPage = async () => {
    const page = await context.newPage();
    await page.goto(opened.url);
    return page;
  };

  test('a training that was interrupted by closing the page continues in another page to the identical result', async () => {
    const first = await newPage();
    const straight = await first.evaluate<Result>("run('straight', 6)");
    expect(straight.batches).toBe(24);
    const second = await newPage();
    const broken = second.evaluate("run('broken', 6)").catch(() => 'closed');
    await second.waitForFunction('window.batches > 9');
    await second.close();
    expect(await broken).toBe('closed');
    const third = await newPage();
    const resumed = await third.evaluate<Result>("run('broken', 6)");
    // At least two of the epochs were over.
    expect(resumed.batches).toBeLessThanOrEqual(16);
    expect({ ...resumed, batches: 24 }).toEqual(straight);
    await third.evaluate("remove('broken')");
    expect(await third.evaluate<Result>("run('broken', 1)")).toMatchObject({
      history: { loss: [expect.any(Number)] },
    });
    expect(await third.evaluate('refusal()')).toContain('there are no folders outside of Node');
  }, 90_000);

  test('the real tfjs-vis draws the regularization loss and σ from the logs, next to the loss', async () => {
    const page = await newPage();
    const { charts, texts, rho, keys } = await page.evaluate<Charts>('charts()');
    expect(rho).toEqual(['hidden_noise', 'hidden/l2']);
    expect(keys).toEqual(['loss', 'regularization_loss', 'hidden_noise', 'hidden_l2']);
    expect(charts).toEqual(keys.map((name) => ({ name, inked: true })));
    // The legend of each.
    expect(texts).toEqual(expect.arrayContaining(keys));
    expect(texts).not.toContain('val_loss');
  });
});
