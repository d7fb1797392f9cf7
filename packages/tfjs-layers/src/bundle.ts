import { ArgumentError } from '@crossreg/core';
import * as tf from '@tensorflow/tfjs-core';

const MAGIC = 'crossreg';
const VERSION = 1;
const CHECKSUM = 32;
/** Magic, version, length of the JSON text. */
const HEAD = MAGIC.length + 8;

interface Header {
  /** As TensorFlow.js describes saved weights; their data comes first after the JSON text, then the typed arrays. */
  specs: tf.io.WeightsManifestEntry[];
  weightBytes: number;
  tree: unknown;
}

const arrays = { Float64Array, Float32Array, Int32Array, Uint32Array, Int16Array, Uint16Array };
const bytes = { Uint8Array, Int8Array, Uint8ClampedArray };
const typedArrays: Record<string, new (buffer: ArrayBuffer) => ArrayBufferView> = { ...arrays, ...bytes };

/**
 * A value as bytes: plain objects and lists of numbers, strings and booleans, typed arrays, and tensors. The format is JSON,
 * the tensors as TensorFlow.js encodes weights, and a SHA-256 of everything. Every bit of every number is kept, also of −0 and
 * denormals. The tensors stay the caller's.
 *
 * @throws ArgumentError for any other value, named by its key.
 */
export async function encodeBundle(tree: unknown): Promise<Uint8Array<ArrayBuffer>> {
  const tensors: { name: string; tensor: tf.Tensor }[] = [];
  const views: ArrayBufferView[] = [];
  let viewBytes = 0;
  const plain = JSON.stringify(tree, (key, value: unknown) => {
    if (typeof value === 'number') {
      return Number.isFinite(value) && !Object.is(value, -0)
        ? value
        : { $number: Object.is(value, -0) ? '-0' : String(value) };
    }
    if (value === null || typeof value !== 'object') {
      if (['string', 'boolean', 'undefined'].includes(typeof value) || value === null) return value;
      throw notKept(key, `a ${typeof value}`);
    }
    if (value instanceof tf.Tensor) {
      tensors.push({ name: `${tensors.length}`, tensor: value });
      return { $tensor: tensors.length - 1 };
    }
    const kind = value.constructor?.name;
    if (ArrayBuffer.isView(value) && typedArrays[kind]) {
      const at = viewBytes;
      views.push(value);
      viewBytes += value.byteLength;
      return { $array: kind, at, bytes: value.byteLength };
    }
    // By name, for objects of another realm: in some test runners `structuredClone` makes such objects.
    if (kind !== undefined && kind !== 'Object' && kind !== 'Array') throw notKept(key, kind);
    const reserved = Object.keys(value).find((each) => /^\$(number|tensor|array)$/.test(each));
    if (reserved) throw notKept(key, `an object with the key ${reserved}`);
    return value;
  });
  const { data, specs } = await tf.io.encodeWeights(tensors);
  const header = `{"specs":${JSON.stringify(specs)},"weightBytes":${data.byteLength},"tree":${plain}}`;
  const json = new TextEncoder().encode(header);
  const end = HEAD + json.length + data.byteLength + viewBytes;
  const bundle = new Uint8Array(end + CHECKSUM);
  bundle.set(new TextEncoder().encode(MAGIC));
  const numbers = new DataView(bundle.buffer);
  numbers.setUint32(MAGIC.length, VERSION, true);
  numbers.setUint32(MAGIC.length + 4, json.length, true);
  bundle.set(json, HEAD);
  let at = HEAD + json.length;
  const append = (part: Uint8Array) => {
    bundle.set(part, at);
    at += part.length;
  };
  append(new Uint8Array(data));
  for (const view of views) append(new Uint8Array(view.buffer, view.byteOffset, view.byteLength));
  append(await checksum(bundle.subarray(0, end)));
  return bundle;
}

/**
 * The value of a bundle. Its tensors are the caller's.
 *
 * @throws ArgumentError for bytes that are not a bundle, are damaged, or have another version.
 */
export async function decodeBundle(given: Uint8Array): Promise<any> {
  const bundle = new Uint8Array(given);
  const text = (from: number, to: number) => new TextDecoder().decode(bundle.subarray(from, to));
  if (bundle.length < HEAD + CHECKSUM || text(0, MAGIC.length) !== MAGIC) {
    throw new ArgumentError(
      'checkpoint',
      'is not a checkpoint of crossreg, or is incomplete. Delete it, or give another folder.',
    );
  }
  const numbers = new DataView(bundle.buffer);
  const version = numbers.getUint32(MAGIC.length, true);
  if (version !== VERSION) {
    throw new ArgumentError(
      'checkpoint',
      `has format version ${version}, but this package reads version ${VERSION}. Use the version of the package that wrote it.`,
    );
  }
  const end = bundle.length - CHECKSUM;
  const sum = await checksum(bundle.subarray(0, end));
  if (sum.some((byte, i) => byte !== bundle[end + i])) {
    throw new ArgumentError(
      'checkpoint',
      'is damaged: its checksum does not match. Delete it to start again, or restore a copy.',
    );
  }
  const start = HEAD + numbers.getUint32(MAGIC.length + 4, true);
  const { specs, weightBytes, tree } = JSON.parse(text(HEAD, start)) as Header;
  const viewsAt = start + weightBytes;
  const tensors = tf.io.decodeWeights(bundle.slice(start, viewsAt).buffer, specs);
  const revive = (value: any): unknown => {
    if (value === null || typeof value !== 'object') return value;
    if (Array.isArray(value)) return value.map(revive);
    if ('$number' in value) return Number(value.$number);
    if ('$tensor' in value) return tensors[value.$tensor];
    if ('$array' in value) {
      const at = viewsAt + value.at;
      return new typedArrays[value.$array](bundle.slice(at, at + value.bytes).buffer);
    }
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, revive(each)]));
  };
  return revive(tree);
}

async function checksum(data: Uint8Array<ArrayBuffer>): Promise<Uint8Array> {
  const subtle = globalThis.crypto?.subtle;
  if (!subtle) {
    throw new Error(
      'Checkpoints need Web Crypto, which browsers offer to pages from https or localhost only.',
    );
  }
  return new Uint8Array(await subtle.digest('SHA-256', data));
}

const notKept = (key: string, what: string) =>
  new ArgumentError(
    'checkpoint',
    `cannot store ${what} (under ${JSON.stringify(key)}). Use numbers, strings, lists, plain objects, typed arrays and tensors.`,
  );
