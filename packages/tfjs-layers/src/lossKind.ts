import * as tf from '@tensorflow/tfjs-core';
import type { LossFunction } from './internals';

/** What a loss makes of a prediction: softmax or sigmoid logits, or something else. */
export type LossKind = 'softmax' | 'sigmoid' | 'other';

type Shape = readonly (number | null)[];
const known = new WeakMap<LossFunction, Map<string, LossKind>>();

/** What is known already of a loss, without a look at the device. */
export const knownLossKind = (loss: LossFunction, shape: Shape): LossKind | undefined =>
  known.get(loss)?.get(String(shape));

/**
 * The kind of predictions that a loss function takes. Only its values tell `(y, z) => tf.losses.softmaxCrossEntropy(y, z)` from
 * a squared error. A loss takes softmax logits if adding a number to all logits of an example changes nothing. It takes sigmoid
 * logits if it is proportional to log (1 + e^∓z) for the targets 1 and 0.
 *
 * @param shape - of the output, with the axis of examples.
 */
export async function lossKind(loss: LossFunction, shape: Shape): Promise<LossKind> {
  const before = knownLossKind(loss, shape);
  if (before) return before;
  const values = probe(loss, shape);
  const kind = values ? kindOf(await values.data()) : 'other';
  values?.dispose();
  return remember(loss, shape, kind);
}

/**
 * {@link lossKind} for callers that cannot await. WebGPU in Node cannot read synchronously: there it throws if the kind is not
 * known yet.
 */
export function lossKindNow(loss: LossFunction, shape: Shape): LossKind {
  const before = knownLossKind(loss, shape);
  if (before) return before;
  const values = probe(loss, shape);
  try {
    return remember(loss, shape, values ? kindOf(values.dataSync()) : 'other');
  } finally {
    values?.dispose();
  }
}

/** Whether a loss gives one number for a batch of several examples, so that those of the examples cannot be told. */
export const isReducedToOne = (loss: LossFunction, shape: Shape): boolean => {
  const full = [2, ...shape.slice(1).map((n) => n ?? 2)];
  try {
    return tf.tidy(() => loss(tf.fill(full, 0.5), tf.fill(full, 0.5)).size) === 1;
  } catch {
    // A loss that wants other targets than those of its output's shape.
    return false;
  }
};

function remember(loss: LossFunction, shape: Shape, kind: LossKind): LossKind {
  const kinds = known.get(loss) ?? new Map<string, LossKind>();
  known.set(loss, kinds.set(String(shape), kind));
  return kind;
}

/** The loss at chosen targets and predictions, see {@link kindOf}; none if it cannot take them. */
function probe(loss: LossFunction, shape: Shape): tf.Tensor | undefined {
  const full = [2, ...shape.slice(1).map((n) => n ?? 2)];
  const classes = full[full.length - 1];
  const rows = tf.util.sizeFromShape(full) / classes;
  try {
    return tf.tidy(() => {
      const at = (y: tf.Tensor, z: tf.Tensor) => tf.mean(loss(y, z));
      const y = tf.tensor(
        Array.from({ length: rows * classes }, (_, i) =>
          Math.floor(i / classes) % classes === i % classes ? 1 : 0,
        ),
        full,
      );
      const z = tf.tensor(
        Array.from({ length: rows * classes }, (_, i) => Math.sin(1 + 2.3 * i)),
        full,
      );
      const shift = tf.tensor(
        Array.from({ length: rows }, (_, i) => 1.5 + 3 * Math.cos(1.7 * i)),
        [...full.slice(0, -1), 1],
      );
      const [one, zero] = [tf.ones(full), tf.zeros(full)];
      return tf.stack([
        ...[at(y, z), at(y, tf.add(z, shift)), at(y, tf.mul(y, 2)), at(y, tf.mul(y, 3))],
        ...[at(one, tf.fill(full, -1)), at(one, tf.fill(full, 2))],
        ...[at(zero, tf.fill(full, -1)), at(zero, tf.fill(full, 2))],
      ]);
    });
  } catch {
    // A loss that wants other targets than those of its output's shape.
    return undefined;
  }
}

const softplus = (z: number) => Math.log1p(Math.exp(z));

function kindOf(values: ArrayLike<number>): LossKind {
  const [plain, shifted, near, far, oneLow, oneHigh, zeroLow, zeroHigh] = Array.from(values);
  const same = (a: number, b: number) => Math.abs(a - b) < 1e-4 * Math.max(1, Math.abs(a), Math.abs(b));
  // The margins 2 and 3 tell a cross-entropy from a hinge loss, which is 0 at both.
  if (same(plain, shifted) && !same(near, far)) return 'softmax';
  // Logarithms of ratios, so that weights of the classes do not matter.
  const ratio = (a: number, b: number) => Math.log(a / b);
  const logistic =
    same(ratio(oneLow, oneHigh), ratio(softplus(1), softplus(-2))) &&
    same(ratio(zeroLow, zeroHigh), ratio(softplus(-1), softplus(2)));
  return logistic ? 'sigmoid' : 'other';
}
