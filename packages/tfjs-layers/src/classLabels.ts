import type * as tf from '@tensorflow/tfjs-core';

/**
 * The class of every example, if targets are classes: the position in a one-hot target, or the number in a column of whole
 * numbers.
 *
 * @param isCategorical - whether a column of whole numbers holds classes, and not counts.
 * @returns undefined for any other target.
 */
export async function classLabels(
  target: tf.Tensor,
  isCategorical: boolean,
): Promise<ArrayLike<number> | undefined> {
  if (target.rank > 2) return undefined;
  const [count, width = 1] = target.shape;
  const values = Float32Array.from(await target.data());
  if (width === 1) return isCategorical && values.every(Number.isInteger) ? values : undefined;
  const labels = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const row = values.subarray(i * width, (i + 1) * width);
    if (!row.every((v) => v === 0 || v === 1) || row.reduce((sum, v) => sum + v, 0) !== 1) return undefined;
    labels[i] = row.indexOf(1);
  }
  return labels;
}
