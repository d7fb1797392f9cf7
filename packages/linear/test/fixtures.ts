import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** What scripts/fixtures.py wrote, with the versions it ran under. */
export const fixture = (name: string) =>
  JSON.parse(readFileSync(fileURLToPath(new URL(`./fixtures/${name}.json`, import.meta.url)), 'utf8'));

/** Rows and targets of the diabetes data, columns of mean 0 and length 1, taken apart by a packed mask. */
export function splitRows<X, Y>(held: string, x: X[], y: Y[]) {
  const isHeld = x.map((_, i) => ((Number.parseInt(held[i >> 2], 16) >> (3 - (i & 3))) & 1) === 1);
  const take = (which: boolean) => ({
    x: x.filter((_, i) => isHeld[i] === which),
    y: y.filter((_, i) => isHeld[i] === which),
  });
  return { training: take(false), heldOut: take(true) };
}
