/** What a backend is called here: by the npm package that brings it, or by what it runs on. */
export type BackendName = 'tfjs-node-gpu' | 'tfjs-node' | 'webgpu' | 'wasm' | 'cpu';

/**
 * Why a backend is not used:
 * - `not installed`: an npm package is not there;
 * - `native library missing`: the package is there, but not the compiled library that it loads;
 * - `Node version`: the package does not work with this version of Node;
 * - `no adapter`: there is no GPU that it can use, or only one that software imitates;
 * - `other package loaded`: the process holds another package that excludes it;
 * - `failed`: something else, which the message tells.
 */
export type SkipCause =
  | 'not installed'
  | 'native library missing'
  | 'Node version'
  | 'no adapter'
  | 'other package loaded'
  | 'failed';

/** A backend that was tried and is not used. */
export interface SkippedBackend {
  readonly name: BackendName;
  readonly cause: SkipCause;
  /** What went wrong, in one sentence. */
  readonly message: string;
  /** What to do to have it. */
  readonly remedy: string;
}

/** A way to compute: how it is started. */
export interface Candidate {
  readonly name: BackendName;
  /**
   * Makes it the backend of TensorFlow.js.
   *
   * @returns what it runs on, in a few words.
   * @throws Unusable, or whatever its packages throw.
   */
  start(): Promise<string>;
  /** How to mend what `start` threw, where the cause is known. */
  remedy(cause: SkipCause): string;
}

/** Loads an npm package. */
export type Load = (specifier: string) => Promise<Record<string, unknown>>;

/** A candidate's own finding that it cannot be used. */
export class Unusable extends Error {
  constructor(
    override readonly cause: SkipCause,
    message: string,
  ) {
    super(message);
  }
}

/** What kept a candidate from starting, told from the error. */
export function diagnose(error: unknown): { cause: SkipCause; message: string } {
  if (error instanceof Unusable) return { cause: error.cause, message: error.message };
  const { code, message } =
    error instanceof Error ? (error as NodeJS.ErrnoException) : { code: undefined, message: String(error) };
  const text = firstSentence(message);
  // Import says "package", require says "module".
  const absent = /Cannot find (?:package|module) '([^']+)'/.exec(message);
  if (absent && (code === 'ERR_MODULE_NOT_FOUND' || code === 'MODULE_NOT_FOUND')) {
    // A file of a package that is there, such as its compiled part, is another matter than a package that is not.
    return /^[./]|^[A-Za-z]:|\.node$/.test(absent[1])
      ? { cause: 'native library missing', message: text }
      : { cause: 'not installed', message: `The npm package ${absent[1]} is not installed.` };
  }
  if (
    /NODE_MODULE_VERSION|different Node\.js version|N-API version|util\w*\.\w+\)? is not a function/.test(
      message,
    )
  ) {
    return { cause: 'Node version', message: `Node ${process.versions.node}: ${text}` };
  }
  if (code === 'ERR_DLOPEN_FAILED' || /tfjs_binding\.node|cannot open shared object/.test(message)) {
    return { cause: 'native library missing', message: text };
  }
  return { cause: 'failed', message: text };
}

/** Errors of native packages go on for a page. */
const firstSentence = (message: string): string => message.split('\n')[0].trim();
