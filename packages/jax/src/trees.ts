import { type Array as JaxArray, type JsTree, numpy as np, tree } from '@jax-js/jax';

/** Arrays in plain objects and lists, nested to any depth: a pytree. */
export type ArrayTree = JsTree<JaxArray>;

/** `tree.map` of jax-js for trees of one structure, whose type it keeps. Consumes what `f` consumes. */
export function mapTrees<P extends ArrayTree>(
  f: (...leaves: JaxArray[]) => JaxArray,
  first: P,
  ...rest: ArrayTree[]
): P {
  return tree.map(f, first as ArrayTree, ...rest) as P;
}

export const leavesOf = (x: ArrayTree): JaxArray[] => tree.leaves<JaxArray>(x);

/** The leaves with their places: `hidden`, `layers.0.kernel`. A tree that is one leaf is called `rho`. */
export function namedLeaves<L>(x: JsTree<L>): { name: string; leaf: L }[] {
  const walk = (value: JsTree<L>, path: string): { name: string; leaf: L }[] => {
    const isNode =
      Array.isArray(value) || (value && typeof value === 'object' && value.constructor === Object);
    if (!isNode) return [{ name: path || 'rho', leaf: value as L }];
    return Object.entries(value as Record<string, JsTree<L>>).flatMap(([key, child]) =>
      walk(child, path ? `${path}.${key}` : key),
    );
  };
  return walk(x, '');
}

/** The tree with every leaf replaced by that of `next` if `sound`, a boolean scalar. Consumes the trees. */
export function select<P extends ArrayTree>(sound: JaxArray, next: P, before: P): P {
  return mapTrees((a, b) => np.where(sound.ref, a, b), next, before);
}
