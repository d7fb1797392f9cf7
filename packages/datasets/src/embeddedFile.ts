import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** The bytes of a file that ships with this package, in Node. Builds for browsers take embeddedFile.browser.ts. */
export async function readEmbeddedFile(url: URL): Promise<Uint8Array> {
  return readFile(fileURLToPath(url));
}
