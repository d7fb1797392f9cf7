import { type Array as JaxArray, numpy as np, tree } from '@jax-js/jax';
import { allFinite } from './framework';
import type { GradientTransformation } from './optimizer';
import { type ArrayTree, leavesOf, mapTrees, select } from './trees';

/**
 * One step of an optimizer, or none. If the loss or a gradient is not finite, or if a new value or number of the optimizer's
 * state would not be, everything stays unchanged.
 *
 * For an optimizer with `updateIf`, only the loss and the norm of the gradient are checked, in one pass over the gradients: the
 * rest is then finite too. (The exception is a single parameter that would leave the range of float32. It stays.)
 *
 * A number that is not finite before the step stays and is no reason to refuse: a scale that is off has the raw value −∞.
 *
 * @param at - all of it is consumed.
 * @param adjust - moves the parameters to where they must be after a step. Its result is checked number by number.
 * @param derived - values that follow from the parameters and must be finite too.
 * @returns with `taken`, a boolean scalar.
 */
export function stepIfFinite<P extends ArrayTree>(
  optimizer: GradientTransformation,
  at: { loss: JaxArray; gradients: P; params: P; state: ArrayTree },
  adjust?: (params: P) => P,
  derived: (params: P) => ArrayTree = () => [],
): { params: P; state: ArrayTree; taken: JaxArray } {
  const { loss, gradients, params, state } = at;
  if (optimizer.updateIf && !adjust) {
    const squares = leavesOf(tree.ref(gradients)).map((g) => np.sum(np.square(g.astype(np.float32))));
    const finite = np.isfinite(squares.reduce((a, b) => a.add(b), loss));
    const [updates, next, taken] = optimizer.updateIf(finite, gradients, state, tree.ref(params));
    const move = (x: JaxArray, by: JaxArray) => {
      const moved = x.ref.add(by);
      return np.where(np.isfinite(moved.ref), moved, x);
    };
    return { params: mapTrees(move, params, updates), state: next, taken };
  }
  const finite = allFinite([loss, ...leavesOf(tree.ref(gradients))]);
  const [updates, nextState] = optimizer.update(gradients, tree.ref(state), tree.ref(params));
  const move = (x: JaxArray, by: JaxArray) => np.where(np.isfinite(x.ref), x.ref.add(by), x);
  const freely = mapTrees(move, tree.ref(params), updates);
  const next = adjust ? adjust(freely) : freely;
  const before = leavesOf(tree.ref(params));
  const changed = leavesOf(tree.ref(next)).map((x, i) => np.where(np.isfinite(before[i]), x, 0));
  const made = [...changed, ...leavesOf(tree.ref(nextState)), ...leavesOf(derived(tree.ref(next)))];
  const taken = np.logicalAnd(finite, allFinite(made));
  return {
    params: select(taken.ref, next, params),
    state: select(taken.ref, nextState as ArrayTree, state),
    taken,
  };
}
