import { createRequire } from 'node:module';
import * as tf from '@tensorflow/tfjs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { Load } from './candidate';
import { type BackendOptions, chooseBackend } from './useBestBackend';

/** Node's error for a missing package. */
const absent = (name: string) =>
  Object.assign(new Error(`Cannot find package '${name}' imported from /app/index.js`), {
    code: 'ERR_MODULE_NOT_FOUND',
  });

/** A machine: what happens when each package is loaded; all others are not installed. */
const machine =
  (packages: Record<string, () => unknown>, loaded: string[] = []): Load =>
  async (specifier) => {
    loaded.push(specifier);
    if (!packages[specifier]) throw absent(specifier);
    return (await packages[specifier]()) as Record<string, unknown>;
  };

/** A backend with the kernels of cpu, under another name: what the native packages do on import. */
function registers(name: string, properties: object = {}, made?: () => void) {
  const factory = tf.findBackendFactory('cpu');
  return () => {
    for (const kernel of tf.getKernelsForBackend('cpu')) {
      if (!tf.getKernel(kernel.kernelName, name)) tf.registerKernel({ ...kernel, backendName: name });
    }
    tf.registerBackend(name, () => {
      made?.();
      return Object.assign(factory() as tf.KernelBackend, properties);
    });
    return {};
  };
}

const forget = () => {
  for (const name of ['tensorflow', 'webgpu', 'wasm']) {
    if (tf.engine().registryFactory[name]) tf.removeBackend(name);
    for (const { kernelName } of tf.getKernelsForBackend(name)) {
      if (name !== 'wasm') tf.unregisterKernel(kernelName, name);
    }
  }
};
beforeEach(() => tf.setBackend('cpu').then(() => undefined));
afterEach(() => {
  forget();
  Reflect.deleteProperty((globalThis as { navigator?: object }).navigator ?? {}, 'gpu');
});

const gpu = (info: object | null) => ({
  webgpu: () => ({
    create: () => ({ requestAdapter: async () => info && { info } }),
    globals: {},
  }),
  '@tensorflow/tfjs-backend-webgpu': registers('webgpu'),
});
const SOFTWARE = {
  architecture: 'swiftshader',
  description: 'SwiftShader driver 5.0.0',
  isFallbackAdapter: true,
};
const HARDWARE = { architecture: 'ampere', description: 'a GPU' };

