import { show } from '../../../common/show';
import { unknownOption } from '../../../common/unknownOption';

/** Bad input, refused before anything is computed. The message names the argument, what was given and what is allowed. */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';
}

/** Refuses an option that does not exist, and names the nearest that does. */
export function checkOptions<O extends object>(
  of: string,
  options: O | undefined,
  known: Readonly<Record<keyof O, unknown>>,
): void {
  const problem = unknownOption(of, options, known);
  if (problem) throw new ArgumentError(`${problem.argument} ${problem.message}`);
}

/** Refuses anything but an integer of at least `least`. */
export function checkInteger(argument: string, value: unknown, least: number, advice: string): void {
  if (!Number.isInteger(value) || (value as number) < least) {
    throw new ArgumentError(
      `${argument} must be an integer of at least ${least}, but is ${show(value)}. ${advice}`,
    );
  }
}

/** Refuses anything but one of the words `allowed`. */
export function checkOneOf(argument: string, value: unknown, allowed: readonly string[]): void {
  if (!allowed.includes(value as string)) {
    const words = allowed.map((word) => `'${word}'`).join(' or ');
    throw new ArgumentError(
      `${argument} must be ${words}, but is ${show(value)}. Leave it out for the default.`,
    );
  }
}
