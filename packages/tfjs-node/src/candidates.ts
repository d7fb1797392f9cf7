import * as tf from '@tensorflow/tfjs';
import { type Candidate, type Load, Unusable } from './candidate';
import { failAfterErrors, type GpuBackend } from './gpuErrors';
import { allowLongMatrices } from './longMatrices';
import { restoreRemovedFromNode } from './removedFromNode';

/** What `@tensorflow/tfjs-node` and `-gpu` say of their backend. */
interface NativeBackend {
  readonly isUsingGpuDevice?: boolean;
}

const NATIVE_HELP =
  'Its library comes from storage.googleapis.com when it is installed. Install it where that host can be reached and ' +
  'install scripts may run (pnpm: onlyBuiltDependencies), or bring the library yourself: README of @crossreg/tfjs-node.';

async function set(name: string): Promise<void> {
  if (!(await tf.setBackend(name))) {
    throw new Unusable('failed', `TensorFlow.js could not start its backend "${name}".`);
  }
  await tf.ready();
}

/** The native package that was loaded from here. */
let loadedNative: string | undefined;

/** Loads one of the native packages, or keeps the one already loaded: a process can hold only one. */
async function startNative(load: Load, specifier: string): Promise<NativeBackend> {
  if (!tf.engine().registryFactory.tensorflow) {
    restoreRemovedFromNode();
    await load(specifier);
    loadedNative = specifier;
  }
  await set('tensorflow');
  return tf.backend() as NativeBackend;
}

function nodeGpu(load: Load): Candidate {
  const name = '@tensorflow/tfjs-node-gpu';
  return {
    name: 'tfjs-node-gpu',
    async start() {
      if (!(await startNative(load, name)).isUsingGpuDevice) {
        if (loadedNative !== name) {
          const message =
            'TensorFlow was loaded before, by another package or without a CUDA device, and a process loads it only once.';
          throw new Unusable('other package loaded', message);
        }
        throw new Unusable('no adapter', 'TensorFlow finds no CUDA device, or not all libraries of CUDA.');
      }
      return 'TensorFlow on a CUDA device';
    },
    remedy: (cause) =>
      cause === 'not installed'
        ? `On Linux or Windows with an NVIDIA GPU, CUDA 11.2 and cuDNN 8.1: npm install ${name}`
        : cause === 'no adapter'
          ? 'It needs an NVIDIA GPU, and CUDA 11.2 and cuDNN 8.1 where the system looks for libraries.'
          : cause === 'other package loaded'
            ? 'Let the program choose it before anything loads @tensorflow/tfjs-node.'
            : NATIVE_HELP,
  };
}

function node(load: Load): Candidate {
  const name = '@tensorflow/tfjs-node';
  return {
    name: 'tfjs-node',
    async start() {
      const { isUsingGpuDevice } = await startNative(load, name);
      return isUsingGpuDevice ? 'TensorFlow on a CUDA device' : 'TensorFlow on the CPU';
    },
    remedy: (cause) => (cause === 'not installed' ? `npm install ${name}` : NATIVE_HELP),
  };
}

/** What is used of the npm package `webgpu`. */
interface Dawn {
  create(flags: string[]): GpuEntry;
  readonly globals: object;
}
interface GpuEntry {
  requestAdapter(options: object): Promise<{ readonly info: AdapterInfo } | null>;
}
interface AdapterInfo {
  readonly architecture: string;
  readonly description: string;
  readonly isFallbackAdapter?: boolean;
}

interface GpuScope {
  navigator?: { gpu?: GpuEntry };
}

/**
 * Gives the process the `navigator.gpu` of a browser, unless it has one.
 *
 * @returns what takes it away again: others may tell browsers by it.
 */
