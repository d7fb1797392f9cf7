import { parseArgs } from 'node:util';

/**
 * Reads command line flags: `numbers` (whole, above 0) and `texts`, each with its default, which may be undefined. For --help and
 * for invalid flags, it prints `usage` and ends the program.
 *
 * @param names - the words that are allowed besides flags. Those given are in the field `names` of the result.
 */
export function readFlags({ usage, numbers = {}, texts = {}, names = [] }) {
  const refuse = (message) => {
    console.error(`${message}\n${usage}`);
    process.exit(2);
  };
  const defaults = Object.entries({ ...numbers, ...texts });
  const optionOf = (value) => ({ type: 'string', ...(value !== undefined && { default: String(value) }) });
  let values;
  let positionals;
  try {
    ({ values, positionals } = parseArgs({
      allowPositionals: names.length > 0,
      options: {
        ...Object.fromEntries(defaults.map(([name, value]) => [name, optionOf(value)])),
        help: { type: 'boolean', short: 'h' },
      },
    }));
  } catch (error) {
    refuse(error.message);
  }
  if (values.help) {
    console.log(usage);
    process.exit(0);
  }
  const unknown = positionals.find((name) => !names.includes(name));
  if (unknown !== undefined) refuse(`There is no "${unknown}".`);
  for (const name of Object.keys(numbers)) {
    if (values[name] === undefined) continue;
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value <= 0) refuse(`--${name} takes a whole number above 0.`);
    values[name] = value;
  }
  return { ...values, names: positionals };
}
