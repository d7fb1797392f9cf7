import { execFile } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';
import { openPage } from '../scripts/buildPage.mjs';

if (!chromiumPath) console.warn(`SKIPPED: ${noChromium}`);

const here = fileURLToPath(new URL('..', import.meta.url));
/** Screenshots for people to look at. */
const pictures = join(here, '..', '..', 'out', 'playground');
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');

const text = (page: Page, id: string) => page.locator(`#${id}`).textContent();
const stepOf = async (page: Page) => Number((await text(page, 'counter'))?.replace(/\D/g, ''));
const reaches = (page: Page, step: number, timeout = 40_000) =>
  page.waitForFunction(
    (least) => Number(document.getElementById('counter')?.textContent?.replace(/\D/g, '')) >= least,
    step,
    { timeout },
  );
/** Pauses, and waits for the last message of the worker. */
async function pause(page: Page) {
  await page.click('#play');
  await page.waitForFunction(() => document.getElementById('status')?.textContent === 'Paused.');
}
const mapOf = (page: Page, id: string) =>
  page.locator(`#${id}`).evaluate((canvas) => (canvas as HTMLCanvasElement).toDataURL());

async function violations(page: Page) {
  await page.evaluate(axe);
  const { violations: found } = await page.evaluate<{
    violations: { id: string; impact: string; nodes: { html: string; failureSummary: string }[] }[];
  }>('axe.run()');
  return found
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .flatMap(({ id, nodes }) => nodes.map(({ html, failureSummary }) => `${id}: ${html} ${failureSummary}`));
}

