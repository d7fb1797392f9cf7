import { checkRange } from './checkRange';

/** @throws {ArgumentError} for anything but an integer of 32 bits. */
export function checkSeed(seed: number): void {
  checkRange('seed', seed, 0, 2 ** 32 - 1, 'Use any of these integers; the same seed gives the same draw.');
}

/** Uniform numbers in [0, 1): a 32-bit counter through two rounds of multiply and xor-shift. */
export function uniform(seed: number): () => number {
  checkSeed(seed);
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

/** Puts a list in random order, in place (Fisher–Yates). */
export function shuffle<T extends Uint32Array | number[]>(list: T, next: () => number): T {
  for (let i = list.length - 1; i > 0; i--) {
    const j = Math.floor(next() * (i + 1));
    [list[i], list[j]] = [list[j], list[i]];
  }
  return list;
}

/** The integers below `n` in random order. */
export const permutation = (n: number, next: () => number): Uint32Array =>
  shuffle(
    Uint32Array.from({ length: n }, (_, i) => i),
    next,
  );
