import { inspect } from 'node:util';
import type { RunError } from './run';

/** An error to throw that represents an error of another process, or one with a given name. */
export function errorLike<E extends Error>({ name, message, stack = '' }: RunError, error: E): E {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  // The class of an error may be missing in its stack, which is all that BullMQ keeps of an error besides its message.
  error.stack = [`${name}: ${message}`, ...frames].join('\n');
  return error;
}

/** What the message and the stack that {@link errorLike} wrote tell of an error. */
export function runErrorOf(message: string, stack: string | undefined): RunError {
  const end = stack?.indexOf(`: ${message}`) ?? -1;
  return { name: end > 0 ? stack!.slice(0, end) : 'Error', message, stack };
}

/** What a task threw as an error. It may be anything: an error of another realm, an object with a message, a text. */
export function runErrorOfThrown(thrown: unknown): RunError {
  const { name, message, stack } = Object(thrown) as { [key in keyof RunError]: unknown };
  const text = (value: unknown) => (typeof value === 'string' ? value : undefined);
  return {
    name: text(name) || 'Error',
    message: text(message) ?? text(thrown) ?? inspect(thrown, { breakLength: Number.POSITIVE_INFINITY }),
    stack: text(stack),
  };
}
