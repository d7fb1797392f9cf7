import { ArgumentError, type SavedArray } from '@crossreg/core';
import { type DType, type Array as JaxArray, numpy as np, tree } from '@jax-js/jax';
import type { CrossRegularizeState } from './crossRegularize';
import { numbersOf } from './history';
import { type ArrayTree, namedLeaves } from './trees';

/** An array off the device, with its type and its place in the state. */
export interface SavedLeaf extends SavedArray {
  name: string;
  dtype: string;
}

/**
 * A state off the device, of plain numbers and `Float64Array`s. A structured clone (`structuredClone`, `v8.serialize`,
 * IndexedDB) keeps it to the bit.
 */
export interface SavedState {
  step: number;
  leaves: SavedLeaf[];
  history: { step: number; numbers: readonly number[] }[];
}

/** The arrays of a state that are on the device, without the history. */
const arraysOf = ({ params, rawRho, optimizerState, rhoOptimizerState, skipped }: CrossRegularizeState) =>
  ({ params, rawRho, optimizerState, rhoOptimizerState, skipped }) satisfies Record<string, ArrayTree>;

/** Copies a state off the device. The state stays valid. */
export async function saveState(state: CrossRegularizeState): Promise<SavedState> {
  const [leaves, history] = await Promise.all([
    Promise.all(
      namedLeaves<JaxArray>(arraysOf(state)).map(async ({ name, leaf }) => {
        const { shape, dtype } = leaf;
        return {
          name,
          shape: [...shape],
          dtype: String(dtype),
          values: Float64Array.from(await leaf.ref.data()),
        };
      }),
    ),
    Promise.all(state.history.map(async (row) => ({ step: row.step, numbers: await numbersOf(row) }))),
  ]);
  return { step: state.step, leaves, history };
}

/**
 * The saved state. The run continues from it to the bit, because random numbers follow from the run's key and the step number.
 * You choose which batches come next.
 *
 * @param target - a state of the same structure, such as `method.init` returns. Consumed.
 * @throws ArgumentError for the state of another run; the target then stays valid.
 */
export function loadState<S extends CrossRegularizeState>(target: S, saved: SavedState): S {
  const arrays = arraysOf(target);
  const here = namedLeaves<JaxArray>(arrays);
  const text = (leaves: readonly { name: string; shape: readonly number[]; dtype: string }[]) =>
    leaves.map(({ name, shape, dtype }) => `${name} ${dtype}[${shape}]`);
  const [then, now] = [
    text(saved.leaves),
    text(here.map(({ name, leaf: { shape, dtype } }) => ({ name, shape, dtype: String(dtype) }))),
  ];
  const differs = now.findIndex((line, i) => line !== then[i]);
  if (differs >= 0 || then.length !== now.length) {
    const at = differs >= 0 ? differs : now.length;
    throw new ArgumentError(
      'saved',
      `comes from another run: it has ${then[at] ?? 'nothing'} where this run has ${now[at] ?? 'nothing'}. Use the parameters and options of that run, or start again.`,
    );
  }
  const leaves = saved.leaves.map(({ shape, dtype, values }) =>
    np.array(typedArray(dtype, values), { shape: [...shape], dtype: dtype as DType }),
  );
  const loaded = tree.unflatten<JaxArray>(tree.structure<JaxArray>(arrays), leaves) as typeof arrays;
  tree.dispose({ ...target, history: target.history.map(({ numbers }) => numbers) } as unknown as ArrayTree);
  const history = saved.history.map(({ step, numbers }) => ({ step, numbers: Promise.resolve(numbers) }));
  return { ...target, ...loaded, step: saved.step, history };
}

function typedArray(dtype: string, values: Float64Array) {
  if (dtype === 'int32') return Int32Array.from(values);
  if (dtype === 'uint32') return Uint32Array.from(values);
  if (dtype === 'float64') return values;
  return Float32Array.from(values);
}
