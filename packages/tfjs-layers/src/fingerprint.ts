import { hash32 } from '@crossreg/core/internal';
import * as tf from '@tensorflow/tfjs-core';

/** What a checkpoint remembers of an array, to tell it from another one. */
export interface Fingerprint {
  shape: number[];
  /** A hash of up to 64 evenly spaced examples, exact to the bit. */
  examples: string;
  /**
   * Mean of |x|, and the mean as a share of it. They cover all numbers, and are rounded because sums differ a little between
   * backends.
   */
  size: string;
  balance: string;
}

/** How many numbers are hashed. More would be slower and no safer. */
const MOST = 2 ** 18;
const known = new WeakMap<tf.Tensor, Promise<Fingerprint>>();

/** A fingerprint of an array with its examples on the first axis: two sums, and some examples as they are. */
export function fingerprint(x: tf.Tensor): Promise<Fingerprint> {
  // The value of a variable can change.
  if (x instanceof tf.Variable) return take(x);
  let found = known.get(x);
  if (!found) {
    found = take(x);
    known.set(x, found);
  }
  return found;
}

/** Those of the arrays of examples. */
export interface Fingerprints {
  x: Fingerprint[];
  y: Fingerprint[];
}

export async function fingerprints(examples: {
  x: readonly tf.Tensor[];
  y: readonly tf.Tensor[];
}): Promise<Fingerprints> {
  const [x, y] = await Promise.all(
    [examples.x, examples.y].map((each) => Promise.all(each.map(fingerprint))),
  );
  return { x, y };
}

async function take(x: tf.Tensor): Promise<Fingerprint> {
  const count = x.shape[0];
  const perExample = Math.max(1, x.size / Math.max(1, count));
  const some = Math.max(1, Math.min(count, 64, Math.floor(MOST / perExample)));
  const rows = Array.from({ length: some }, (_, i) =>
    some === 1 ? 0 : Math.floor((i * (count - 1)) / (some - 1)),
  );
  const [sample, mean, size] = tf.tidy(() => {
    const numbers = tf.cast(x, 'float32');
    return [tf.gather(numbers, tf.tensor1d(rows, 'int32')), tf.mean(numbers), tf.mean(tf.abs(numbers))];
  });
  const [values, [average], [absolute]] = await Promise.all([sample.data(), mean.data(), size.data()]);
  tf.dispose([sample, mean, size]);
  const bits = new Uint32Array(Float32Array.from(values).buffer);
  const [first, second] = [0, 1].map((seed) =>
    bits.reduce((hash, word) => hash32(hash ^ word), hash32(seed)),
  );
  const balance = absolute > 0 ? average / absolute : 0;
  return {
    shape: [...x.shape],
    examples: [first, second].map((hash) => hash.toString(16).padStart(8, '0')).join(''),
    size: absolute.toPrecision(3),
    balance: balance.toFixed(2),
  };
}
