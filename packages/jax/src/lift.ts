import type { Framework } from '@crossreg/core';
import type { Array as JaxArray } from '@jax-js/jax';
import { traced } from './framework';
import { type Handle, handle, tidy } from './handle';

/**
 * Runs a function of core, which is written against `Framework<T>`, on jax-js arrays, also inside `jit` and `grad`. So there is
 * one set of rules: core's optimizers, norms and averages are compiled here.
 *
 * @param f - returns an array or a list of arrays.
 * @param arrays - consumed, as by every function of jax-js.
 */
export function lift<R extends Handle | Handle[], A extends readonly JaxArray[]>(
  f: (framework: Framework<Handle>, ...handles: { [K in keyof A]: Handle }) => R,
  ...arrays: A
): R extends Handle ? JaxArray : JaxArray[] {
  let result: JaxArray | JaxArray[] | undefined;
  tidy(() => {
    const handles = arrays.map(handle) as { [K in keyof A]: Handle };
    const made: Handle | Handle[] = f(traced, ...handles);
    result = Array.isArray(made) ? made.map((one) => one.ref) : made.ref;
  });
  return result as R extends Handle ? JaxArray : JaxArray[];
}
