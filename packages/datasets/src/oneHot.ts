import { refuse } from '../../../common/argumentError';
import { checkRange } from './checkRange';

/**
 * Labels as rows with a single 1: shape `[labels.length, classes]`, row-major.
 *
 * @throws {ArgumentError} for a label that is not one of the `classes`.
 */
export function oneHot(labels: ArrayLike<number>, classes: number): Float32Array {
  checkRange('classes', classes, 1, 2 ** 31, 'Give the number of classes.');
  const rows = new Float32Array(labels.length * classes);
  for (let i = 0; i < labels.length; i++) {
    const label = labels[i];
    if (!Number.isInteger(label) || label < 0 || label >= classes) {
      refuse(
        `labels[${i}]`,
        label,
        `an integer from 0 to ${classes - 1}`,
        `Number the classes from 0, or increase classes.`,
      );
    }
    rows[i * classes + label] = 1;
  }
  return rows;
}
