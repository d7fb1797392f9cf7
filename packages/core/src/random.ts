import { checkSeed } from '../../../common/argumentError';

/**
 * One round of a 32-bit integer hash with good avalanche: multiply and xor-shift, constants of the family found by
 * C. Wellons' hash-prospector search ("lowbias32"). A bijection of the 32-bit integers.
 */
export function hash32(x: number): number {
  let h = x | 0;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/**
 * A new seed from a seed and a path of integers (step, sample, layer, …): streams that share no numbers.
 *
 * @throws ArgumentError for a seed that is not a whole number: NaN and fractions would otherwise share seeds such as 0.
 */
export function deriveSeed(seed: number, ...path: readonly number[]): number {
  return path.reduce(
    (state, part) => hash32(hash32(state ^ 0x9e3779b9) + part),
    hash32(checkSeed('seed', seed)),
  );
}

/**
 * What the streams of one seed are for, the first step of a path of {@link deriveSeed}: none repeats the numbers of
 * another. Results depend on these numbers, so none changes.
 */
export const seedStreams = {
  trainingLoss: 0,
  regularizationLoss: 1,
  regularizationOrder: 2,
  heldOutExamples: 3,
  trainingOrder: 4,
  trainingNoise: 5,
  ensembleMember: 6,
} as const;

/**
 * Uniform numbers in (0, 1), 2⁻³³ away from both ends.
 *
 * @throws ArgumentError for a seed that is no whole number.
 */
export function uniform(seed: number): () => number {
  const key = hash32(checkSeed('seed', seed) ^ 0x85ebca6b);
  let counter = hash32(seed);
  return () => {
    counter = (counter + 1) | 0;
    return (hash32(hash32(counter) ^ key) + 0.5) * 2 ** -32;
  };
}

/** Fills `out` with standard normal numbers (Box–Muller). The same seed gives the same numbers. */
export function fillNormal(out: Float64Array, seed: number): Float64Array {
  const next = uniform(seed);
  for (let i = 0; i < out.length; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(next()));
    const angle = 2 * Math.PI * next();
    out[i] = radius * Math.cos(angle);
    if (i + 1 < out.length) out[i + 1] = radius * Math.sin(angle);
  }
  return out;
}

/** The integers below `n` in random order (Fisher–Yates). */
export function permutation(n: number, seed: number): Uint32Array {
  const next = uniform(seed);
  const order = Uint32Array.from({ length: n }, (_, i) => i);
  for (let i = n - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}