describe('what it chooses', () => {
  test('the CUDA package, and nothing else is loaded', async () => {
    const loaded: string[] = [];
    const load = machine(
      { '@tensorflow/tfjs-node-gpu': registers('tensorflow', { isUsingGpuDevice: true }) },
      loaded,
    );
    expect(await chooseBackend({}, load)).toEqual({
      chosen: 'tfjs-node-gpu',
      details: 'TensorFlow on a CUDA device',
      skipped: [],
    });
    expect(tf.getBackend()).toBe('tensorflow');
    expect(loaded).toEqual(['@tensorflow/tfjs-node-gpu']);
  });

  test('the CUDA package without a CUDA device works as the CPU package, loaded once', async () => {
    const loaded: string[] = [];
    const load = machine(
      { '@tensorflow/tfjs-node-gpu': registers('tensorflow', { isUsingGpuDevice: false }) },
      loaded,
    );
    const { chosen, details, skipped } = await chooseBackend({}, load);
    expect([chosen, details]).toEqual(['tfjs-node', 'TensorFlow on the CPU']);
    expect(skipped).toMatchObject([{ name: 'tfjs-node-gpu', cause: 'no adapter' }]);
    expect(loaded).toEqual(['@tensorflow/tfjs-node-gpu']);
  });

  test('after the CPU package was loaded, the CUDA package is not said to find no GPU', async () => {
    const load = machine({ '@tensorflow/tfjs-node': registers('tensorflow', { isUsingGpuDevice: false }) });
    const causes = async () => (await chooseBackend({}, load)).skipped.map(({ cause }) => cause);
    expect(await causes()).toEqual(['not installed']);
    expect(await causes()).toEqual(['other package loaded']);
  });

  test('a GPU by WebGPU, if the native packages are missing', async () => {
    const { chosen, details, skipped } = await chooseBackend({}, machine(gpu(HARDWARE)));
    expect([chosen, details]).toEqual(['webgpu', 'a GPU']);
    expect(tf.getBackend()).toBe('webgpu');
    expect(skipped.map(({ cause }) => cause)).toEqual(['not installed', 'not installed']);
  });

  test('a software GPU is skipped, unless it is requested by name', async () => {
    const software = machine(gpu(SOFTWARE));
    const { chosen, skipped } = await chooseBackend({}, software);
    expect(chosen).toBe('cpu');
    expect(skipped[2]).toMatchObject({ name: 'webgpu', cause: 'no adapter' });
    expect(skipped[2].message).toContain('SwiftShader driver 5.0.0');
    expect(await chooseBackend({ prefer: 'webgpu' }, software)).toMatchObject({
      chosen: 'webgpu',
      details: 'SwiftShader driver 5.0.0, in software',
    });
  });

  test('a GPU that is not used leaves no trace by which other code detects a browser', async () => {
    const before = Object.getOwnPropertyNames(globalThis);
    const dawn = gpu(SOFTWARE);
    const { create } = dawn.webgpu();
    const load = machine({ ...dawn, webgpu: () => ({ create, globals: { GPUBuffer: class {} } }) });
    expect((await chooseBackend({}, load)).chosen).toBe('cpu');
    expect(Object.getOwnPropertyNames(globalThis)).toEqual(before);
    expect('gpu' in (globalThis.navigator ?? {})).toBe(false);
    expect((await chooseBackend({ prefer: 'webgpu' }, load)).chosen).toBe('webgpu');
    expect(globalThis).toHaveProperty('GPUBuffer');
    Reflect.deleteProperty(globalThis, 'GPUBuffer');
  });

  test('a preferred backend before a faster one', async () => {
    const load = machine({ '@tensorflow/tfjs-node': registers('tensorflow') });
    expect((await chooseBackend({}, load)).chosen).toBe('tfjs-node');
    expect(await chooseBackend({ prefer: ['cpu'] }, load)).toMatchObject({ chosen: 'cpu', skipped: [] });
  });

  test('wasm with threads, from the installed package', async () => {
    // The errors of Node itself; those of vitest's import differ.
    const require = createRequire(import.meta.url);
    const load: Load = async (specifier) =>
      specifier.startsWith('@crossreg/') ? import(specifier) : require(specifier);
    const choice = await chooseBackend({ threads: 2 }, load);
    expect(choice.chosen).toBe('wasm');
    // With native kernels where they were built.
    expect(choice.details).toMatch(
      /^2 threads(; native kernels \(\w+\) on 2 threads|; There are no native kernels .*)?$/,
    );
    expect(tf.getBackend()).toBe('wasm');
    expect(choice.skipped.map(({ name, cause }) => `${name}: ${cause}`)).toEqual([
      'tfjs-node-gpu: not installed',
      'tfjs-node: not installed',
      'webgpu: not installed',
    ]);
    const x = tf.tensor4d(
      Array.from({ length: 32 }, (_, i) => i),
      [1, 4, 4, 2],
    );
    const filter = tf.ones([3, 3, 2, 1]) as tf.Tensor4D;
    const slope = tf.grad((f: tf.Tensor) => tf.sum(tf.conv2d(x, f as tf.Tensor4D, 1, 'valid')))(filter);
    // Each entry is the sum of the four inputs it meets: the backend alone has no kernel for this.
    expect((await slope.data())[0]).toBe(0 + 2 + 8 + 10);
  });

  test('cpu if there is nothing else', async () => {
    const { chosen, skipped } = await chooseBackend({}, machine({}));
    expect(chosen).toBe('cpu');
    expect(skipped.map(({ cause }) => cause)).toEqual(Array(4).fill('not installed'));
    expect(skipped.every(({ remedy }) => /npm install/.test(remedy))).toBe(true);
  });
});

