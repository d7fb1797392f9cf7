import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { readEmbeddedFile } from './embeddedFile.browser';

test('reads by URL, and says which folder to serve if the file is missing', async () => {
  const server = createServer((request, response) =>
    request.url === '/data/file'
      ? response.end(Uint8Array.of(1, 2, 3))
      : response.writeHead(404).end('<html></html>'),
  );
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  const site = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    expect(await readEmbeddedFile(new URL(`${site}/data/file`))).toEqual(Uint8Array.of(1, 2, 3));
    await expect(readEmbeddedFile(new URL(`${site}/other`))).rejects.toThrow(
      /other could not be read \(404.*data\/ folder/,
    );
  } finally {
    server.closeAllConnections();
    server.close();
  }
});
