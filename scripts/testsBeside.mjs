// Every source file of more than a screen has its test beside it: `x.ts` has `x.test.ts`, or `x.KIND.test.ts`. This list names
// the files that are tested elsewhere, with the place and the reason.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeIn, foldersOf, isTest, root } from './workspace.mjs';

/** Lines on a screen. */
export const SCREEN = 60;

/** Files that are tested elsewhere: a package, files of its `src`, the test that covers them, and the reason. */
const elsewhere = [
  [
    'core',
    'regularizer.test.ts',
    'the laws of all regularizers are one table',
    ['groupLasso', 'smoothness', 'customRegularizer'],
  ],
  [
    'core',
    'trainer.test.ts',
    'a parameter does something only in a step that moves it',
    ['regularizationParameter'],
  ],
  [
    'core',
    'float64/float64.test.ts',
    'the tape is tested by the gradients of every operation',
    ['float64/tape'],
  ],
  [
    'core',
    'float64/float64.test.ts',
    'an interface, and the contract that holds implementations to it',
    ['framework', 'testing/frameworkContract'],
  ],
  [
    'datasets',
    'node/loaders.test.ts',
    'one local registry serves the tests of all loaders',
    ['node/cifar10', 'node/download', 'node/spamAssassin'],
  ],
  [
    'linear',
    'ridge.test.ts',
    'steps along a path are tested on paths, and against the alternating scheme',
    ['learnRho'],
  ],
  ['linear', 'smoothingSpline.test.ts', 'the curves are those of SciPy, fitted whole', ['splineBasis']],
  ['report', 'report.test.ts', 'figures are looked at on the page that has them all', ['drawing', 'figures']],
  [
    'runs',
    '../test/runAll.test.ts',
    'it starts processes, and kills them',
    ['runAll', 'workerProcess', 'child'],
  ],
  [
    'runs',
    '../test/redis.test.ts',
    'they need a Redis, and workers that die',
    ['command', 'queue', 'queuedRuns', 'startWorker'],
  ],
  [
    'tfjs',
    'noise.test.ts',
    'its numbers are those of the portable generator, through fillGaussian',
    ['gaussianKernel'],
  ],
  ['tfjs', 'shader.test.ts', 'what the WebGPU backend is handed is one subject', ['noiseShader']],
  [
    'tfjs-layers',
    'ensemble.test.ts',
    'artifacts are right if an ensemble is the same when loaded',
    ['ensembleArtifacts'],
  ],
  [
    'tfjs-layers',
    'crossRegularization.test.ts',
    'what a model is prepared for is seen in what the callback then does',
    ['prepareModel'],
  ],
  [
    'tfjs-native',
    '../../tfjs-wasm/test/native.test.ts',
    'kernels work on the memory of the wasm backend',
    ['binding'],
  ],
  [
    'tfjs-node',
    'useBestBackend.test.ts',
    'candidates are tried in turn there, with packages that are missing',
    ['candidates'],
  ],
  ['tfjs-wasm', 'activationLayer.test.ts', 'named after the layer that the kernels are for', ['activation']],
  ['tfjs-wasm', 'batchNormLayer.test.ts', 'named after the layer that the kernels are for', ['batchNorm']],
  [
    'tfjs-wasm',
    'kernels.test.ts',
    'every kernel is held against cpu in one table',
    ['depthwise', 'matrixProduct', 'pool', 'reduction', 'registerKernels'],
  ],
  [
    'tfjs-wasm',
    'convolution.test.ts',
    'convolutions are one tile, in one suite for wasm and native',
    ['rowProduct', 'convolution3d'],
  ],
  [
    'tfjs-wasm',
    '../test/fusedPasses.test.ts',
    'what is written together is held against the operations one by one, where native kernels are built',
    ['deferred', 'fusedPasses', 'rectifiers'],
  ],
  ['tfjs-wasm', 'useWasm.test.ts', 'memory is shared where a backend starts with threads', ['sharedMemory']],
];

/** Files of packages that are tested elsewhere, with the test: paths of the repository. */
export const testedElsewhere = new Map(
  elsewhere.flatMap(([name, test, , files]) =>
    files.map((file) => [`packages/${name}/src/${file}.ts`, join(`packages/${name}/src`, test)]),
  ),
);

/** Sources of packages that are longer than a screen and have no test beside them, but for tables of contents. */
export function withoutTest() {
  return foldersOf('packages').flatMap((folder) => {
    const files = codeIn(`${folder}/src`);
    const lines = (file) => readFileSync(join(root, file), 'utf8').trimEnd().split('\n').length;
    const beside = (file) => {
      const start = `${file.replace(/\.ts$/, '')}.`;
      return files.some((other) => other.startsWith(start) && isTest(other));
    };
    return files.filter(
      (file) =>
        !isTest(file) && !/\/(index|internal)\.ts$/.test(file) && lines(file) > SCREEN && !beside(file),
    );
  });
}