describe.skipIf(!chromiumPath)('the playground in Chromium', () => {
  let opened: Awaited<ReturnType<typeof openPage>>;
  let browser: Browser;
  const cache = join(here, '.cache');
  let folder: string;
  beforeAll(async () => {
    mkdirSync(cache, { recursive: true });
    mkdirSync(pictures, { recursive: true });
    folder = mkdtempSync(join(cache, 'page-'));
    opened = await openPage({ outDir: join(folder, 'dist'), chromiumPath: chromiumPath! });
    browser = opened.browser;
  }, 120_000);
  afterAll(async () => {
    await opened?.close();
    rmSync(folder, { recursive: true });
  });

  /** A page of the given width. Its console messages and its requests to other hosts are collected. */
  async function newPage(width: number, hash = '') {
    const page = await browser.newPage({ viewport: { width, height: width < 500 ? 844 : 900 } });
    const complaints: string[] = [];
    page.on('pageerror', ({ message }) => complaints.push(message));
    page.on('console', (message) => {
      if (['error', 'warning'].includes(message.type())) complaints.push(message.text());
    });
    page.on('request', (request) => {
      if (
        !request.url().startsWith(opened.url) &&
        !request.url().startsWith('blob:') &&
        !request.url().startsWith('data:')
      )
        complaints.push(`asks for ${request.url()}`);
    });
    await page.goto(opened.url + hash);
    return { page, complaints };
  }

  test.each([390, 1440])(
    'at %d pixels it trains, pauses, takes single steps, and is accessible',
    async (width) => {
      const { page, complaints } = await newPage(width);
      await page.waitForFunction(() => performance.getEntriesByName('first picture').length > 0);
      const first = await mapOf(page, 'cross-map');
      await reaches(page, 60);
      expect(await mapOf(page, 'cross-map')).not.toBe(first);
      expect(await page.evaluate('crossOriginIsolated')).toBe(true);
      expect(await text(page, 'sentence')).toMatch(
        /^After \d+ steps, on 500 unseen points, the plain network’s loss is \d\.\d\d, the cross-regularized one’s \d\.\d\d/,
      );

      await pause(page);
      const step = await stepOf(page);
      await page.waitForTimeout(300);
      expect(await stepOf(page)).toBe(step);
      await page.focus('#step');
      await page.keyboard.press('Enter');
      await reaches(page, step + 1);
      expect(await stepOf(page)).toBe(step + 1);

      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      for (const colorScheme of ['light', 'dark'] as const) {
        await page.emulateMedia({ colorScheme });
        // Each scheme once: contrast does not depend on the width.
        if ((colorScheme === 'dark') === (width === 390)) expect(await violations(page)).toEqual([]);
        await page.screenshot({ path: join(pictures, `toy-${width}-${colorScheme}.png`), fullPage: true });
      }
      expect(complaints).toEqual([]);
      await page.close();
    },
    // On a busy machine, screenshots of the whole page take most of this time.
    180_000,
  );

  test('a link restores the settings made by keyboard', async () => {
    const { page } = await newPage(1440, '#tab=toy&data=circles&speed=30');
    await page.focus('[name=points]');
    await page.keyboard.press('ArrowRight');
    await page.check('[name=view][value=spread]', { force: true });
    const link = page.url();
    await page.close();
    const { page: other, complaints } = await newPage(1440, new URL(link).hash);
    const value = (selector: string) => other.locator(selector).inputValue();
    expect(await value('[name=points]')).toBe('220');
    expect(await value('[name=data]:checked')).toBe('circles');
    expect(await value('[name=view]:checked')).toBe('spread');
    expect(await value('[name=speed]')).toBe('30');
    await reaches(other, 1);
    // The colour key still fits the map after a change of tab has reset the view.
    expect(await text(other, 'low')).toBe('all draws agree');
    for (const tab of ['fashion', 'toy']) await other.click(`[data-link=${tab}]`);
    expect([await value('[name=view]:checked'), await text(other, 'low')]).toEqual([
      'prediction',
      'surely A',
    ]);
    expect(complaints).toEqual([]);
    await other.close();
  }, 60_000);

  /** Runs the program from the page in Node. Its losses must be those on the page. */
  async function codeAgrees(page: Page, name: string): Promise<void> {
    const losses = await Promise.all(['plain-loss', 'cross-loss'].map((id) => text(page, id)));
    await page.click('#code');
    const program = join(folder, name);
    writeFileSync(program, await page.locator('#code-program').inputValue());
    const { stdout } = await promisify(execFile)(process.execPath, [program], { cwd: folder });
    const printed = [...stdout.matchAll(/test loss ([\d.]+)/g)].map(([, loss]) => Number(loss));
    expect(printed.length).toBe(2);
    // A browser and Node may round fused sums differently.
    printed.forEach((loss, i) => {
      expect(Math.abs(loss - Number(losses[i]))).toBeLessThan(0.02);
    });
  }

  test('the exported code runs in Node and reaches the same losses', async () => {
    const { page } = await newPage(1440, '#tab=toy&points=100&width=8&layers=2&both=1&seed=3');
    await reaches(page, 40);
    await pause(page);
    await codeAgrees(page, 'playground.mjs');
    expect(await violations(page)).toEqual([]);
    await page.close();
  }, 60_000);

  test('a file of the visitor is learned from, and an unsuitable one is refused with a message', async () => {
    const { page, complaints } = await newPage(390, '#tab=csv&width=16&layers=2');
    await reaches(page, 25);
    expect(await text(page, 'sentence')).toContain('on 111 unseen rows');
    await page.screenshot({ path: join(pictures, 'csv-regression-390.png'), fullPage: true });
    // Two classes that the first column separates, apart from chance. The last column has words.
    const lines = Array.from({ length: 200 }, (_, i) => {
      const a = Math.sin(i * 12.9898);
      return `${a},${Math.cos(i * 78.233)},${a + 0.8 * Math.sin(i * 4.1) > 0 ? 'yes' : 'no'}`;
    });
    const file = join(folder, 'mine.csv');
    writeFileSync(file, ['a,b,"answer, in words"', ...lines].join('\n'));
    await page.setInputFiles('#file', file);
    await page.waitForFunction(() =>
      document.getElementById('sentence')?.textContent?.includes('on 50 unseen rows'),
    );
    expect(await text(page, 'table-note')).toMatch(
      /2 columns of numbers predict “answer, in words”. \d+ rows train θ, \d+ are held out for ρ, 50 are unseen/,
    );
    await reaches(page, 25);
    // Refused while it trains: the last report of the run that pauses does not replace the reason.
    const empty = join(folder, 'empty.csv');
    writeFileSync(empty, '');
    await page.setInputFiles('#file', empty);
    await page.waitForFunction(() => document.getElementById('status')?.textContent === 'Paused.');
    expect(await text(page, 'sentence')).toContain('empty.csv has no table');
    await page.click('#play');
    await page.waitForFunction(() =>
      document.getElementById('sentence')?.textContent?.includes('on 50 unseen rows'),
    );
    await pause(page);
    expect(await violations(page)).toEqual([]);
    await page.setViewportSize({ width: 1440, height: 900 });
    await page.screenshot({ path: join(pictures, 'csv-classification-1440.png'), fullPage: true });

    await codeAgrees(page, 'csv.mjs');
    await page.keyboard.press('Escape');

    const short = join(folder, 'short.csv');
    writeFileSync(short, ['a,b', ...lines.slice(0, 9)].join('\n'));
    await page.setInputFiles('#file', short);
    await page.waitForFunction(() =>
      document.getElementById('sentence')?.textContent?.includes('at least 40'),
    );
    // There is nothing to play: the run before went on unseen.
    for (const button of ['play', 'step', 'restart']) await page.click(`#${button}`);
    expect([await text(page, 'play'), await text(page, 'sentence')]).toEqual([
      'Play',
      expect.stringContaining('at least 40'),
    ]);
    await page.click('#code');
    expect(await page.locator('#code-dialog').isVisible()).toBe(false);
    expect(complaints).toEqual([]);
    await page.close();
  }, 90_000);

  test('a file with an index, years and long names as columns, and rows of different lengths', async () => {
    const { page, complaints } = await newPage(1440, '#tab=csv&width=8&layers=1');
    await reaches(page, 1);
    const lines = Array.from({ length: 200 }, (_, i) => {
      const a = Math.sin(i * 12.9898);
      return `${i},${a},x${i},${a + Math.cos(i * 78.233)}${i % 2 ? ',7' : ''}`;
    });
    const file = join(folder, 'years.csv');
    writeFileSync(file, [',"size\n(cm)",name,2020', '0,1', ...lines].join('\n'));
    await page.setInputFiles('#file', file);
    await page.waitForFunction(() =>
      document.getElementById('sentence')?.textContent?.includes('on 50 unseen rows'),
    );
    // The last column, which is neither the index nor a word. The short row is left out.
    expect(await text(page, 'table-note')).toMatch(
      /^1 columns of numbers predict “2020”\. .* 50 are unseen; 1 with gaps are left out\.$/,
    );
    await page.selectOption('[name=target]', 'size\n(cm)');
    await reaches(page, 25);
    await pause(page);
    await codeAgrees(page, 'years.mjs');
    expect(complaints).toEqual([]);
    await page.close();
  }, 60_000);

  test.each([390, 1440])(
    'at %d pixels it learns from images, and augments them less as the ranges fall',
    async (width) => {
      const { page, complaints } = await newPage(width, '#tab=fashion&images=300&width=16&layers=2');
      await page.waitForFunction(() => document.getElementById('ranges')?.textContent !== '');
      expect(await text(page, 'ranges')).toBe(
        'shifted by up to 4.0 pixels, turned by up to 30°, scaled by up to 1.20',
      );
      const first = await mapOf(page, 'strip');
      await reaches(page, 25, 80_000);
      await pause(page);
      expect(await text(page, 'sentence')).toContain('on 500 unseen images');
      const [shift, turn] = (await text(page, 'ranges'))!.match(/[\d.]+/g)!.map(Number);
      expect(shift).toBeLessThan(3.5);
      expect(turn).toBeLessThan(26);
      expect(await mapOf(page, 'strip')).not.toBe(first);
      // Ten classes side by side: the original images, and three draws of each.
      expect(
        await page.locator('#strip').evaluate((strip) => {
          const { width, height } = strip as HTMLCanvasElement;
          return [width, height];
        }),
      ).toEqual([280, 112]);
      expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(width);
      expect(await violations(page)).toEqual([]);
      await page.screenshot({ path: join(pictures, `fashion-${width}.png`), fullPage: true });
      if (width === 1440) {
        await codeAgrees(page, 'fashion.mjs');
        await page.keyboard.press('Escape');
      }
      await page.uncheck('[name=augment]');
      expect(await page.locator('#strip').isVisible()).toBe(false);
      expect(complaints).toEqual([]);
      await page.close();
    },
    150_000,
  );

  test('the page stays responsive while large networks train', async () => {
    const { page } = await newPage(1440, '#tab=fashion&images=300&width=64&layers=5');
    await reaches(page, 1, 80_000);
    const session = await page.context().newCDPSession(page);
    await session.send('Performance.enable', { timeDomain: 'threadTicks' });
    /** Seconds of processor time of this thread, which other programs do not change. */
    const busy = async () => {
      const { metrics } = await session.send('Performance.getMetrics');
      return metrics.find(({ name }) => name === 'TaskDuration')!.value;
    };
    const before = await busy();
    const { frames, steps, seconds } = await page.evaluate(async () => {
      const step = () => Number(document.getElementById('counter')!.textContent!.replace(/\D/g, ''));
      const [began, first] = [performance.now(), step()];
      let [now, count] = [began, 0];
      while (now < began + 1000 || step() < first + 5) {
        now = await new Promise<number>(requestAnimationFrame);
        count += 1;
      }
      return { frames: count, steps: step() - first, seconds: (now - began) / 1000 };
    });
    // If this thread trained, it could draw frames between steps, but none during a step.
    expect(frames).toBeGreaterThan(1.5 * steps);
    expect((await busy()) - before).toBeLessThan(seconds / 2);
    await page.close();
  }, 120_000);

  test('its size is within the budgets in the README', () => {
    const files = readdirSync(join(folder, 'dist', 'assets'));
    const kilobytes = (pattern: RegExp) =>
      files
        .filter((file) => pattern.test(file))
        .reduce((sum, file) => sum + gzipSync(readFileSync(join(folder, 'dist', 'assets', file))).length, 0) /
      1024;
    const budgets = {
      page: [/^index-/, 40],
      worker: [/^worker-.*js$/, 250],
      wasm: [/simd.*wasm$/, 140],
    } as const;
    const readme = readFileSync(join(here, 'README.md'), 'utf8');
    for (const [name, [pattern, budget]] of Object.entries(budgets)) {
      const size = kilobytes(pattern);
      expect(size, name).toBeGreaterThan(1);
      expect(size, name).toBeLessThan(budget);
      expect(readme).toMatch(new RegExp(`\\| ${name} .*\\| ${budget} KB`));
    }
  });
});
