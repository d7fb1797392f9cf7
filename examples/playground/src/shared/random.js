// Imports nothing and has no types: "Code" on the page includes this file unchanged, so that the copied program draws the
// points and the batches that you saw.

/** Seeded random numbers in [0, 1) (mulberry32). */
export function randomNumbers(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** The numbers from 0 to `count` − 1 in random order (Fisher and Yates). */
export function shuffled(count, random) {
  const order = Array.from({ length: count }, (_, i) => i);
  for (let i = count - 1; i > 0; i--) {
    const j = Math.floor((i + 1) * random());
    [order[i], order[j]] = [order[j], order[i]];
  }
  return order;
}

/** Endless batches of examples. Every epoch has another order, with each example at most once. */
export function* batches(count, size, seed) {
  const random = randomNumbers(seed);
  const length = Math.min(size, count);
  for (;;) {
    const order = shuffled(count, random);
    for (let at = 0; at + length <= count; at += length) yield order.slice(at, at + length);
  }
}
