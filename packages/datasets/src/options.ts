import { unknownOption } from '../../../common/unknownOption';
import { DatasetError } from './datasetError';

/** @throws {DatasetError} for an option that does not exist; it names the nearest that does. */
export function checkOptions<O extends object>(
  of: string,
  options: O | undefined,
  known: Readonly<Record<keyof O, unknown>>,
): void {
  const problem = unknownOption(of, options, known);
  if (problem) throw new DatasetError(`${problem.argument} ${problem.message}`);
}
