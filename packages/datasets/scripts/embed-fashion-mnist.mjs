// Writes the Fashion-MNIST subset that ships in data/fashion-mnist from the complete files.
//
//   apt-get install dataset-fashion-mnist
//   node packages/datasets/scripts/embed-fashion-mnist.mjs /usr/share/datasets/fashion-mnist
//
// The choice: of each of the ten classes the first 300 images of the training file and the first 500 of the
// test file, in file order. Pixels and labels are copied byte for byte; the result is again gzipped idx files
// under their published names, so any idx reader opens them. The same input gives the same bytes.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gunzipSync, gzipSync } from 'node:zlib';

const [folder] = process.argv.slice(2);
if (!folder) {
  console.error('usage: node embed-fashion-mnist.mjs FOLDER_WITH_THE_FOUR_IDX_GZ_FILES');
  process.exit(2);
}
const target = fileURLToPath(new URL('../data/fashion-mnist/', import.meta.url));
mkdirSync(target, { recursive: true });

const IMAGE_HEADER = 16;
const LABEL_HEADER = 8;
const PIXELS = 28 * 28;

function embed(part, perClass) {
  const images = gunzipSync(readFileSync(join(folder, `${part}-images-idx3-ubyte.gz`)));
  const labels = gunzipSync(readFileSync(join(folder, `${part}-labels-idx1-ubyte.gz`))).subarray(
    LABEL_HEADER,
  );

  const seen = new Array(10).fill(0);
  const chosen = [...labels.keys()].filter((i) => seen[labels[i]]++ < perClass);

  const imageHeader = Buffer.from(images.subarray(0, IMAGE_HEADER));
  imageHeader.writeUInt32BE(chosen.length, 4);
  const labelHeader = Buffer.alloc(LABEL_HEADER);
  labelHeader.writeUInt32BE(0x00000801, 0);
  labelHeader.writeUInt32BE(chosen.length, 4);

  const rows = chosen.map((i) => images.subarray(IMAGE_HEADER + i * PIXELS, IMAGE_HEADER + (i + 1) * PIXELS));
  write(`${part}-images-idx3-ubyte.gz`, [imageHeader, ...rows]);
  write(`${part}-labels-idx1-ubyte.gz`, [labelHeader, Uint8Array.from(chosen, (i) => labels[i])]);
}

function write(name, chunks) {
  const bytes = gzipSync(Buffer.concat(chunks), { level: 9 });
  writeFileSync(join(target, name), bytes);
  console.log(`${name}: ${bytes.length} bytes`);
}

embed('train', 300);
embed('t10k', 500);
