// Whether a frozen model loads in Python: `npm run keras` trains a network with learned noise, freezes it with toInferenceModel,
// loads it in Keras with the package tensorflowjs, converts that to ONNX with tf2onnx, and compares the predictions of Keras and
// of onnxruntime with those here. The virtual environment is made once (1.6 GB).
import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ownPackages, TFJS } from './backendsFolder.mjs';
import { root } from './documents.mjs';
import { installIn } from './installIn.mjs';
import { cache } from './native-tensorflow.mjs';

/** The requirements of `tensorflowjs` for reading a Layers model (it declares others for other formats), and of ONNX. */
const requirements = [
  'tensorflow-cpu==2.15.1',
  'numpy<2',
  'setuptools<81',
  'packaging',
  'six',
  'h5py',
  'tensorflow-hub==0.16.1',
  'tf2onnx==1.17.0',
  // Later versions of onnx need a later ml_dtypes than TensorFlow 2.15 allows.
  'onnx==1.17.0',
  'onnxruntime==1.32.0',
];
const environment = join(cache, 'keras-2.15');
const python = join(environment, 'bin', 'python');
const complete = join(environment, 'complete');
if (!existsSync(complete) || readFileSync(complete, 'utf8') !== requirements.join('\n')) {
  rmSync(environment, { recursive: true, force: true });
  const pip = (...args) =>
    execFileSync(python, ['-m', 'pip', 'install', '--quiet', ...args], { stdio: 'inherit' });
  execFileSync('python3', ['-m', 'venv', environment], { stdio: 'inherit' });
  pip(...requirements);
  pip('--no-deps', 'tensorflowjs==4.17.0');
  writeFileSync(complete, requirements.join('\n'));
}

const place = join(cache, 'keras');
installIn(place, { '@tensorflow/tfjs': TFJS });
ownPackages(place);
const program = join(place, 'model.mjs');
writeFileSync(program, readFileSync(join(root, 'scripts', 'keras', 'model.mjs')));
const folder = join(place, 'model');
execFileSync(process.execPath, [program, folder], { stdio: ['ignore', 'ignore', 'inherit'] });
const { otherDraws } = JSON.parse(readFileSync(join(folder, 'predictions.json'), 'utf8'));
const output = execFileSync(python, [join(root, 'scripts', 'keras', 'load.py'), folder], {
  ...{ encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  env: { ...process.env, TF_CPP_MIN_LOG_LEVEL: '3' },
});
const { keras, onnx, layers, nodes } = JSON.parse(output.trim().split('\n').at(-1));
console.log(`Keras loads ${layers} layers. Its predictions differ by at most ${keras.toExponential(1)},`);
console.log(`those of onnxruntime, from ${nodes} ONNX nodes, by at most ${onnx.toExponential(1)},`);
console.log(`and those of other draws of the noise by ${otherDraws.toExponential(1)}.`);
if (![keras, onnx].every((difference) => difference < 1e-5 && otherDraws > 100 * difference)) process.exit(1);
