import { expect, test } from 'vitest';
import { readRun } from './run';
import { parameterRows, summary } from './words';

const path = (value: number[]) => ({ value, gradient: value.map(() => 0.5) });

test('one parameter and one step are in the singular, and missing numbers are not mentioned', async () => {
  const run = await readRun({ step: [1], loss: [2], rho: { dense_noise: path([1]) }, skipped: 0 });
  expect(summary(run)).toBe('Over 1 training step the run took 1 ρ step and learned 1 noise scale.');
});

test('a loss that rose is said to have risen', async () => {
  const run = await readRun({ step: [1, 2], loss: [1, 1.5], rho: { 'dense/l2': path([3, 4]) }, skipped: 0 });
  expect(summary(run)).toBe(
    'Over 2 training steps the run took 2 ρ steps and learned 1 weight norm. The regularization loss rose from 1 to 1.5.',
  );
});

test('a row has first and last value, status and gradient', async () => {
  const run = await readRun({
    step: [1, 2],
    loss: [1, 1],
    rho: { 'augment/rotate': path([10, 7.12345]) },
    skipped: 0,
  });
  expect(parameterRows(run)).toEqual([
    ['rotate', 'augmentation range', '10', '7.12', 'undetermined', '0.5 ± 0'],
  ]);
});

test('a loss that stayed the same did not rise, and a gradient has no error after one step and no mean after none', async () => {
  const run = await readRun({ step: [1, 2], loss: [0.5, 0.5], rho: { a: path([1, 1]) }, skipped: 0 });
  expect(summary(run)).toContain('The regularization loss stayed at 0.5.');
  const gradient = async (gradients: number[]) => {
    const rho = { a: { value: [1], gradient: gradients } };
    return parameterRows(await readRun({ step: [1], loss: [1], rho, skipped: 0 }))[0].at(-1);
  };
  expect([await gradient([0.25]), await gradient([Number.NaN])]).toEqual(['0.25', '–']);
});

test('ranges of several augmentation layers are told apart', async () => {
  const rho = {
    'first/rotate': path([10]),
    'first/scale': path([1]),
    'second/rotate': path([20]),
  };
  const rows = parameterRows(await readRun({ step: [1], loss: [1], rho, skipped: 0 }));
  expect(rows.map(([name]) => name)).toEqual(['first/rotate', 'scale', 'second/rotate']);
});
