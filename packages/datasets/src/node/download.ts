import { createHash } from 'node:crypto';
import { DatasetError } from '../datasetError';

/** How far a download has come. */
export interface Progress {
  /** What is being downloaded. */
  name: string;
  /** Bytes received so far. */
  received: number;
  /** Bytes in all, if the server says so. */
  total?: number;
}

/** Called with every piece received. */
export type OnProgress = (progress: Progress) => void;

/** What {@link download} takes. */
export interface DownloadOptions {
  /** What to call it in messages and progress. */
  name: string;
  /** The published checksum as `algorithm-base64`, as in npm's `integrity`: `sha512-…`, `md5-…`. */
  integrity?: string;
  /** What to do instead of downloading, for the message when there is no network. */
  advice: string;
  onProgress?: OnProgress;
}

/**
 * The bytes behind a URL, checked against their checksum.
 *
 * @throws {DatasetError} without a network, for an answer that is no success, and for bytes that are not the
 *   published ones.
 */
export async function download(url: string, options: DownloadOptions): Promise<Uint8Array> {
  const { name, integrity, advice, onProgress } = options;
  let bytes: Uint8Array;
  try {
    const response = await fetch(url);
    if (!response.ok)
      throw new Error(`the server answers ${response.status} ${response.statusText}`.trimEnd());
    bytes = await receive(response, (received, total) => onProgress?.({ name, received, total }));
  } catch (cause) {
    const { message, cause: reason } = cause as Error;
    const why = reason instanceof Error && reason.message ? `${message}: ${reason.message}` : message;
    throw new DatasetError(`${name} could not be downloaded from ${url} (${why}). ${advice}`, { cause });
  }
  if (integrity) checkIntegrity(bytes, integrity, `${name}, downloaded from ${url},`);
  return bytes;
}

async function receive(
  response: Response,
  onChunk: (received: number, total: number | undefined) => void,
): Promise<Uint8Array> {
  // A content-length of an encoded body counts other bytes than those that arrive here.
  const encoded = response.headers.has('content-encoding');
  const total = encoded ? undefined : Number(response.headers.get('content-length')) || undefined;
  const chunks: Uint8Array[] = [];
  let received = 0;
  // The DOM's types do not know that the stream can be iterated.
  for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
    chunks.push(chunk);
    received += chunk.length;
    onChunk(received, total);
  }
  return Buffer.concat(chunks, received);
}

function checkIntegrity(bytes: Uint8Array, integrity: string, name: string): void {
  const [algorithm] = integrity.split('-', 1);
  const found = `${algorithm}-${createHash(algorithm).update(bytes).digest('base64')}`;
  if (found !== integrity) {
    throw new DatasetError(
      `${name} is not the published file: its checksum is ${found}, not ${integrity}. Try again, or give the folder of a copy you have: { folder: '…' }.`,
    );
  }
}
