import { parseArgs } from 'node:util';

/**
 * Reads command line flags: `numbers` (whole, above 0) and `texts`, each with its default. For --help and for invalid flags, it
 * prints `usage` and ends the program.
 */
export function readFlags({ usage, numbers = {}, texts = {} }) {
  const refuse = (message) => {
    console.error(`${message}\n${usage}`);
    process.exit(2);
  };
  const defaults = Object.entries({ ...numbers, ...texts });
  let values;
  try {
    ({ values } = parseArgs({
      options: {
        ...Object.fromEntries(defaults.map(([name, v]) => [name, { type: 'string', default: String(v) }])),
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
  for (const name of Object.keys(numbers)) {
    const value = Number(values[name]);
    if (!Number.isInteger(value) || value <= 0) refuse(`--${name} takes a whole number above 0.`);
    values[name] = value;
  }
  return values;
}
