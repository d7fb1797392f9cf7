import * as tf from '@tensorflow/tfjs';

// TensorFlow.js has neither of these layers. Tokens are [batch, tokens, width].

const glorot = (seed) => tf.initializers.glorotUniform({ seed });

/** Multi-head scaled dot-product self-attention (Vaswani et al. 2017), without masks. */
export class SelfAttention extends tf.layers.Layer {
  static className = 'SelfAttention';
  constructor({ heads, seed, ...config }) {
    super(config);
    Object.assign(this, { heads, seed });
  }

  build([, , width]) {
    this.projection = this.addWeight('projection', [width, 3 * width], 'float32', glorot(this.seed * 10));
    this.mixing = this.addWeight('mixing', [width, width], 'float32', glorot(this.seed * 10 + 1));
    super.build();
  }

  call(inputs) {
    return tf.tidy(() => {
      const x = Array.isArray(inputs) ? inputs[0] : inputs;
      const [batch, tokens, width] = x.shape;
      const size = width / this.heads;
      const project = (y, w) => tf.reshape(tf.matMul(tf.reshape(y, [-1, width]), w), [batch, tokens, -1]);
      const [query, key, value] = tf
        .split(project(x, this.projection.read()), 3, 2)
        .map((part) =>
          tf.reshape(tf.transpose(tf.reshape(part, [batch, tokens, this.heads, size]), [0, 2, 1, 3]), [
            batch * this.heads,
            tokens,
            size,
          ]),
        );
      const weights = tf.softmax(tf.div(tf.matMul(query, key, false, true), Math.sqrt(size)));
      const mixed = tf.reshape(tf.matMul(weights, value), [batch, this.heads, tokens, size]);
      return project(
        tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [batch, tokens, width]),
        this.mixing.read(),
      );
    });
  }

  computeOutputShape(shape) {
    return shape;
  }

  getConfig() {
    return { ...super.getConfig(), heads: this.heads, seed: this.seed };
  }
}

/** Adds a learned vector for each position. */
export class Embedding extends tf.layers.Layer {
  static className = 'PositionEmbedding';
  constructor({ seed, ...config }) {
    super(config);
    this.seed = seed;
  }

  build([, tokens, width]) {
    const init = tf.initializers.randomNormal({ stddev: 0.02, seed: this.seed });
    this.vectors = this.addWeight('vectors', [tokens, width], 'float32', init);
    super.build();
  }

  call(inputs) {
    return tf.tidy(() => tf.add(Array.isArray(inputs) ? inputs[0] : inputs, this.vectors.read()));
  }

  computeOutputShape(shape) {
    return shape;
  }

  getConfig() {
    return { ...super.getConfig(), seed: this.seed };
  }
}

for (const layer of [SelfAttention, Embedding]) tf.serialization.registerClass(layer);
