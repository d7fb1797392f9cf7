import type { Array as JaxArray } from '@jax-js/jax';

/**
 * Core's view of a jax-js array. Every function consumes the jax-js arrays that it gets, while core reads an array as often as
 * it likes. So a handle holds one reference and lends others.
 */
export class Handle {
  constructor(private held: JaxArray | undefined) {}

  /** The array, which the handle keeps: use it only to read shape and type. */
  get array(): JaxArray {
    if (!this.held) throw new ReferenceError('jax: this array has been disposed.');
    return this.held;
  }
  /** A reference for a jax-js function to consume. */
  get ref(): JaxArray {
    return this.array.ref;
  }
  /** Points the handle at `next`, and releases the former array. This makes a handle a variable. */
  swap(next: JaxArray | undefined): JaxArray | undefined {
    const { held } = this;
    this.held = next;
    return held;
  }
  dispose(): void {
    this.swap(undefined)?.dispose();
  }
}

/** The handles made in the innermost {@link tidy} that runs. */
let scope: Set<Handle> | undefined;

/** A handle on a new array, whose one reference it takes over. The innermost `tidy` frees it. */
export function handle(array: JaxArray): Handle {
  const made = new Handle(array);
  scope?.add(made);
  return made;
}

/** All handles in a value made of arrays and plain objects. */
export function handlesIn(value: unknown, found = new Set<Handle>()): Set<Handle> {
  if (value instanceof Handle) found.add(value);
  else if (Array.isArray(value)) for (const x of value) handlesIn(x, found);
  else if (value && typeof value === 'object' && Object.getPrototypeOf(value) === Object.prototype) {
    for (const x of Object.values(value)) handlesIn(x, found);
  }
  return found;
}

/** Runs `f` and frees every array that was made in it, except those in its result. */
export function tidy<R>(f: () => R): R {
  const outer = scope;
  const own = new Set<Handle>();
  scope = own;
  let kept = new Set<Handle>();
  try {
    const result = f();
    kept = handlesIn(result);
    return result;
  } finally {
    scope = outer;
    for (const x of own) {
      if (kept.has(x)) outer?.add(x);
      else x.dispose();
    }
  }
}
