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

/**
 * What a task threw as an error. It may be anything: an error of another realm, an object with a message, a text. The message
 * tells its causes too: that of a failed `fetch` in Node is only there.
 */
export function runErrorOfThrown(thrown: unknown): RunError {
  const { name, stack, cause } = Object(thrown) as { [key in keyof Error]: unknown };
  const message = messageOf(thrown);
  return {
    name: text(name) || 'Error',
    message: cause === undefined ? message : `${message} (cause: ${causesOf(cause)})`,
    stack: text(stack),
  };
}

const text = (value: unknown) => (typeof value === 'string' ? value : undefined);

function messageOf(thrown: unknown): string {
  const { message, code } = Object(thrown) as { message?: unknown; code?: unknown };
  // The error of several refused connections has a code and no message.
  if (message === '' && text(code)) return text(code)!;
  return text(message) ?? text(thrown) ?? inspect(thrown, { breakLength: Number.POSITIVE_INFINITY });
}

/** The messages of all errors in a chain of causes, beginning with `first`. */
function causesOf(first: unknown): string {
  const causes = new Set<unknown>();
  // A cause may be its own.
  for (let cause = first; cause !== undefined && !causes.has(cause); cause = Object(cause).cause)
    causes.add(cause);
  return [...causes].map(messageOf).join('; ');
}
