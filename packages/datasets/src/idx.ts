import { DatasetError } from './datasetError';

/** The contents of an idx file. */
export interface IdxArray {
  /** Sizes of the dimensions, slowest first. */
  shape: number[];
  /** The numbers, row-major, in the type the file declares. */
  data: Uint8Array | Int8Array | Int16Array | Int32Array | Float32Array | Float64Array;
}

const types = {
  8: { array: Uint8Array, read: 'getUint8' },
  9: { array: Int8Array, read: 'getInt8' },
  11: { array: Int16Array, read: 'getInt16' },
  12: { array: Int32Array, read: 'getInt32' },
  13: { array: Float32Array, read: 'getFloat32' },
  14: { array: Float64Array, read: 'getFloat64' },
} as const;

/**
 * Reads an idx file, the format of MNIST and Fashion-MNIST (unpacked; see {@link gunzip}): two zero bytes, the
 * number type, the number of dimensions, the sizes as big-endian 32-bit integers, then the big-endian numbers.
 *
 * Source: Y. LeCun, C. Cortes, C. Burges, *The MNIST database*, section "The IDX file format".
 *
 * @param name What to call the file in messages.
 * @throws {DatasetError} if the bytes are not a complete idx file.
 */
export function parseIdx(bytes: Uint8Array, name = 'the idx file'): IdxArray {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const type = types[bytes[2] as keyof typeof types];
  const rank = bytes[3];
  const start = 4 + 4 * rank;
  if (bytes.length < 4 || bytes[0] !== 0 || bytes[1] !== 0 || !type || bytes.length < start) {
    const head = [...bytes.subarray(0, 4)].map((byte) => byte.toString(16).padStart(2, '0')).join(' ');
    const advice =
      bytes[0] === 0x1f && bytes[1] === 0x8b
        ? ' It is gzipped: unpack it with gunzip() first.'
        : ' Give a file as it was published.';
    throw new DatasetError(`${name} is not an idx file: it begins with the bytes "${head}".${advice}`);
  }
  const shape = Array.from({ length: rank }, (_, i) => view.getUint32(4 + 4 * i));
  const length = shape.reduce((product, size) => product * size, 1);
  const width = type.array.BYTES_PER_ELEMENT;
  if (bytes.length !== start + length * width) {
    throw new DatasetError(
      `${name} is damaged: its header says ${shape.join('×')} numbers of ${width} bytes each, ` +
        `${start + length * width} bytes with the header, but it has ${bytes.length}. Download it again.`,
    );
  }
  // A copy, and no Buffer: its slice() is a view.
  if (type.array === Uint8Array) return { shape, data: new Uint8Array(bytes.subarray(start)) };
  const data = new type.array(length);
  for (let i = 0; i < length; i++) data[i] = view[type.read](start + i * width);
  return { shape, data };
}
