import { evaluate } from '@crossreg/calibration';
import { checkOptions, refuse } from '@crossreg/core/internal';
import { drawAll, type Figure, type FigureOptions, figureOptionNames } from './figures';
import { type ReportedRun, readRun } from './run';
import { parameterRows, statusMeanings, summary } from './words';

/** Options of {@link report}. */
export interface ReportOptions extends FigureOptions {
  /** The page's title. Default `'What the model learned about its regularization'`. */
  title?: string;
  /** A paragraph below the title. */
  description?: string;
}

const style = `
  :root { color-scheme: light dark; --text: #1d2330; --page: #fff; --faint: #5c6470; --line: #d9dde3; }
  @media (prefers-color-scheme: dark) { :root { --text: #e6e9ee; --page: #14171c; --faint: #a0a8b4; --line: #343a44; } }
  body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--page); color: var(--text);
    font: 1rem/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2.5rem 0 .5rem; }
  .description { font-size: 1.15rem; } p { max-width: 46rem; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
  th:first-child { text-align: left; }
  .figures { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(var(--width), 100%), 1fr)); gap: 1.5rem; }
  figure { margin: 0; max-width: 36rem; } figcaption { color: var(--faint); font-size: .9rem; }
  figure strong { display: block; } svg { width: 100%; height: auto; }`;

const escaped = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] as string);

function table(head: string[], rows: string[][]): string {
  const cells = (tag: string, values: string[], first = tag) =>
    values
      .map((value, i) =>
        i === 0 ? `<${first}>${escaped(value)}</${first}>` : `<${tag}>${escaped(value)}</${tag}>`,
      )
      .join('');
  // A table that is wider than the page scrolls, also by keyboard.
  return `<div class="scroll" tabindex="0" role="region" aria-label="${escaped(head.join(', '))}"><table>
<tr>${cells('th', head)}</tr>
${rows.map((row) => `<tr>${cells('td', row, 'th')}</tr>`).join('\n')}
</table></div>`;
}

/** Figures side by side, as many as fit beside each other at `width`. */
const grid = (figures: readonly Figure[], width: string) =>
  `<div class="figures" style="--width: ${width}">
${figures.map(({ title, svg, caption }) => `<figure><strong>${escaped(title)}</strong>${svg}<figcaption>${escaped(caption)}</figcaption></figure>`).join('\n')}
</div>`;

/**
 * One HTML page of a run, without scripts and external files. It tells what was learned in sentences and a table, and shows
 * figures of noise, augmentation, norms, loss, reliability and overhead, each with its meaning. It is readable in light and
 * dark, at any width.
 *
 * @param run - the `crossRegularization` callback after training, a trainer of `@crossreg/core`, or the history of either.
 * @throws ArgumentError for a run without a ρ step, and for options that do not exist.
 * @example
 * ```ts
 * const history = {
 *   step: [1, 2, 3],
 *   loss: [1.2, 1.1, 1],
 *   rho: { dense_noise: { value: [1, 0.9, 0.8], gradient: [0.1, 0.1, 0.1] } },
 *   skipped: 0,
 * };
 * const html = await report(history, {
 *   predictions: { test: { probabilities: [[0.9, 0.1], [0.2, 0.8]], labels: [0, 1] } },
 * });
 * ```
 */
export async function report(run: ReportedRun, options: ReportOptions = {}): Promise<string> {
  checkOptions('report', options, { ...figureOptionNames, title: 1, description: 1 });
  const {
    title = 'What the model learned about its regularization',
    description,
    predictions = {},
  } = options;
  for (const [name, text] of Object.entries({ title, description })) {
    if (text !== undefined && typeof text !== 'string')
      refuse(name, text, 'a text', 'Leave it out for none.');
  }
  const read = await readRun(run);
  const drawn = await drawAll(read, options);
  const words = [...new Set(Object.values(read.status).map(({ status }) => status))];
  const figures = Object.entries(predictions).map(([name, { probabilities, labels }]) => {
    const { accuracy, nll, brier, ece } = evaluate(probabilities, labels);
    return [name, ...[accuracy, nll, brier, ece].map((value) => value.toFixed(3))];
  });
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(title)}</title><style>${style}</style></head><body><main>
<h1>${escaped(title)}</h1>
${description ? `<p class="description">${escaped(description)}</p>` : ''}
<p>${escaped(summary(read))}</p>
<h2>While it trained</h2>
${grid(drawn.training, '22rem')}
${
  figures.length > 0
    ? `<h2>Predictions</h2>
${table(['model', 'accuracy', 'NLL', 'Brier score', 'ECE'], figures)}
<p>NLL is the loss of the predicted probabilities, and ECE how far confidence is from accuracy. All but accuracy are better when smaller.</p>
${grid(drawn.predictions, '18rem')}`
    : ''
}
<h2>Every parameter</h2>
${table(['parameter', 'kind', 'first', 'last', 'status', 'mean gradient'], parameterRows(read))}
<ul>${words.map((word) => `<li><strong>${word}</strong>: ${escaped(statusMeanings[word])}</li>`).join('')}</ul>
</main></body></html>
`;
}