async function offerGpu(load: Load): Promise<() => void> {
  const scope = globalThis as GpuScope;
  if (scope.navigator?.gpu) return () => {};
  const { create, globals } = (await load('webgpu')) as unknown as Dawn;
  const added = Object.keys(globals).filter((name) => !(name in globalThis));
  Object.assign(globalThis, globals);
  // Node 20 has no navigator.
  if (!scope.navigator) {
    Object.defineProperty(scope, 'navigator', { value: {}, configurable: true });
    added.push('navigator');
  }
  Object.defineProperty(scope.navigator, 'gpu', { value: create([]), configurable: true });
  return () => {
    Reflect.deleteProperty(scope.navigator ?? {}, 'gpu');
    for (const name of added) Reflect.deleteProperty(globalThis, name);
  };
}

/** Backends that have what we add to them. */
const prepared = new WeakSet<object>();

/** @param evenInSoftware - whether a GPU that software imitates will do; it computes slower than wasm. */
function webgpu(load: Load, evenInSoftware: boolean): Candidate {
  return {
    name: 'webgpu',
    async start() {
      const withdraw = await offerGpu(load);
      try {
        const adapter = await (globalThis as GpuScope).navigator?.gpu?.requestAdapter({
          powerPreference: 'high-performance',
        });
        if (!adapter) throw new Unusable('no adapter', 'WebGPU finds no GPU.');
        const { architecture, description, isFallbackAdapter } = adapter.info;
        const device = description || architecture;
        const software =
          isFallbackAdapter || /llvmpipe|lavapipe|swiftshader/i.test(`${architecture} ${device}`);
        if (software && !evenInSoftware) {
          throw new Unusable('no adapter', `The only GPU is one that software imitates (${device}).`);
        }
        await load('@tensorflow/tfjs-backend-webgpu');
        await set('webgpu');
        const backend = tf.backend() as unknown as Partial<GpuBackend>;
        if (backend.device && !prepared.has(backend)) {
          prepared.add(backend);
          failAfterErrors(backend as GpuBackend);
          allowLongMatrices();
        }
        return software ? `${device}, in software` : device;
      } catch (error) {
        withdraw();
        throw error;
      }
    },
    remedy: (cause) =>
      cause === 'not installed'
        ? 'npm install webgpu @tensorflow/tfjs-backend-webgpu'
        : cause === 'no adapter'
          ? 'It needs a GPU with a driver for Vulkan (and libvulkan.so.1), Metal or Direct3D 12. To use one in software ' +
            "all the same, name it: useBestBackend({ prefer: 'webgpu' })."
          : cause === 'native library missing'
            ? 'Another version of webgpu may fit this system: 0.4 and 0.6 run with the libstdc++ of Debian 12, 0.3 and ' +
              '0.5 want a newer one.'
            : 'See the documentation of the npm package webgpu.',
  };
}

function wasm(load: Load, threads: number | undefined): Candidate {
  return {
    name: 'wasm',
    async start() {
      const { useWasm } = (await load('@crossreg/tfjs-wasm')) as typeof import('@crossreg/tfjs-wasm');
      const status = await useWasm({ ...(threads !== undefined && { threads }), native: 'auto' });
      const { native, reason } = status;
      const count = (each: number) => (each === 1 ? '1 thread' : `${each} threads`);
      const details = reason ? `${count(status.threads)}: ${reason}` : count(status.threads);
      // A package that was not asked for is no news; one that does not work is.
      if (!native || ('reason' in native && /is not installed/.test(native.reason))) return details;
      return 'reason' in native
        ? `${details}; ${native.reason}`
        : `${details}; native kernels (${native.instructionSet}) on ${count(native.threads)}`;
    },
    remedy: () => 'npm install @crossreg/tfjs-wasm @tensorflow/tfjs-backend-wasm',
  };
}

function cpu(): Candidate {
  return {
    name: 'cpu',
    async start() {
      await set('cpu');
      return 'JavaScript; too slow to train convolutional networks';
    },
    remedy: () => 'It is part of @tensorflow/tfjs: import that first.',
  };
}

/** All there are, in the order they are tried. */
export const candidates = (
  load: Load,
  threads: number | undefined,
  named: readonly string[],
): Candidate[] => [
  nodeGpu(load),
  node(load),
  webgpu(load, named.includes('webgpu')),
  wasm(load, threads),
  cpu(),
];
