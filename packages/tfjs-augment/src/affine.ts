import * as tf from '@tensorflow/tfjs-core';

/** How far each image of a batch moves: arrays of shape [batch]. A change that is left out does not happen. */
export interface Motion {
  /** Pixels to the right. */
  translateX?: tf.Tensor;
  /** Pixels down. */
  translateY?: tf.Tensor;
  /** Degrees, counterclockwise. */
  rotate?: tf.Tensor;
  /** Degrees that vertical lines lean by. */
  shear?: tf.Tensor;
  /** Natural logarithm of the magnification. */
  scale?: tf.Tensor;
  /** −1 for an image mirrored left to right, else 1. */
  mirrorX?: tf.Tensor;
  /** −1 for an image mirrored top to bottom, else 1. */
  mirrorY?: tf.Tensor;
}

const radians = (degrees: tf.Tensor) => tf.mul(degrees, Math.PI / 180);

/**
 * The matrices M for `warp`, [batch, 2, 3]. About its center, each image is mirrored, magnified, sheared and rotated, in this
 * order, and then moved. All of it is one resampling.
 *
 * The content moves by p ↦ R · H · k · F · p + t, so a pixel of the result comes from M = F · H⁻¹ · R⁻¹ / k at p − t. M is
 * exactly the identity if nothing happens.
 */
export function affine(batch: number, motion: Motion): tf.Tensor3D {
  const [zeros, ones] = [tf.zeros([batch]), tf.ones([batch])];
  const { translateX = zeros, translateY = zeros, rotate, shear, scale, mirrorX, mirrorY } = motion;
  const cos = rotate ? tf.cos(radians(rotate)) : ones;
  const sin = rotate ? tf.sin(radians(rotate)) : zeros;
  const shrink = scale ? tf.exp(tf.neg(scale)) : ones;
  const mirrored = (x: tf.Tensor, sign?: tf.Tensor) => (sign ? tf.mul(x, sign) : x);
  let row = [cos, tf.neg(sin)];
  if (shear) {
    const lean = radians(shear);
    const tangent = tf.div(tf.sin(lean), tf.cos(lean));
    row = [tf.sub(cos, tf.mul(tangent, sin)), tf.sub(row[1], tf.mul(tangent, cos))];
  }
  const first = row.map((x) => mirrored(tf.mul(x, shrink), mirrorX));
  const second = [sin, cos].map((x) => mirrored(tf.mul(x, shrink), mirrorY));
  const moved = ([a, b]: tf.Tensor[]) => [a, b, tf.neg(tf.add(tf.mul(a, translateX), tf.mul(b, translateY)))];
  return tf.reshape(tf.stack([...moved(first), ...moved(second)], 1), [batch, 2, 3]);
}
