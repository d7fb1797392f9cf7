/** The result of a task that JSON cannot represent. */
export class ResultError extends Error {
  override readonly name = 'ResultError';
}

const tag = '$typedArray';
const kinds = {
  Int8Array,
  Uint8Array,
  Uint8ClampedArray,
  Int16Array,
  Uint16Array,
  Int32Array,
  Uint32Array,
  Float32Array,
  Float64Array,
};

/**
 * A result as text: JSON, with typed arrays as base64 of their bytes, so that they are restored to the bit.
 *
 * @throws ResultError that names the place of a value that JSON would drop or change silently.
 */
export function textOfResult(result: unknown): string {
  return JSON.stringify(plain(result, 'result', []));
}

/** The result that {@link textOfResult} wrote. */
export function resultOfText(text: string): unknown {
  return JSON.parse(text, (_, value) => {
    if (typeof value?.[tag] !== 'string') return value;
    const bytes = Uint8Array.from(Buffer.from(value.base64, 'base64'));
    return new kinds[value[tag] as keyof typeof kinds](bytes.buffer);
  });
}

function plain(value: unknown, place: string, above: unknown[]): unknown {
  const refuse = (what: string): never => {
    throw new ResultError(
      `${place} is ${what}, which JSON cannot represent. Return it as a string, or leave it out.`,
    );
  };
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  if (typeof value === 'number') return Number.isFinite(value) ? value : refuse(String(value));
  if (typeof value !== 'object') {
    if (value === undefined && above.length === 0) return refuse('undefined');
    return refuse(value === undefined ? 'undefined' : `a ${typeof value}`);
  }
  if (above.includes(value)) return refuse('an object that contains itself');
  const name = value.constructor?.name;
  if (ArrayBuffer.isView(value)) {
    // A buffer of Node is a Uint8Array by another name.
    const kind = Buffer.isBuffer(value) ? 'Uint8Array' : name;
    if (!(kind in kinds)) return refuse(`a ${kind}`);
    const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
    return { [tag]: kind, base64: bytes.toString('base64') };
  }
  const inside = [...above, value];
  // Not `map`, which skips holes.
  if (Array.isArray(value)) return Array.from(value, (each, i) => plain(each, `${place}[${i}]`, inside));
  const prototype = Object.getPrototypeOf(value);
  if (prototype !== null && prototype !== Object.prototype) return refuse(`a ${name}`);
  if (tag in value) return refuse(`an object with the property ${tag}`);
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key, plain(each, `${place}.${key}`, inside)]),
  );
}
