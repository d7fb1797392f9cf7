import { NoiseStream, withNoise } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs-core';
import { type CsvPicture, CsvPictures } from '../csv/csvPicture';
import type { Table } from '../csv/table.js';
import type { Pictures } from '../training/experiment';
import type { Rivals } from '../training/rivals';
import { IMAGE_SHAPE } from './images';

/** Grey values from 0 to 255, row by row. */
export interface Strip {
  readonly pixels: Uint8ClampedArray;
  readonly width: number;
}
export interface FashionPicture extends CsvPicture {
  /** An image of each class with some draws of its augmentation below it. Undefined without augmentation. */
  readonly strip: Strip | undefined;
}

/** Augmented images below each image. */
const DRAWS = 3;
const [HEIGHT, WIDTH] = IMAGE_SHAPE;

/** Pictures of how two networks predict unseen images, and of the images that the cross-regularized one trains on. */
export class FashionPictures implements Pictures {
  private readonly reliability: CsvPictures;
  /** The first training image of each class. */
  private readonly images: tf.Tensor4D;

  constructor(
    private readonly rivals: Rivals,
    table: Table,
  ) {
    this.reliability = new CsvPictures(rivals, table, IMAGE_SHAPE);
    const { train, classes } = table;
    const pixels = HEIGHT * WIDTH;
    const first = classes
      .map((_, label) => train.y.findIndex((is, i) => is === 1 && i % classes.length === label))
      .filter((i) => i >= 0)
      .map((i) => Math.floor(i / classes.length));
    this.images = tf.tidy(() =>
      tf.stack(first.map((i) => tf.tensor3d(train.x.slice(i * pixels, (i + 1) * pixels), [...IMAGE_SHAPE]))),
    ) as tf.Tensor4D;
  }

  next(options: Parameters<Pictures['next']>[0]): { picture: FashionPicture; transfer: Transferable[] } {
    const { picture, transfer } = this.reliability.next(options);
    const strip = this.strip();
    return {
      picture: { ...picture, strip },
      transfer: strip ? [...transfer, strip.pixels.buffer] : transfer,
    };
  }

  /** The draws are always the same, so that only the ranges change the picture. */
  private strip(): Strip | undefined {
    const { augmentation } = this.rivals;
    if (!augmentation) return undefined;
    const columns = this.images.shape[0];
    const pixels = tf.tidy(() => {
      const copies = tf.tile(this.images, [DRAWS, 1, 1, 1]);
      const drawn = withNoise(new NoiseStream(1), () => augmentation.augment(copies));
      const tiles = tf.reshape(tf.concat([this.images, drawn]), [DRAWS + 1, columns, HEIGHT, WIDTH]);
      return tf.mul(tf.transpose(tiles, [0, 2, 1, 3]), 255).dataSync();
    });
    return { pixels: Uint8ClampedArray.from(pixels), width: columns * WIDTH };
  }

  dispose(): void {
    this.reliability.dispose();
    this.images.dispose();
  }
}
