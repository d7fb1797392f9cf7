// Measures the page as it is deployed: `npm run playground -- measure`.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { chromiumPath, noChromium } from '../../../scripts/findChromium.mjs';
import { openPage } from './buildPage.mjs';

const PAGES = 5;
const SECONDS = 5;

if (!chromiumPath) throw new Error(noChromium);
const folder = mkdtempSync(join(tmpdir(), 'playground-'));
const { url, browser, close } = await openPage({ outDir: folder, chromiumPath });
const measured = [];
for (let i = 0; i < PAGES; i++) {
  // One context per page, so that no page finds files in a cache.
  const context = await browser.newContext({ viewport: { width: 1440, height: 900 } });
  const page = await context.newPage();
  await page.goto(url);
  await page.waitForFunction(() => performance.getEntriesByName('first picture').length > 0);
  const session = await context.newCDPSession(page);
  await session.send('Performance.enable', { timeDomain: 'threadTicks' });
  /** Seconds of processor time of the page's thread. The worker has another thread. */
  const busy = async () => {
    const { metrics } = await session.send('Performance.getMetrics');
    return metrics.find(({ name }) => name === 'TaskDuration').value;
  };
  const before = await busy();
  const { frames, ...times } = await page.evaluate(async (seconds) => {
    const step = () => Number(document.getElementById('counter').textContent.replace(/\D/g, ''));
    const [began, from] = [performance.now(), step()];
    let [frames, longest, before] = [0, 0, began];
    while (before < began + 1000 * seconds) {
      const now = await new Promise(requestAnimationFrame);
      frames += 1;
      longest = Math.max(longest, now - before);
      before = now;
    }
    const elapsed = (before - began) / 1000;
    return {
      'points (ms)': performance.getEntriesByName('first-contentful-paint')[0].startTime,
      'networks (ms)': performance.getEntriesByName('first picture')[0].startTime,
      'frames / s': frames / elapsed,
      'longest frame (ms)': longest,
      'steps / s': (step() - from) / elapsed,
      frames,
    };
  }, SECONDS);
  const computed = (await busy()) - before;
  measured.push({
    ...times,
    'page busy (%)': (100 * computed) / SECONDS,
    'page busy per frame (ms)': (1000 * computed) / frames,
  });
  await context.close();
}
await close();
rmSync(folder, { recursive: true });
const median = (numbers) => numbers.sort((a, b) => a - b)[numbers.length >> 1];
console.log(
  `Medians of ${PAGES} fresh pages, ${SECONDS} s of training each, in Chromium ${browser.version()}:`,
);
console.table(
  Object.fromEntries(
    Object.keys(measured[0]).map((name) => [
      name,
      Number(median(measured.map((one) => one[name])).toPrecision(3)),
    ]),
  ),
);
