import * as tf from '@tensorflow/tfjs';
import { batches } from './networks.mjs';

const [TOKENS, WIDTH, HEADS, HIDDEN, BLOCKS, CLASSES] = [64, 64, 4, 256, 2, 10];

/**
 * A training step of a small Transformer encoder on tfjs-core: 64 tokens of width 64, two blocks of four heads (normalized
 * first), the mean of the tokens, ten classes, Adam. tfjs-layers has no attention. anchors/ has the same network.
 */
export function transformerStep() {
  let seed = 1;
  const matrix = (rows, columns) =>
    tf.variable(tf.randomNormal([rows, columns], 0, Math.sqrt(1 / rows), 'float32', seed++));
  const vector = (size, value = 0) => tf.variable(tf.fill([size], value));
  const linear = (rows, columns) => ({ w: matrix(rows, columns), b: vector(columns) });
  const norm = () => ({ gamma: vector(WIDTH, 1), beta: vector(WIDTH) });
  const blocks = Array.from({ length: BLOCKS }, () => ({
    ...{ before: norm(), q: linear(WIDTH, WIDTH), k: linear(WIDTH, WIDTH), v: linear(WIDTH, WIDTH) },
    ...{ out: linear(WIDTH, WIDTH), between: norm(), up: linear(WIDTH, HIDDEN), down: linear(HIDDEN, WIDTH) },
  }));
  const head = linear(WIDTH, CLASSES);
  const variables = [...blocks.flatMap(Object.values), head].flatMap(Object.values);

  const apply = (x, { w, b }) => tf.add(tf.matMul(x, w), b);
  const normalize = (x, { gamma, beta }) => {
    const { mean, variance } = tf.moments(x, -1, true);
    return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-5))), gamma), beta);
  };
  const batch = batches.transformer;
  const heads = (x) => tf.transpose(tf.reshape(x, [batch, TOKENS, HEADS, WIDTH / HEADS]), [0, 2, 1, 3]);
  function forward(tokens) {
    let x = tf.reshape(tokens, [batch * TOKENS, WIDTH]);
    for (const block of blocks) {
      const h = normalize(x, block.before);
      const [q, k, v] = ['q', 'k', 'v'].map((name) => heads(apply(h, block[name])));
      const scores = tf.mul(tf.matMul(q, k, false, true), Math.sqrt(HEADS / WIDTH));
      const mixed = tf.transpose(tf.matMul(tf.softmax(scores), v), [0, 2, 1, 3]);
      x = tf.add(x, apply(tf.reshape(mixed, [batch * TOKENS, WIDTH]), block.out));
      x = tf.add(x, apply(tf.relu(apply(normalize(x, block.between), block.up)), block.down));
    }
    return apply(tf.mean(tf.reshape(x, [batch, TOKENS, WIDTH]), 1), head);
  }
  const x = tf.randomNormal([batch, TOKENS, WIDTH], 0, 1, 'float32', 99);
  const labels = tf.tensor1d(
    Array.from({ length: batch }, (_, i) => i % CLASSES),
    'int32',
  );
  const y = tf.oneHot(labels, CLASSES).cast('float32');
  const optimizer = tf.train.adam(1e-3);
  return () => {
    optimizer.minimize(() => tf.losses.softmaxCrossEntropy(y, forward(x)), false, variables);
  };
}
