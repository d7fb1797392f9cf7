import * as tf from '@tensorflow/tfjs';
import { ArgumentError, checkInteger } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import { show } from '../../../common/show';
import { type BackendName, diagnose, type Load, type SkippedBackend } from './candidate';
import { candidates } from './candidates';

export interface BackendOptions {
  /** Tried before the others, in this order. Default: none. */
  readonly prefer?: BackendName | readonly BackendName[];
  /** No others are tried. Default: all. */
  readonly require?: BackendName | readonly BackendName[];
  /** Threads for wasm. Default: as many as the machine runs at once, 16 at most. */
  readonly threads?: number;
}

/** What TensorFlow.js computes on from now on. */
export interface BackendChoice {
  readonly chosen: BackendName;
  /** What that runs on: the device, or the number of threads. */
  readonly details: string;
  /** Those that were tried before it, in the order tried. */
  readonly skipped: readonly SkippedBackend[];
}

/**
 * Makes TensorFlow.js compute on the first of these backends that is installed and works:
 * `tfjs-node-gpu`, `tfjs-node`, `webgpu`, `wasm` (with the kernels and threads of `@crossreg/tfjs-wasm`), `cpu`.
 * Each is loaded only when its turn comes, and has to compute something before it is chosen.
 *
 * The native packages of TensorFlow.js 4.22 call functions that Node no longer has after 22; they are given back
 * to `node:util` first.
 *
 * Call it once, before tensors are made: tensors of another backend are moved, one by one, when they are used.
 *
 * @throws ArgumentError - for an option that is not one of those allowed.
 * @throws Error - if none of the backends to choose from works; it says of each why, and the backend is the one from
 *   before.
 * @example
 * ```ts
 * const { chosen, details, skipped } = await useBestBackend({ prefer: 'wasm' });
 * ```
 */
export const useBestBackend = (options: BackendOptions = {}): Promise<BackendChoice> =>
  chooseBackend(options, (specifier) => import(specifier));

/** `useBestBackend` with your own loader of packages. */
export async function chooseBackend(options: BackendOptions, load: Load): Promise<BackendChoice> {
  checkOptions('useBestBackend', options, { prefer: 1, require: 1, threads: 1 });
  const prefer = names('prefer', options.prefer) ?? [];
  const required = names('require', options.require);
  const { threads } = options;
  if (threads !== undefined) checkInteger('threads', threads, 1, 'Leave it out to use what the machine has.');
  const outside = prefer.find((name) => required && !required.includes(name));
  if (outside) {
    throw new ArgumentError(
      'prefer',
      `names "${outside}", which require (${required?.join(', ')}) leaves out. Name it in both.`,
    );
  }
  const all = candidates(load, threads, [...prefer, ...(required ?? [])]);
  const wanted = [...new Set([...prefer, ...(required ?? all.map(({ name }) => name))])];
  const before = tf.engine().backendName;
  const skipped: SkippedBackend[] = [];
  for (const wantedName of wanted) {
    const candidate = all.find(({ name }) => name === wantedName);
    if (!candidate) continue;
    const { name } = candidate;
    try {
      const details = await candidate.start();
      await prove();
      return { chosen: name, details, skipped };
    } catch (error) {
      const { cause, message } = diagnose(error);
      skipped.push({ name, cause, message, remedy: candidate.remedy(cause) });
    }
  }
  if (before) await tf.setBackend(before);
  const reasons = skipped.map(
    ({ name, cause, message, remedy }) => `- ${name}: ${cause}. ${message} ${remedy}`,
  );
  throw new Error(`useBestBackend: none of the backends to choose from works.\n${reasons.join('\n')}`);
}

const known: readonly BackendName[] = ['tfjs-node-gpu', 'tfjs-node', 'webgpu', 'wasm', 'cpu'];

/** An option's names as a list, each of them known. */
function names(
  option: string,
  given: BackendName | readonly BackendName[] | undefined,
): readonly BackendName[] | undefined {
  if (given === undefined) return undefined;
  const list = typeof given === 'string' ? [given] : given;
  if (!Array.isArray(list) || list.length === 0 || list.some((name) => !known.includes(name))) {
    const names = known.map((name) => `"${name}"`).join(', ');
    throw new ArgumentError(
      option,
      `must name one or more of ${names}, but is ${show(given)}. Leave it out to try all of them.`,
    );
  }
  return list;
}

/** A backend that starts may still not compute: a small product tells, through a kernel and back. */
async function prove(): Promise<void> {
  const x = tf.tensor2d([1, 2, 3, 4], [2, 2]);
  const product = tf.matMul(x, x);
  try {
    const values = Array.from(await product.data());
    if (values.join() !== '7,10,15,22') throw new Error(`It computes wrong numbers: ${values.join(', ')}.`);
  } finally {
    tf.dispose([x, product]);
  }
}
