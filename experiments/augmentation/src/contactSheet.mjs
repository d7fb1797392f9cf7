import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';
import { PNG } from 'pngjs';

const [rows, columns] = [6, 12];

/**
 * Writes one PNG: original images in the first column, and draws of the layer's present augmentation beside them.
 *
 * @param x - images [any, height, width, 1 or 3] in [0, 1], at least six of them.
 */
export function writeContactSheet(file, layer, x) {
  const [, height, width, channels] = x.shape;
  const pixels = tf.tidy(() => {
    const originals = tf.slice(x, 0, rows);
    const sheets = Array.from({ length: columns }, (_, column) =>
      column === 0 ? originals : withNoise(new NoiseStream(column), () => layer.augment(originals)),
    );
    // [columns, rows, h, w, channels] → rows of pixels of the whole sheet.
    const sheet = tf.transpose(tf.stack(sheets), [1, 2, 0, 3, 4]);
    return tf.mul(tf.clipByValue(sheet, 0, 1), 255).dataSync();
  });
  const png = new PNG({ width: columns * width, height: rows * height });
  for (let i = 0; i < pixels.length / channels; i++) {
    for (let c = 0; c < 3; c++)
      png.data[4 * i + c] = Math.round(pixels[i * channels + Math.min(c, channels - 1)]);
    png.data[4 * i + 3] = 255;
  }
  const path = fileURLToPath(file);
  mkdirSync(fileURLToPath(new URL('.', file)), { recursive: true });
  writeFileSync(path, PNG.sync.write(png));
  console.log(`contact sheet: ${path}`);
}
