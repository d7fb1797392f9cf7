import { DatasetError } from './datasetError';

/** A numeric array of a MATLAB file. */
export interface MatArray {
  /** Sizes of the dimensions, fastest first: MATLAB stores column-major. */
  shape: number[];
  /** The numbers, column-major, in the type of the array's MATLAB class. */
  data:
    | Int8Array
    | Uint8Array
    | Int16Array
    | Uint16Array
    | Int32Array
    | Uint32Array
    | Float32Array
    | Float64Array;
}

/** How numbers are stored: the array type of each `mi…` data type. */
const storage = {
  1: { array: Int8Array, read: 'getInt8' },
  2: { array: Uint8Array, read: 'getUint8' },
  3: { array: Int16Array, read: 'getInt16' },
  4: { array: Uint16Array, read: 'getUint16' },
  5: { array: Int32Array, read: 'getInt32' },
  6: { array: Uint32Array, read: 'getUint32' },
  7: { array: Float32Array, read: 'getFloat32' },
  9: { array: Float64Array, read: 'getFloat64' },
} as const;
const MATRIX = 14;
const COMPRESSED = 15;

/** What an array is: the type of each numeric `mx…` class. Files may store its numbers in a smaller type. */
const classes = {
  6: Float64Array,
  7: Float32Array,
  8: Int8Array,
  9: Uint8Array,
  10: Int16Array,
  11: Uint16Array,
  12: Int32Array,
  13: Uint32Array,
} as const;
const COMPLEX = 0x0800;

const HEADER = 128;

/**
 * Reads the real numeric arrays of a MATLAB level 5 file (what `save -v6` and `-v7` write), by name. Variables of
 * other kinds (cells, structures, text, sparse, complex, 64-bit integers) are skipped.
 *
 * Source: The MathWorks, *MAT-File Format*, "Level 5 MAT-File Format".
 *
 * @param name What to call the file in messages.
 * @throws {DatasetError} if it is no such file, or is damaged.
 */
export async function parseMat(bytes: Uint8Array, name = 'the .mat file'): Promise<Record<string, MatArray>> {
  const endian = String.fromCharCode(bytes[126], bytes[127]);
  if (bytes.length < HEADER || (endian !== 'IM' && endian !== 'MI')) {
    throw new DatasetError(`${name} is not a MATLAB level 5 file. Give a .mat file as it was published.`);
  }
  const littleEndian = endian === 'IM';
  if (bytes[littleEndian ? 125 : 124] !== 1) {
    throw new DatasetError(`${name} is a MATLAB 7.3 file (HDF5). Save it with -v7 to read it here.`);
  }
  const arrays: Record<string, MatArray> = {};
  try {
    for (const element of elements(bytes.subarray(HEADER), littleEndian)) {
      const [matrix] =
        element.type === COMPRESSED ? elements(await inflate(element.bytes), littleEndian) : [element];
      if (matrix.type !== MATRIX) continue;
      const variable = readMatrix(matrix.bytes, littleEndian);
      if (variable) arrays[variable.name] = variable.array;
    }
  } catch (cause) {
    throw new DatasetError(`${name} is damaged: it ends early or cannot be unpacked. Download it again.`, {
      cause,
    });
  }
  return arrays;
}

interface Element {
  type: number;
  bytes: Uint8Array;
}

/** The data elements in `bytes`, one after the other. */
function* elements(bytes: Uint8Array, littleEndian: boolean): Generator<Element, undefined, undefined> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at < bytes.length; ) {
    const first = view.getUint32(at, littleEndian);
    // A small element has its size in the upper half of the first word and its data in the second word.
    const small = first >>> 16 !== 0;
    const type = small ? first & 0xffff : first;
    const size = small ? first >>> 16 : view.getUint32(at + 4, littleEndian);
    const start = at + (small ? 4 : 8);
    if (start + size > bytes.length) throw new RangeError(`an element of ${size} bytes at ${at}`);
    yield { type, bytes: bytes.subarray(start, start + size) };
    at = small ? at + 8 : start + (type === COMPRESSED ? size : Math.ceil(size / 8) * 8);
  }
}

function readMatrix(bytes: Uint8Array, littleEndian: boolean): { name: string; array: MatArray } | undefined {
  const [flags, dimensions, name, real] = elements(bytes, littleEndian);
  const [word] = numbers(flags, littleEndian);
  const Class = classes[(word & 0xff) as keyof typeof classes];
  if (!Class || (word & COMPLEX) !== 0) return undefined;
  const shape = [...numbers(dimensions, littleEndian)];
  const stored = numbers(real, littleEndian);
  if (stored.length !== shape.reduce((product, size) => product * size, 1)) {
    throw new RangeError(`${stored.length} numbers for an array of ${shape.join('×')}`);
  }
  const data = stored instanceof Class ? stored : new Class(stored);
  return { name: new TextDecoder().decode(name.bytes), array: { shape, data } };
}

/** The numbers of an element, in the type they are stored in. */
function numbers({ type, bytes }: Element, littleEndian: boolean): MatArray['data'] {
  const format = storage[type as keyof typeof storage];
  if (!format) throw new RangeError(`numbers of the unknown type ${type}`);
  if (format.array === Uint8Array) return new Uint8Array(bytes);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const values = new format.array(bytes.length / format.array.BYTES_PER_ELEMENT);
  for (let i = 0; i < values.length; i++) {
    values[i] = view[format.read](i * format.array.BYTES_PER_ELEMENT, littleEndian);
  }
  return values;
}

async function inflate(bytes: Uint8Array): Promise<Uint8Array> {
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  const plain = packed.pipeThrough(new DecompressionStream('deflate'));
  return new Uint8Array(await new Response(plain).arrayBuffer());
}
