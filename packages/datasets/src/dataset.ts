import { ArgumentError, checkOneOf, refuse } from '../../../common/argumentError';

/**
 * Anything with rows: `shape[0]` is their number, and every typed array among the fields holds that many rows,
 * one after the other. Fields that are not typed arrays (names of classes, of features) belong to all rows.
 */
export interface Dataset {
  shape: number[];
}

/** `'unit'`: Float32Array in [0, 1], ready for a network. `'byte'`: Uint8Array in 0–255, as published. */
export type PixelFormat = 'unit' | 'byte';

/** The array type of a {@link PixelFormat}. */
export type Pixels<P extends PixelFormat> = P extends 'byte' ? Uint8Array : Float32Array;

/** Labelled images, row-major. */
export interface ImageDataset<P extends PixelFormat = 'unit'> extends Dataset {
  /** Pixels in the order of `shape`. */
  images: Pixels<P>;
  /** One class index an image. */
  labels: Uint8Array;
  /** `[images, height, width, channels]`. */
  shape: [number, number, number, number];
  /** What each class index means. */
  classNames: readonly string[];
}

/** Features and a number to predict from them, row-major, in float64. */
export interface TabularDataset extends Dataset {
  /** In the order of `shape`. */
  features: Float64Array;
  /** One number a row. */
  targets: Float64Array;
  /** `[rows, features]`. */
  shape: [number, number];
  featureNames: readonly string[];
  targetName: string;
}

/** @throws {ArgumentError} for anything but a {@link PixelFormat}. */
export function checkPixels(format: unknown): void {
  checkOneOf('pixels', format, ['unit', 'byte'], "Use 'unit' for numbers from 0 to 1.");
}

/** Bytes in the format asked for. `top` is the byte value that means 1. */
export function toPixels<P extends PixelFormat>(bytes: Uint8Array, format: P, top = 255): Pixels<P> {
  if (format === 'byte') return bytes as Pixels<P>;
  checkPixels(format);
  const unit = new Float32Array(bytes.length);
  for (let i = 0; i < bytes.length; i++) unit[i] = bytes[i] / top;
  return unit as Pixels<P>;
}

type NumberArray = Uint8Array | Float32Array | Float64Array;

/**
 * The rows at `indices`, in that order, copied into a new data set.
 *
 * @throws {ArgumentError} for a row that does not exist, and for numbers that cannot be divided among the rows.
 */
export function take<D extends Dataset>(dataset: D, indices: ArrayLike<number>): D {
  const rows = dataset.shape[0];
  for (let i = 0; i < indices.length; i++) {
    if (!(Number.isInteger(indices[i]) && indices[i] >= 0 && indices[i] < rows)) {
      refuse(`indices[${i}]`, indices[i], `a row from 0 to ${rows - 1}`, 'The data set has no others.');
    }
  }
  const fields = Object.entries(dataset).map(([name, value]) => {
    if (name === 'shape') return [name, [indices.length, ...dataset.shape.slice(1)]];
    checkField(name, value, rows);
    return [name, ArrayBuffer.isView(value) ? takeRows(value as NumberArray, rows, indices) : value];
  });
  return Object.fromEntries(fields);
}

/** Refuses numbers that rows cannot be taken of: the parts would have the features of some rows and the labels of others. */
function checkField(name: string, value: unknown, rows: number): void {
  if (ArrayBuffer.isView(value)) {
    const { length } = value as NumberArray;
    if (length === 0 || length % rows === 0) return;
    throw new ArgumentError(
      name,
      `has ${length} numbers, which is not a multiple of the ${rows} rows of the data set. Give every row the same number.`,
    );
  }
  if (Array.isArray(value) && value.length === rows && typeof value[0] === 'number') {
    throw new ArgumentError(
      name,
      `is an array with a number for each of the ${rows} rows, but only typed arrays are divided. Write Float32Array.from(${name}), or Uint8Array for class indices.`,
    );
  }
}

function takeRows(values: NumberArray, rows: number, indices: ArrayLike<number>): NumberArray {
  const width = values.length / rows;
  const taken = new (values.constructor as new (length: number) => NumberArray)(indices.length * width);
  for (let i = 0; i < indices.length; i++) {
    taken.set(values.subarray(indices[i] * width, (indices[i] + 1) * width), i * width);
  }
  return taken;
}
