import { DatasetError } from './datasetError';

/**
 * Unpacks gzipped bytes, in Node and in browsers. Bytes that are not gzipped come back as they are: some servers
 * send `.gz` files as `Content-Encoding: gzip`, which the browser has then unpacked already.
 *
 * @param name What to call the file in messages.
 * @throws {DatasetError} if the stream is damaged.
 */
export async function gunzip(bytes: Uint8Array, name = 'the file'): Promise<Uint8Array> {
  if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return bytes;
  const packed = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream();
  try {
    return new Uint8Array(
      await new Response(packed.pipeThrough(new DecompressionStream('gzip'))).arrayBuffer(),
    );
  } catch (cause) {
    throw new DatasetError(`${name} is damaged: it cannot be unpacked. Download it again.`, { cause });
  }
}
