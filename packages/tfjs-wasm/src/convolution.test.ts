import * as tf from '@tensorflow/tfjs-core';
import { beforeAll } from 'vitest';
import { convolutionTests } from '../test/convolutionSuite';

beforeAll(() => tf.setBackend('wasm'));

convolutionTests();
