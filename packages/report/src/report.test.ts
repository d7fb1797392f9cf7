import {
  createTrainer,
  exp,
  float64,
  type RegularizationRecord,
  regularizationParameter,
} from '@crossreg/core';
import { parseHTML } from 'linkedom';
import { expect, test } from 'vitest';
import { report } from './report';

/** 40 ρ steps in which σ of one layer falls and that of another rises, an image is turned less, and a norm grows. */
const record: RegularizationRecord = {
  step: Array.from({ length: 40 }, (_, i) => 5 * (i + 1)),
  loss: Array.from({ length: 40 }, (_, i) => 2 / (1 + i)),
  rho: {
    conv_noise: path((i) => 1 / (1 + i)),
    dense_noise: path((i) => 0.5 + i / 100),
    'learnable_augmentation/rotate': path((i) => 10 - i / 10),
    'dense/l2': path((i) => 3 + i),
  },
  skipped: 1,
};
function path(value: (i: number) => number) {
  return {
    value: Array.from({ length: 40 }, (_, i) => value(i)),
    gradient: Array.from({ length: 40 }, (_, i) => (i % 2 ? 0.1 : -0.1)),
  };
}
const predictions = {
  sure: {
    probabilities: [
      [0.9, 0.1],
      [0.8, 0.2],
    ],
    labels: [0, 1],
  },
};
const parsed = (html: string) => parseHTML(html).document;
const texts = (document: Document, selector: string) =>
  Array.from(document.querySelectorAll(selector), (element) => element.textContent);

test('a page has a figure for all numbers that are given, each with an explanation', async () => {
  const html = await report(record, {
    predictions,
    losses: { plain: [3, 2, 1] },
    seconds: { training: 8, rho: 2 },
  });
  const document = parsed(html);
  expect(texts(document, 'figure strong')).toEqual([
    'Learned noise',
    'Learned augmentation',
    'Learned norms',
    'Regularization loss',
    'Training loss',
    'Overhead',
    'Reliability: sure',
  ]);
  expect(texts(document, 'figcaption').every((caption) => (caption?.length ?? 0) > 60)).toBe(true);
  expect(document.querySelectorAll('figure > svg')).toHaveLength(7);
  // 2 of 10 seconds.
  expect(html).toContain('ρ steps: 20 %');
  expect(html).toContain('25 % more time');
});

test('the text of the page agrees with the numbers', async () => {
  const html = await report(record, { title: 'Mine', description: 'It works.', predictions });
  const document = parsed(html);
  expect(document.querySelector('h1')?.textContent).toBe('Mine');
  const words = texts(document, 'p').join(' ');
  expect(words).toContain('It works.');
  expect(words).toContain('Over 200 training steps the run took 40 ρ steps');
  expect(words).toContain('2 noise scales, 1 augmentation range, 1 weight norm');
  // The means of the first and last four of 2 / (1 + i).
  expect(words).toContain('fell from 1.04 to 0.052');
  expect(words).toContain('largest at dense_noise (σ 0.89) and smallest at conv_noise (σ 0.025)');
  expect(words).toContain('1 ρ step had to be skipped.');
  // One of two is right; −(ln 0.9 + ln 0.2) / 2; (2 · 0.1² + 2 · 0.8²) / 2; |0.9 − 1| / 2 + |0.8 − 0| / 2.
  expect(texts(document, 'table:first-of-type td').slice(0, 4)).toEqual(['0.500', '0.857', '0.650', '0.450']);
});

test('the user’s text is escaped, and the page loads and runs nothing', async () => {
  const html = await report(record, {
    title: '<script>alert(1)</script>',
    description: 'a & b',
    predictions: { '<b>&"': predictions.sure },
    losses: { '<i>&': [2, 1], other: [3, 2] },
  });
  expect(html).toContain('a &amp; b');
  expect(html).not.toMatch(/<script|<b>|<i>|<link|<img|url\(|@import/);
  expect(html.match(/https?:\/\/[^"]*/g)?.filter((url) => url !== 'http://www.w3.org/2000/svg')).toEqual([]);
});

test("a trainer's status is used, because it knows the bounds and a record does not", async () => {
  const sigma = float64.variable(float64.array(1));
  const theta = float64.variable(float64.array(1));
  const trainer = createTrainer({
    framework: float64,
    theta: [theta],
    rho: [regularizationParameter(float64, { name: 'sigma', variable: sigma, bijector: exp })],
    trainLoss: () => float64.mul(theta, theta),
    regularizationLoss: () => float64.mul(sigma, sigma),
    schedule: { every: 1, samples: 1 },
  });
  for (let i = 0; i < 3; i++) trainer.step(undefined, () => undefined);
  // Its last numbers still wait on the device, and the report reads them.
  expect(trainer.history.step).toEqual([]);
  const document = parsed(await report(trainer));
  expect(texts(document, 'td')).toContain('undetermined');
  expect(texts(document, 'p').join(' ')).toContain('Over 3 training steps the run took 3 ρ steps');
});

test('values that are not a run, runs without a ρ step, and unknown options are refused', async () => {
  await expect(report({ nothing: 1 } as never)).rejects.toThrow(
    /run: must be a crossRegularization callback/,
  );
  await expect(report({ step: [], loss: [], rho: {}, skipped: 0 })).rejects.toThrow(/run: has no ρ step/);
  await expect(report(record, { titel: 'x' } as never)).rejects.toThrow(/Did you mean title/);
  await expect(report(record, { seconds: { training: 0, rho: 1 } })).rejects.toThrow(/seconds: must be/);
  await expect(report(record, { seconds: { training: Number.POSITIVE_INFINITY, rho: 1 } })).rejects.toThrow(
    /seconds: must be/,
  );
  await expect(report({ ...record, rho: null } as never)).rejects.toThrow(/run: must be a cross/);
  await expect(report(record, { losses: { mine: 5 } as never })).rejects.toThrow(
    'losses: must be { name: [loss of every step] }, but mine is 5.',
  );
  await expect(report(record, { losses: [0.3, 0.2] as never })).rejects.toThrow(
    /losses: must be .* 0 is 0\.3/,
  );
  // Left out like a gap, it would be a figure without a line.
  await expect(report(record, { losses: { mine: [[1], [2]] } as never })).rejects.toThrow(
    /losses: must be .* mine is \[\[1\], \[2\]\]/,
  );
  await expect(report(record, { title: 5 as never })).rejects.toThrow('title: must be a text, but is 5');
  await expect(report(record, { predictions: { a: [1] } as never })).rejects.toThrow(/predictions: must be/);
});

test('without a finite training loss there is no figure of it', async () => {
  const cases: Record<string, number[]>[] = [{}, { mine: [] }, { mine: [Number.NaN] }];
  for (const losses of cases)
    expect(texts(parsed(await report(record, { losses })), 'figure strong')).not.toContain('Training loss');
});
