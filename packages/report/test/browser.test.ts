import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openProgram } from '../../../scripts/chromiumPage.mjs';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';

if (!chromiumPath) console.warn(`SKIPPED: ${noChromium}`);

const program = `
  import * as tfvis from '@tensorflow/tfjs-vis';
  import { figures, report, watchRun } from '../src/index';
  const path = (value) => ({ value: Array.from({ length: 30 }, (_, i) => value(i)), gradient: Array(30).fill(0) });
  const history = {
    step: Array.from({ length: 30 }, (_, i) => 10 * (i + 1)),
    loss: Array.from({ length: 30 }, (_, i) => 2 - i / 20),
    rho: Object.fromEntries([
      ...Array.from({ length: 8 }, (_, layer) => ['layer_' + layer + '_relu_noise', path((i) => 0.03 + layer * i / 30)]),
      ['learnable_augmentation/rotate', path((i) => 10 - i / 5)],
    ]),
    skipped: 0,
  };
  const probabilities = Array.from({ length: 50 }, (_, i) => [i / 50, 1 - i / 50]);
  const labels = Array.from({ length: 50 }, (_, i) => i % 2);
  window.report = () => report(history, {
    predictions: { 'a model & its name': { probabilities, labels }, other: { probabilities, labels } },
    losses: { plain: Array.from({ length: 300 }, (_, i) => 3 / (1 + i)), ours: Array.from({ length: 300 }, (_, i) => 3 / (1 + i / 4)) },
    seconds: { training: 9, rho: 1 },
  });
  const runs = {
    'one step': { step: [20], loss: [1], rho: { a: path(() => 0.15), b: path(() => 0.2) } },
    'values that stay': { loss: Array(30).fill(0.5), rho: { a: path(() => 0.15) } },
    'values that hardly move': { loss: history.step.map((_, i) => 1234567 + i), rho: { a: path((i) => 0.2 + i * 1e-6) } },
    'large losses': { loss: history.step.map((_, i) => 4e10 + 1e10 / (1 + i)) },
    'small losses': { loss: history.step.map((_, i) => 1e-6 + 1e-6 / (1 + i)) },
    'long names': { rho: Object.fromEntries(['lstm_' + 'x'.repeat(40) + '_noise', 'short', 'y'.repeat(35), 'z'.repeat(99)].map((name, i) => [name, path(() => 0.1 + i / 10)])) },
    'a level that starts at 0': { rho: { l2: path((i) => i) } },
  };
  const losses = { memorizing: history.step.map((_, i) => Math.exp(-i)), huge: history.step.map((_, i) => 1e6 * Math.exp(-i)) };
  window.awkward = async () => {
    const pages = [];
    for (const [name, run] of Object.entries(runs)) pages.push([name, await report({ ...history, ...run }, { losses })]);
    return pages;
  };
  window.figures = () => figures(history);
  window.watch = async () => {
    const run = { ...history, step: [], loss: [], rho: {} };
    const watch = watchRun(tfvis, { history: run });
    const counts = [];
    for (const steps of [10, 30]) {
      run.step = history.step.slice(0, steps);
      run.loss = history.loss.slice(0, steps);
      for (const name in history.rho) run.rho[name] = { value: history.rho[name].value.slice(0, steps), gradient: [] };
      await watch.onEpochEnd();
      counts.push([...document.querySelectorAll('.tf-surface')].map((surface) => ({
        name: surface.querySelector('.tf-label')?.textContent,
        marks: surface.querySelectorAll('canvas, svg').length,
      })));
    }
    return counts;
  };`;

/** Texts of figures in the page that leave their figure or overlap another one. */
const misplaced = `[...document.querySelectorAll('svg')].flatMap((svg) => {
  const box = (element) => element.getBoundingClientRect();
  const texts = [...svg.querySelectorAll('text')].filter((text) => box(text).width > 0);
  const figure = box(svg);
  const leaves = ({ left, right, bottom }) => left < figure.left - 1 || right > figure.right + 1 || bottom > figure.bottom + 1;
  const overlap = (a, b) => a.left < b.right && b.left < a.right && a.top + 3 < b.bottom && b.top + 3 < a.bottom;
  return texts.filter((text, i) => leaves(box(text)) || texts.some((other, j) => j > i && overlap(box(text), box(other))));
}).map((text) => text.textContent)`;

