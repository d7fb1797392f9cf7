import { show } from '../../../common/show';

/**
 * Bad input, refused before any training step. The message names the argument, what was given, what is allowed
 * and what to do.
 */
export class ArgumentError extends Error {
  override readonly name = 'ArgumentError';

  constructor(
    /** The argument at fault, as the user typed it: `schedule.every`. */
    readonly argument: string,
    message: string,
  ) {
    super(`${argument}: ${message}`);
  }
}

export { show };

/** Refuses anything but a list. What is in it is for the caller to check. */
export function checkList(argument: string, value: unknown, of: string): void {
  if (!Array.isArray(value)) {
    throw new ArgumentError(
      argument,
      `must be a list of ${of}, but is ${show(value)}. Write [ ] around one.`,
    );
  }
}

/** Refuses anything but a whole number, which random numbers follow from. */
export function checkSeed(argument: string, value: unknown): number {
  if (!Number.isSafeInteger(value)) {
    throw new ArgumentError(
      argument,
      `must be a whole number, but is ${show(value)}. Use 0, and another one for other random numbers.`,
    );
  }
  return value as number;
}

/** Refuses anything but an integer of at least `min`. */
export function checkInteger(argument: string, value: unknown, min: number, advice: string): number {
  if (!Number.isInteger(value) || (value as number) < min) {
    throw new ArgumentError(
      argument,
      `must be an integer of at least ${min}, but is ${show(value)}. ${advice}`,
    );
  }
  return value as number;
}

/** Refuses anything but a finite number above `bound` (or equal to it with `inclusive`). */
export function checkAbove(
  argument: string,
  value: unknown,
  bound: number,
  advice: string,
  inclusive = false,
): number {
  const inside =
    typeof value === 'number' && Number.isFinite(value) && (inclusive ? value >= bound : value > bound);
  if (!inside) {
    const allowed = inclusive ? `of at least ${bound}` : `above ${bound}`;
    throw new ArgumentError(argument, `must be a finite number ${allowed}, but is ${show(value)}. ${advice}`);
  }
  return value as number;
}

/** Refuses anything but one of the values `allowed`. */
export function checkOneOf<V extends string | boolean>(
  argument: string,
  value: unknown,
  allowed: readonly V[],
  advice: string,
): V {
  if (!allowed.includes(value as V)) {
    const list = allowed.map((one) => (typeof one === 'string' ? `'${one}'` : one)).join(' or ');
    throw new ArgumentError(argument, `must be ${list}, but is ${show(value)}. ${advice}`);
  }
  return value as V;
}
