import { DatasetError } from './datasetError';

/** The bytes of a file that ships with this package, in a browser. */
export async function readEmbeddedFile(url: URL): Promise<Uint8Array> {
  const response = await fetch(url);
  if (!response.ok) {
    throw new DatasetError(
      `${url.href} could not be read (${response.status} ${response.statusText}). It is a file of ` +
        "@crossreg/datasets: serve the package's data/ folder there.",
    );
  }
  return new Uint8Array(await response.arrayBuffer());
}
