import { ArgumentError } from '../../../common/argumentError';
import type { Framework, Optimizer } from './framework';

/**
 * An array off the device, row-major. States are made of these and of plain numbers, so that a structured clone
 * (`structuredClone`, `v8.serialize`, IndexedDB) keeps them to the bit. JSON knows neither −0 nor NaN.
 */
export interface SavedArray {
  shape: readonly number[];
  values: Float64Array;
}

/** The state of an optimizer after its steps. */
export interface OptimizerState {
  iterations: number;
  slots: SavedArray[];
}

/** Copies arrays off the device, all at once. */
export const saveArrays = <T>(framework: Framework<T>, arrays: readonly T[]): Promise<SavedArray[]> =>
  Promise.all(arrays.map(async (x) => ({ shape: [...framework.shape(x)], values: await framework.read(x) })));

export const saveOptimizer = async <T>(
  framework: Framework<T>,
  { iterations, slots }: Optimizer<T>,
): Promise<OptimizerState> => ({ iterations, slots: await saveArrays(framework, slots) });

/**
 * Refuses a state that was saved by a different run, before anything is loaded.
 *
 * @param what - what is compared, for the message.
 * @throws ArgumentError
 */
export function checkSame(what: string, saved: readonly unknown[], here: readonly unknown[]): void {
  const [then, now] = [saved, here].map((list) => JSON.stringify(list));
  if (then !== now) {
    const both = `its ${what} are ${then}, here they are ${now}`;
    throw new ArgumentError(
      'state',
      `comes from another run: ${both}. Build the trainer of that run, or start again.`,
    );
  }
}

/** Refuses saved arrays that do not have the shapes of these, group by group, or have lost their numbers. */
export function checkArrays<T>(
  what: string,
  framework: Framework<T>,
  saved: readonly (readonly SavedArray[])[],
  here: readonly (readonly T[])[],
): void {
  const [then, now] = [
    saved.map((group) => group.map(({ shape }) => shape)),
    here.map((group) => group.map((x) => framework.shape(x))),
  ];
  checkSame(`shapes of ${what}`, then, now);
  for (const { shape, values } of saved.flat()) {
    if (values?.length === shape.reduce((size, n) => size * n, 1)) continue;
    throw new ArgumentError(
      'state',
      `has ${values?.length ?? 'no'} numbers for an array of shape [${shape}]. JSON does not keep typed arrays: save the state with structuredClone, IndexedDB, or serialize of node:v8.`,
    );
  }
}

/** Gives variables the contents that were saved. */
export function loadArrays<T>(
  framework: Framework<T>,
  variables: readonly T[],
  saved: readonly SavedArray[],
): void {
  framework.tidy(() => {
    variables.forEach((variable, i) => {
      framework.assign(variable, framework.array(saved[i].values, saved[i].shape));
    });
  });
}

export function loadOptimizer<T>(
  framework: Framework<T>,
  optimizer: Optimizer<T>,
  { iterations, slots }: OptimizerState,
): void {
  optimizer.iterations = iterations;
  loadArrays(framework, optimizer.slots, slots);
}
