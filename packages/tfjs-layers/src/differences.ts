/**
 * Where two JSON values differ, as text with the path to each place: `model.layers[2].config.units is 16 there and 32
 * here`. A function or `undefined` counts as nothing, as in JSON.
 */
export function differences(there: unknown, here: unknown, path: string): string[] {
  if (isTree(there) && isTree(here) && Array.isArray(there) === Array.isArray(here)) {
    const keys = [...new Set([...Object.keys(there), ...Object.keys(here)])];
    return keys.flatMap((key) => {
      const at = Array.isArray(there) ? `${path}[${key}]` : `${path}.${key}`;
      return differences(there[key], here[key], at);
    });
  }
  if (Object.is(there, here)) return [];
  return [`${path} is ${text(there)} there and ${text(here)} here`];
}

const isTree = (x: unknown): x is Record<string, unknown> => typeof x === 'object' && x !== null;
const text = (x: unknown) => (x === undefined ? 'missing' : JSON.stringify(x));
