import { type Array as JaxArray, numpy as np, random } from '@jax-js/jax';

/** Which half of the method draws. Streams of one key share no numbers. */
export const streams = { training: 0, regularization: 1 } as const;

/**
 * The key of one step: a function of the run's key, the stream and the count, so that a run that goes on draws what it would
 * have drawn. jax-js has no `fold_in`; here the count is added to a word of a key that was split before.
 *
 * @param step - the zero-based step, uint32. All arrays are consumed.
 */
export function keyOfStep(key: JaxArray, stream: number, step: JaxArray): JaxArray {
  const own = random.split(key, 2).slice(stream);
  const [first, second] = np.split(own, 2);
  return np.concatenate([first.add(step), second]);
}
