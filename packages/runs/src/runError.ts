import type { RunError } from './run';

/** An error to be thrown that stands for one of another process, or for one that we name. */
export function errorLike<E extends Error>({ name, message, stack = '' }: RunError, error: E): E {
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line));
  // The class of an error may not be in its stack; that is all that BullMQ keeps of an error beside its message.
  error.stack = [`${name}: ${message}`, ...frames].join('\n');
  return error;
}

/** What is known of an error by its message and the stack that {@link errorLike} gave it. */
export function runErrorOf(message: string, stack: string | undefined): RunError {
  const end = stack?.indexOf(`: ${message}`) ?? -1;
  return { name: end > 0 ? stack!.slice(0, end) : 'Error', message, stack };
}
