import { unknownOption } from '../../../common/unknownOption';
import { ArgumentError } from './argumentError';

/**
 * Refuses an option that does not exist, and names the nearest that does.
 *
 * @param of - what takes the options, as the message calls it: `predict`.
 * @param known - every option there is. TypeScript holds it against the type of `options`, so that none is forgotten.
 * @throws ArgumentError for an unknown name, or for anything that is not an object of options.
 * @example checkOptions('createSchedule', { every: 5 }, { every: 1, samples: 1, warmUp: 1 });
 */
export function checkOptions<O extends object>(
  of: string,
  options: O | undefined,
  known: Readonly<Record<keyof O, unknown>>,
): void {
  const problem = unknownOption(of, options, known);
  if (problem) throw new ArgumentError(problem.argument, problem.message);
}
