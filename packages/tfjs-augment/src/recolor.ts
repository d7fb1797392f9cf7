import * as tf from '@tensorflow/tfjs-core';

/** How the colours of each image of a batch change: arrays of shape [batch]. A change that is left out does not happen. */
export interface Recolor {
  /** Added to every value. */
  brightness?: tf.Tensor;
  /** Natural logarithm of the factor on the distance from the image's mean. */
  contrast?: tf.Tensor;
  /** Natural logarithm of the factor on the distance from grey. No meaning for images of one channel. */
  saturation?: tf.Tensor;
}

/** Luma by ITU-R BT.601, the standard measure of lightness in graphics libraries. */
const LUMA = [0.299, 0.587, 0.114];

/** Saturation, then contrast, then brightness. Values are not clipped: a clipped value has no gradient. */
export function recolor(images: tf.Tensor4D, { brightness, contrast, saturation }: Recolor): tf.Tensor4D {
  if (!brightness && !contrast && !saturation) return images;
  const [batch, height, width, channels] = images.shape;
  if (channels === 4) {
    // The colours change; transparency stays.
    const at = (start: number, count: number) => tf.slice(images, [0, 0, 0, start], [-1, -1, -1, count]);
    return tf.concat([recolor(at(0, 3), { brightness, contrast, saturation }), at(3, 1)], 3);
  }
  const each = (x: tf.Tensor) => tf.reshape(x, [batch, 1, 1, 1]);
  /** The distance from the middle times a factor, written so that a factor of 1 changes no bit. */
  const spread = (x: tf.Tensor, middle: tf.Tensor, logarithm: tf.Tensor) =>
    tf.add(x, tf.mul(tf.sub(x, middle), each(tf.sub(tf.exp(logarithm), 1))));
  const grey = () =>
    channels === 1
      ? images
      : tf.reshape(tf.matMul(tf.reshape(images, [-1, 3]), tf.tensor2d(LUMA, [3, 1])), [
          batch,
          height,
          width,
          1,
        ]);
  let result: tf.Tensor = images;
  if (saturation) {
    const middle = grey();
    result = spread(result, middle, saturation);
  }
  if (contrast) {
    // Saturation leaves grey unchanged, so this is still the mean of the intermediate result.
    const middle = each(tf.mean(grey(), [1, 2, 3]));
    result = spread(result, middle, contrast);
  }
  if (brightness) result = tf.add(result, each(brightness));
  return result as tf.Tensor4D;
}
