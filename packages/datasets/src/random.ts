import { checkInteger } from './datasetError';

/** Uniform numbers in [0, 1): a 32-bit counter through two rounds of multiply and xor-shift. */
export function uniform(seed: number): () => number {
  checkInteger('seed', seed, 0, 2 ** 32 - 1, 'Any such number will do; the same one gives the same draw.');
  const mix = (x: number) => {
    let h = x | 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    return h ^ (h >>> 15);
  };
  const key = mix(seed + 0x9e3779b9);
  let counter = 0;
  return () => {
    counter = (counter + 1) | 0;
    return (mix(mix(counter) ^ key) >>> 0) * 2 ** -32;
  };
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
