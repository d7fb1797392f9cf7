import { type Array as JaxArray, numpy as np, random } from '@jax-js/jax';

/** The part of the method that draws. Streams of one key share no numbers. */
export const streams = { training: 0, regularization: 1 } as const;

/**
 * The key of one step: a function of the run's key, the stream and the step number. So a resumed run draws the same numbers.
 * jax-js has no `fold_in`; here the step number is added to a word of a key that was split before.
 *
 * @param step - the zero-based step, uint32. All arrays are consumed.
 */
export function keyOfStep(key: JaxArray, stream: number, step: JaxArray): JaxArray {
  const own = random.split(key, 2).slice(stream);
  const [first, second] = np.split(own, 2);
  return np.concatenate([first.add(step), second]);
}
