import { bijectors, regularizationParameter } from '@crossreg/core';
import { addNoise, currentNoise, tfjs } from '@crossreg/tfjs';
import * as tf from '@tensorflow/tfjs';

/**
 * x · (1 + σ ε), ε ~ N(0, I) with a learned σ: Gaussian dropout (Srivastava et al. 2014, §10; a dropout rate p is
 * σ = √(p / (1 − p))), differentiable in its rate. The callback and `predict` need only `regularizationParameters` of a layer.
 */
export class MultiplicativeNoise extends tf.layers.Layer {
  static className = 'MultiplicativeNoise';
  constructor({ initialSigma = 1, ...config }) {
    super(config);
    this.initialSigma = initialSigma;
  }

  build(shape) {
    const value = bijectors.exp.inverse(this.initialSigma);
    this.raw = this.addWeight(
      'raw_sigma',
      [],
      'float32',
      tf.initializers.constant({ value }),
      undefined,
      false,
    );
    super.build(shape);
  }

  regularizationParameters() {
    return [
      regularizationParameter(tfjs, { name: this.name, variable: this.raw.read(), bijector: bijectors.exp }),
    ];
  }

  sigma() {
    return tf.exp(this.raw.read());
  }

  call(inputs) {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      return tf.mul(x, addNoise(tf.onesLike(x), this.sigma(), currentNoise().next()));
    });
  }

  computeOutputShape(shape) {
    return shape;
  }

  getConfig() {
    return { ...super.getConfig(), initialSigma: this.initialSigma };
  }
}
tf.serialization.registerClass(MultiplicativeNoise);
