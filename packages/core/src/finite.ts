import type { Framework } from './framework';

// x − x is 0 for a finite number. Otherwise it is NaN, which `where` treats as true.
const isNonFinite = <T>(framework: Framework<T>, x: T): T => framework.sub(x, x);

/** `next`, with 0 for every element that was not finite `before`: what has to be finite after a step. */
export const ifWasFinite = <T>(framework: Framework<T>, before: T, next: T): T =>
  framework.where(isNonFinite(framework, before), framework.array(0), next);

/** `next`, with every element that was not finite `before` as it was: the raw value −∞ of a scale that is off. */
export const orNonFinite = <T>(framework: Framework<T>, before: T, next: T): T =>
  framework.where(isNonFinite(framework, before), before, next);
