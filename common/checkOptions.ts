import { ArgumentError } from './argumentError';
import { show } from './show';

/**
 * Refuses an option that does not exist, and names the nearest that does: an ignored `averagng` would be silently wrong.
 *
 * @param of - what takes the options, as the message calls it: `predict`.
 * @param known - every option there is. TypeScript holds it against the type of `options`, so that none is forgotten.
 * @throws ArgumentError for an unknown name, or for anything that is not an object of options.
 * @example checkOptions('createSchedule', { every: 5 }, { every: 1, samples: 1, warmUp: 1 });
 */
export function checkOptions<O extends object>(
  of: string,
  options: O | undefined,
  known: Readonly<Record<keyof O, unknown>>,
): void {
  if (options === undefined) return;
  const names = Object.keys(known);
  if (options === null || typeof options !== 'object' || Array.isArray(options)) {
    throw new ArgumentError(
      'options',
      `must be an object with the options of ${of}, but is ${show(options)}. Give { ${names.join(', ')} }, or leave it out.`,
    );
  }
  const unknown = Object.keys(options).find((name) => !names.includes(name));
  if (unknown === undefined) return;
  const likely = nearest(unknown, names);
  throw new ArgumentError(
    unknown,
    `is not an option of ${of}, but was given as ${show(options[unknown as keyof O])}. ` +
      `${likely ? `Did you mean ${likely}?` : 'Leave it out.'} The options are ${names.join(', ')}.`,
  );
}

/** The name that takes the fewest edits to reach, if those are few for its length. */
function nearest(name: string, names: readonly string[]): string | undefined {
  const distance = (to: string) => editDistance(name.toLowerCase(), to.toLowerCase());
  const best = [...names].sort((a, b) => distance(a) - distance(b))[0];
  return best !== undefined && distance(best) <= Math.max(1, name.length / 3) ? best : undefined;
}

/** The insertions, deletions, substitutions and swaps of neighbours that make one text of another. */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let last = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const row = [i];
    for (let j = 1; j <= to.length; j++) {
      const same = from[i - 1] === to[j - 1];
      row[j] = Math.min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1]) {
        row[j] = Math.min(row[j], before[j - 2] + 1);
      }
    }
    [before, last] = [last, row];
  }
  return last[to.length];
}