describe('reasons of skipped backends', () => {
  const whyNot = async (packages: Record<string, () => unknown>, options: BackendOptions = {}) =>
    (await chooseBackend(options, machine(packages))).skipped;
  const fails = (message: string, code?: string) => () => {
    throw Object.assign(new Error(message), { code });
  };

  test.each([
    [
      'native library missing',
      'The Node.js native addon module (tfjs_binding.node) can not be found at path: /a/tfjs_binding.node. \nPlease run …',
      undefined,
    ],
    [
      'native library missing',
      "libstdc++.so.6: version `GLIBCXX_3.4.32' not found (required by /a/dawn.node)",
      'ERR_DLOPEN_FAILED',
    ],
    [
      'native library missing',
      'libtensorflow.so.2: cannot open shared object file: No such file or directory',
      'ERR_DLOPEN_FAILED',
    ],
    ['native library missing', "Cannot find module '../lib/napi-v8/tfjs_binding.node'", 'MODULE_NOT_FOUND'],
    [
      'Node version',
      'The module was compiled against a different Node.js version using NODE_MODULE_VERSION 108.',
      'ERR_DLOPEN_FAILED',
    ],
    ['Node version', '(0 , util_1.isNullOrUndefined) is not a function', undefined],
    ['failed', 'out of luck', undefined],
  ])('%s: %s', async (cause, message, code) => {
    const [, passed] = await whyNot({ '@tensorflow/tfjs-node': fails(message, code) });
    expect(passed).toMatchObject({ name: 'tfjs-node', cause });
    expect(passed.message).toContain(message.split('\n')[0].trim());
    expect(passed.message).not.toContain('\n');
  });

  test('a missing dependency of a package is named', async () => {
    const passed = await whyNot({
      '@crossreg/tfjs-wasm': () => {
        throw absent('@tensorflow/tfjs-backend-wasm');
      },
    });
    expect(passed[3]).toMatchObject({ name: 'wasm', cause: 'not installed' });
    expect(passed[3].message).toContain('@tensorflow/tfjs-backend-wasm');
  });

  test('no GPU', async () => {
    expect((await whyNot(gpu(null)))[2]).toMatchObject({ name: 'webgpu', cause: 'no adapter' });
  });

  test('a backend that starts and computes wrong numbers', async () => {
    const wrong = () => {
      registers('tensorflow')();
      const right = tf.getKernel('BatchMatMul', 'tensorflow');
      tf.unregisterKernel('BatchMatMul', 'tensorflow');
      tf.registerKernel({
        ...right,
        kernelFunc: ({ inputs, backend }) =>
          right.kernelFunc({
            inputs: { a: inputs.a, b: inputs.a },
            backend,
            attrs: { transposeA: true, transposeB: false },
          }),
      });
      return {};
    };
    const passed = await whyNot({ '@tensorflow/tfjs-node': wrong });
    expect(passed[1]).toMatchObject({ name: 'tfjs-node', cause: 'failed' });
    expect(passed[1].message).toMatch(/wrong numbers: 10,/);
  });
});

describe('refused', () => {
  test('if no required backend works, each has its reason, and the previous backend is restored', async () => {
    const failing = chooseBackend({ require: ['tfjs-node', 'webgpu'] }, machine(gpu(null)));
    await expect(failing).rejects.toThrow(
      /- tfjs-node: not installed\. .*npm install @tensorflow\/tfjs-node\n- webgpu: no adapter\./,
    );
    expect(tf.getBackend()).toBe('cpu');
  });

  test.each<[BackendOptions, RegExp]>([
    [{ prefer: 'cuda' as 'cpu' }, /prefer: must name .*"tfjs-node-gpu", .*, but is "cuda"/],
    [{ require: [] }, /require: must name .* but is \[\]/],
    [{ require: 7 as unknown as 'cpu' }, /require: must name .* but is 7/],
    [{ prefer: 'wasm', require: 'cpu' }, /prefer: names "wasm", which require \(cpu\) leaves out/],
    [{ threads: 0 }, /threads: must be an integer of at least 1, but is 0/],
  ])('%j', async (options, message) => {
    await expect(chooseBackend(options, machine({}))).rejects.toThrow(message);
  });

  test('no tensor is left behind', async () => {
    const before = tf.memory().numTensors;
    await chooseBackend({ require: 'cpu' }, machine({}));
    expect(tf.memory().numTensors).toBe(before);
  });
});
