// Imports nothing and has no types: "Code" on the page hands this file out as it stands, so that the program that you copy
// draws the points and the batches that you saw.

/** Random numbers in [0, 1) that a seed repeats (mulberry32). */
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

/** Batches of examples without end: in every epoch each example at most once, in another order. */
export function* batches(count, size, seed) {
  const random = randomNumbers(seed);
  const length = Math.min(size, count);
  for (;;) {
    const order = shuffled(count, random);
    for (let at = 0; at + length <= count; at += length) yield order.slice(at, at + length);
  }
}
