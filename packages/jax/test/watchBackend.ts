import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/**
 * Numbers that jax-js does not expose: the live buffers of its wasm backend, and the kernels that it has compiled. Its backend
 * holds buffers in a private `Map`, which is recognized by what is put into it; kernels are WebAssembly modules. To be
 * called before jax-js is imported.
 */
export function watchBackend() {
  let buffers: Map<unknown, unknown> | undefined;
  let kernels = 0;
  const { set } = Map.prototype;
  Map.prototype.set = function (key, value) {
    if (!buffers && value && typeof value === 'object' && 'ptr' in value && 'ref' in value) buffers = this;
    return set.call(this, key, value) as typeof this;
  };
  const { Module, compile } = WebAssembly;
  WebAssembly.Module = new Proxy(Module, {
    construct(target, [bytes]) {
      kernels++;
      return new target(bytes);
    },
  });
  WebAssembly.compile = (bytes: BufferSource) => {
    kernels++;
    return compile(bytes);
  };
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  return {
    /** Buffers that are alive. */
    get buffers() {
      if (!buffers) throw new Error('The buffers of jax-js were not found: its backend has changed.');
      return buffers.size;
    },
    get kernels() {
      return kernels;
    },
    /** Bytes of the JavaScript heap after a collection. */
    get heap() {
      collect();
      return process.memoryUsage().heapUsed;
    },
  };
}
