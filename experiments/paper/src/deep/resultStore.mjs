import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Seven digits are enough for float32. */
const rounded = (_, value) =>
  typeof value === 'number' && !Number.isInteger(value) ? Number(value.toPrecision(7)) : value;

/** Results in a folder, one file a run. */
export function store(place) {
  const file = (key) => join(place, `${key}.json`);
  return {
    has: (key) => existsSync(file(key)),
    read: (key) => JSON.parse(readFileSync(file(key), 'utf8')),
    write(key, result) {
      mkdirSync(place, { recursive: true });
      // Written completely or not at all, whenever the process ends.
      writeFileSync(`${file(key)}.tmp`, `${JSON.stringify(result, rounded)}\n`);
      renameSync(`${file(key)}.tmp`, file(key));
    },
  };
}

/** The results of `harm` and `folds`, each in one file. */
export const wholeResults = store(fileURLToPath(new URL('../../results', import.meta.url)));
