import { checkInteger, DatasetError } from './datasetError';

/**
 * Labels as rows with a single 1: shape `[labels.length, classes]`, row-major.
 *
 * @throws {DatasetError} for a label that is not one of the `classes`.
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  checkInteger('classes', classes, 1, 2 ** 31, 'It is the number of classes.');
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      throw new DatasetError(
        `labels[${i}] is ${label}; with ${classes} classes it must be 0 to ${classes - 1}. Count from 0, or give more classes.`,
      );
    }
    rows[i * classes + label] = 1;
  }
  return rows;
}