describe.skipIf(!chromiumPath)('in Chromium', () => {
  let opened: Awaited<ReturnType<typeof openProgram>>;
  beforeAll(async () => {
    const source = (name: string) => fileURLToPath(new URL(`../../${name}/src/index.ts`, import.meta.url));
    const bundle = await build({
      stdin: { contents: program, resolveDir: fileURLToPath(new URL('.', import.meta.url)), loader: 'ts' },
      ...{ bundle: true, write: false, platform: 'browser', format: 'iife', logLevel: 'error' },
      alias: {
        '@crossreg/core/internal': source('core').replace('index.ts', 'internal.ts'),
        '@crossreg/core': source('core'),
        '@crossreg/calibration': source('calibration'),
      },
    });
    opened = await openProgram(bundle.outputFiles[0].contents);
  }, 60_000);
  afterAll(async () => {
    await opened?.close();
  });

  test('a report fits any width, in light and dark, and axe finds no violation', async () => {
    const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
    const maker = await opened.browser.newPage();
    await maker.goto(opened.url);
    const html = await maker.evaluate('window.report()');
    for (const colorScheme of ['light', 'dark'] as const) {
      for (const width of [320, 390, 1440]) {
        const page = await opened.browser.newPage({ colorScheme, viewport: { width, height: 800 } });
        const requests: string[] = [];
        page.on('request', (request) => requests.push(request.url()));
        await page.setContent(html as string);
        expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(width);
        expect(await page.evaluate(misplaced)).toEqual([]);
        await page.evaluate(axe);
        const { violations } = await page.evaluate<{ violations: { id: string; nodes: unknown[] }[] }>(
          'axe.run()',
        );
        expect(violations.map(({ id }) => id)).toEqual([]);
        expect(requests).toEqual([]);
        await page.close();
      }
    }
  });

  test('every label can be read, whatever the numbers and names, and every line is visible', async () => {
    const maker = await opened.browser.newPage();
    await maker.goto(opened.url);
    const page = await opened.browser.newPage({ viewport: { width: 1440, height: 800 } });
    for (const [name, html] of await maker.evaluate<[string, string][]>('window.awkward()')) {
      await page.setContent(html);
      expect([name, await page.evaluate(misplaced)]).toEqual([name, []]);
      // A line of one point has no size, and one of numbers that are not finite is not drawn.
      const empty = `[...document.querySelectorAll('svg')].filter((svg) => ![...svg.querySelectorAll('[stroke-width="1.8"] path, circle')].some(
        (mark) => Math.max(mark.getBoundingClientRect().width, mark.getBoundingClientRect().height) > 4)).length`;
      expect([name, await page.evaluate(empty)]).toEqual([name, 0]);
    }
  });

  test('each figure can also be saved as a separate file', async () => {
    const page = await opened.browser.newPage();
    await page.goto(opened.url);
    const drawn = await page.evaluate<{ title: string; svg: string }[]>('window.figures()');
    expect(drawn.map(({ title }) => title)).toEqual([
      'Learned noise',
      'Learned augmentation',
      'Regularization loss',
    ]);
    for (const { svg } of drawn) {
      const problems = await page.evaluate(
        (text) =>
          new DOMParser().parseFromString(text, 'image/svg+xml').querySelectorAll('parsererror').length,
        svg,
      );
      expect(problems).toBe(0);
    }
  });

  test('surfaces of tfjs-vis are redrawn with more steps, and each name has only one', async () => {
    const page = await opened.browser.newPage();
    await page.goto(opened.url);
    const counts = await page.evaluate<{ name: string; marks: number }[][]>('window.watch()');
    for (const surfaces of counts) {
      expect(surfaces.map(({ name }) => name)).toEqual([
        'Learned noise',
        'Learned augmentation',
        'Regularization loss',
      ]);
      expect(surfaces.every(({ marks }) => marks > 0)).toBe(true);
    }
  });
});
