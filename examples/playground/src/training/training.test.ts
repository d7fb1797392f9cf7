import { useWasm } from '@crossreg/tfjs-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, expect, test } from 'vitest';
import type { Report } from '../messages';
import { readSettings } from '../settings';
import { Training } from './training';

beforeAll(async () => {
  await useWasm({ threads: 1 });
});

const settings = { ...readSettings('toy', () => null), points: 40, layers: 2, width: 4 };

test('a new run replaces the run before and leaves nothing of it', async () => {
  const training = new Training(() => {});
  const counts: number[] = [];
  for (const run of [1, 2, 3]) {
    await training.take({ type: 'start', run, tab: 'toy', settings });
    await training.take({ type: 'step' });
    counts.push(tf.memory().numTensors);
  }
  expect(counts[2]).toBe(counts[1]);
});

test('a run with augmentation leaves nothing of it either', async () => {
  const part = (count: number) => ({
    count,
    x: new Float32Array(count * 784),
    y: Float32Array.from({ length: count * 2 }, (_, i) => Number(i % 4 === 0 || i % 4 === 3)),
  });
  const table = {
    columns: Array.from({ length: 784 }, String),
    classes: ['one', 'other'],
    leftOut: 0,
    ...{ train: part(32), heldOut: part(8), test: part(8) },
  };
  const images = { ...readSettings('fashion', () => null), layers: 1, width: 4 };
  const reports: Report[] = [];
  const training = new Training((report) => reports.push(report));
  const counts: number[] = [];
  for (const run of [1, 2, 3]) {
    await training.take({ type: 'start', run, tab: 'fashion', settings: images, table });
    await training.take({ type: 'step' });
    counts.push(tf.memory().numTensors);
  }
  expect(counts[2]).toBe(counts[1]);
  const progress = reports.find(({ type }) => type === 'progress') as { ranges: object };
  expect(Object.keys(progress.ranges)).toEqual(['translate', 'rotate', 'scale']);
});

test('a run that begins while another plays keeps playing until a pause', async () => {
  const reports: Report[] = [];
  const training = new Training((report) => reports.push(report));
  await training.take({ type: 'start', run: 1, tab: 'toy', settings });
  // At a pace with timers between steps. In Node, unlike in a browser, a port with constant messages delays timers.
  await training.take({ type: 'speed', stepsPerSecond: 30 });
  const playing = training.take({ type: 'play' });
  await training.take({ type: 'start', run: 2, tab: 'toy', settings: { ...settings, seed: 2 } });
  const reached = () =>
    reports.some((report) => report.type === 'picture' && report.run === 2 && report.step >= 3);
  while (!reached()) await new Promise((resolve) => setTimeout(resolve, 10));
  await training.take({ type: 'pause' });
  await playing;
  const last = reports.at(-1)!;
  expect(last).toMatchObject({ type: 'resting', run: 2, finished: false });
  const said = reports.length;
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(reports.length).toBe(said);
});

test('at a pace of 40 steps a second it takes no more than that', async () => {
  let step = 0;
  const training = new Training((report) => {
    if (report.type === 'picture') step = report.step;
  });
  await training.take({ type: 'start', run: 1, tab: 'toy', settings });
  await training.take({ type: 'speed', stepsPerSecond: 40 });
  const began = performance.now();
  const playing = training.take({ type: 'play' });
  await new Promise((resolve) => setTimeout(resolve, 500));
  await training.take({ type: 'pause' });
  await playing;
  expect(step).toBeGreaterThan(0);
  expect(step).toBeLessThanOrEqual(2 + (40 * (performance.now() - began)) / 1000);
});
