// Reads TensorBoard's event files: records in a format of TensorFlow, each an `Event` in protocol buffers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Every field of a message as `[number, value]`: bytes, or a number. */
function* fieldsOf(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const varint = () => {
    let [value, factor] = [0, 1];
    for (;;) {
      const byte = bytes[at++];
      value += (byte & 127) * factor;
      if (byte < 128) return value;
      factor *= 128;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [number, wire] = [Math.floor(key / 8), key % 8];
    if (wire === 0) yield [number, varint()];
    else if (wire === 2) {
      const length = varint();
      yield [number, bytes.subarray(at, at + length)];
      at += length;
    } else {
      yield [number, wire === 5 ? view.getFloat32(at, true) : view.getFloat64(at, true)];
      at += wire === 5 ? 4 : 8;
    }
  }
}

/** The messages of one field, if there are any. */
const inside = (bytes, field) =>
  [...fieldsOf(bytes)].flatMap(([number, value]) => (number === field ? [value] : []));
const float = (bytes) => new DataView(bytes.buffer, bytes.byteOffset, 4).getFloat32(0, true);

/** The float of a `Summary.Value`: `simple_value`, or the content or the list of its `tensor`. */
function numberOf(value) {
  const [simple] = inside(value, 2);
  if (simple !== undefined) return simple;
  const [tensor] = inside(value, 8);
  const [content] = inside(tensor, 4);
  if (content?.length) return float(content);
  const [list] = inside(tensor, 5);
  return typeof list === 'number' ? list : list === undefined ? 0 : float(list);
}

/** All scalars of the event files in a folder, in order, by their tag. */
export function scalarsIn(folder) {
  const scalars = {};
  for (const name of readdirSync(folder)
    .filter((one) => one.includes('tfevents'))
    .sort()) {
    const file = readFileSync(join(folder, name));
    // Length, its checksum, the event, its checksum.
    for (let at = 0; at < file.length; ) {
      const length = Number(file.readBigUInt64LE(at));
      const event = file.subarray(at + 12, at + 12 + length);
      at += 16 + length;
      for (const value of inside(event, 5).flatMap((summary) => inside(summary, 1))) {
        const tag = Buffer.from(inside(value, 1)[0]).toString();
        scalars[tag] = [...(scalars[tag] ?? []), numberOf(value)];
      }
    }
  }
  return scalars;
}
