import util from 'node:util';

/** What the native packages call and newer Nodes no longer have: since 23, or with a warning since 22. */
const removed = {
  isNullOrUndefined: (value: unknown) => value === null || value === undefined,
  isArray: Array.isArray,
};

/**
 * Gives `node:util` back the two functions that `@tensorflow/tfjs-node` and `-gpu` 4.22 call. No file is touched, and
 * in Nodes that have them nothing is done. Node 22 has them but warns once of each: there they are replaced too.
 */
export function restoreRemovedFromNode(
  target: Record<string, unknown> = util as unknown as Record<string, unknown>,
  version: string = process.versions.node,
): void {
  for (const [name, f] of Object.entries(removed)) {
    if (typeof target[name] !== 'function' || Number.parseInt(version, 10) >= 22) target[name] = f;
  }
}
