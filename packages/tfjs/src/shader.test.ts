import * as tf from '@tensorflow/tfjs-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { addNoise, deriveKey, gaussian } from './noise';

// WGSL runs on GPUs: scripts/suite holds what it computes against the other backends. Here is what the backend of
// @tensorflow/tfjs-backend-webgpu is handed.

interface Call {
  program: Record<string, any>;
  inputs: string[];
  uniforms: { type: string; data: number[] }[];
}
let calls: Call[] = [];

class Recorder extends tf.KernelBackend {
  private readonly held = new tf.DataStorage<tf.TypedArray>(this, tf.engine());
  override numDataIds = () => this.held.numDataIds();
  override floatPrecision = () => 32 as const;
  override write(values: tf.TypedArray) {
    const dataId = {};
    this.held.set(dataId, values);
    return dataId;
  }
  override incRef() {}
  override disposeData = () => true;
  override dispose() {}
  runWebGPUProgram(
    program: Call['program'],
    inputs: tf.TensorInfo[],
    dtype: 'float32',
    uniforms: Call['uniforms'],
  ) {
    calls.push({ program, inputs: inputs.map(({ shape }) => shape.join('×')), uniforms });
    return { dataId: this.write(new Float32Array(0)), shape: program.outputShape, dtype };
  }
}

beforeAll(async () => {
  tf.registerBackend('webgpu', () => new Recorder());
  await tf.setBackend('webgpu');
});
afterAll(() => tf.removeBackend('webgpu'));
beforeEach(() => {
  calls = [];
});

test('numbers of a key’s stream are drawn in pairs, by one row of workgroups of 64', () => {
  const key = deriveKey(5);
  expect(gaussian([100_001], key).shape).toEqual([100_001]);
  const [{ program, inputs, uniforms }] = calls;
  expect(inputs).toEqual([]);
  expect(program.workgroupSize).toEqual([64, 1, 1]);
  // 50,001 pairs.
  expect(program.dispatch).toEqual([782, 1, 1]);
  expect(program.size).toBe(true);
  expect(program.uniforms).toBe('k0 : i32, k1 : i32, ');
  expect(uniforms[0]).toEqual({ type: 'int32', data: [key[0] | 0] });
});

test('noise of a tensor and its scales is one program, which can start at any example', () => {
  const x = tf.tensor(new Float32Array(30), [5, 6]);
  const scale = tf.tensor(new Float32Array(6), [6]);
  const key = deriveKey(5);
  addNoise(x, scale, key);
  addNoise(x, scale, [key[0], key[1], 4]);
  expect(calls.map(({ inputs }) => inputs)).toEqual([
    ['5×6', '6'],
    ['5×6', '6'],
  ]);
  const [first, later] = calls.map(({ uniforms }) => uniforms.map(({ data }) => data[0]));
  expect(first[2]).toBe(6);
  // Four examples of six numbers further.
  expect(later[0]).toBe((first[0] + 24) | 0);
  expect(later[1]).toBe(first[1]);
  // One name means one program, which is compiled once.
  expect(new Set(calls.map(({ program }) => `${program.shaderKey} ${program.getUserCode()}`)).size).toBe(1);
});

test('pairs ±ε are one program, which draws the first half and writes both halves', () => {
  const x = tf.tensor(new Float32Array(30 * 6), [30, 6]);
  const [k0, k1] = deriveKey(5);
  addNoise(x, tf.scalar(1), [k0, k1]);
  addNoise(x, tf.scalar(1), [k0, k1, 0, true]);
  const [all, pairs] = calls;
  expect(calls).toHaveLength(2);
  expect([all, pairs].map(({ uniforms }) => uniforms[3].data)).toEqual([[180], [90]]);
  expect([all, pairs].map(({ program }) => program.dispatch[0])).toEqual([2, 1]);
  expect(pairs.program.outputShape).toEqual([30, 6]);
  expect(pairs.program.shaderKey).not.toBe(all.program.shaderKey);
});
