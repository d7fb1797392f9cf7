/** Sections of a WebAssembly module that can declare its memory. */
const IMPORTS = 2;
const MEMORIES = 5;
/** Flags of a memory: it has a limit, which a shared one must have; threads may share it. */
const LIMITED = 1;
const SHARED = 2;

const ascii = (text: string) => new TextEncoder().encode(text);
/** An export of the backend, by which its module is recognized. */
const BACKEND = ascii('register_tensor');
/** The import of our own module, up to the flags: name and kind. */
const MEMORY_IMPORT = [...ascii('memory'), 2];

function find(bytes: Uint8Array, part: ArrayLike<number>, from = 0): number {
  for (let at = bytes.indexOf(part[0], from); at >= 0; at = bytes.indexOf(part[0], at + 1)) {
    if (Array.from(part).every((byte, i) => bytes[at + i] === byte)) return at;
  }
  return -1;
}

/** Where the flags of a module's memory are; −1 where it has none, or several. */
function memoryFlags(binary: Uint8Array): number {
  let at = 8;
  const integer = () => {
    let value = 0;
    for (let shift = 0; at < binary.length; shift += 7) {
      const byte = binary[at++];
      value |= (byte & 127) << shift;
      if (byte < 128) break;
    }
    return value;
  };
  while (at < binary.length) {
    const section = binary[at++];
    const size = integer();
    const end = at + size;
    if (section === IMPORTS) {
      const memory = find(binary.subarray(at, end), MEMORY_IMPORT);
      if (memory >= 0) return at + memory + MEMORY_IMPORT.length;
    }
    if (section === MEMORIES) return integer() === 1 ? at : -1;
    at = end;
  }
  return -1;
}

/**
 * A module with its memory declared as one that threads may share: one bit of the binary. The code stays as it is.
 *
 * @returns undefined for a module without one memory of limited size.
 */
export function shareMemory(binary: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  const at = memoryFlags(binary);
  if (at < 0 || binary[at] !== LIMITED) return undefined;
  const shared = Uint8Array.from(binary);
  shared[at] |= SHARED;
  return shared;
}

/**
 * Runs `start`, in which the backend compiles its module, and gives it memory that threads can share. The code of the backend
 * still runs on one thread; ours works on it between its calls.
 *
 * All other modules that are compiled meanwhile stay unchanged, and so does a backend whose module is not as expected: it keeps
 * its memory.
 */
export async function withSharedMemory<R>(start: () => Promise<R>): Promise<R> {
  const { instantiate, instantiateStreaming } = WebAssembly;
  const sharing = (source: BufferSource | WebAssembly.Module, imports?: WebAssembly.Imports) => {
    if (!(source instanceof WebAssembly.Module)) {
      const bytes =
        source instanceof ArrayBuffer
          ? new Uint8Array(source)
          : new Uint8Array(source.buffer as ArrayBuffer, source.byteOffset, source.byteLength);
      const shared = find(bytes, BACKEND) >= 0 ? shareMemory(bytes) : undefined;
      if (shared && WebAssembly.validate(shared)) {
        // If the system cannot reserve the 4 GB of addresses that shared memory needs, continue without it.
        return instantiate(shared, imports).catch(() => instantiate(source, imports));
      }
    }
    return instantiate(source as BufferSource, imports);
  };
  // Browsers compile modules while they arrive, but this one must be complete first.
  const fetched: typeof instantiateStreaming = async (response, imports) =>
    sharing(await (await response).arrayBuffer(), imports) as ReturnType<typeof instantiateStreaming>;
  WebAssembly.instantiate = sharing as typeof instantiate;
  if (typeof instantiateStreaming === 'function') WebAssembly.instantiateStreaming = fetched;
  try {
    return await start();
  } finally {
    if (WebAssembly.instantiate === (sharing as typeof instantiate)) WebAssembly.instantiate = instantiate;
    if (WebAssembly.instantiateStreaming === fetched) WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}
