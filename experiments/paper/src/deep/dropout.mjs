import { currentNoise, gaussian } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';

/**
 * Dropout whose masks come from the seeded stream of the noise layers, so that a run can be repeated. With a seed, the layer of
 * TensorFlow.js uses the same mask in every step.
 */
export class Dropout extends tf.layers.Layer {
  static className = 'SeededDropout';
  constructor({ rate, ...config }) {
    super(config);
    this.rate = rate;
  }

  call(inputs, { training = false } = {}) {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      if (!training) return tf.clone(x);
      // exp(−(a² + b²) / 2) of two normal numbers is uniform.
      const square = () => tf.square(gaussian(x.shape, currentNoise().next()));
      const keep = tf.less(tf.add(square(), square()), -2 * Math.log(this.rate));
      return tf.mul(x, tf.div(tf.cast(keep, 'float32'), 1 - this.rate));
    });
  }

  computeOutputShape(shape) {
    return shape;
  }

  getConfig() {
    return { ...super.getConfig(), rate: this.rate };
  }
}
tf.serialization.registerClass(Dropout);
