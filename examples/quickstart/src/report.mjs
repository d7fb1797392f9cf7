import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reliabilityDiagram } from '@crossreg/calibration';
import { lineChart } from './lineChart.mjs';
import { table } from './summary.mjs';

/** Means over `size` consecutive numbers each, the last one over what is left. */
const blockMeans = (numbers, size) =>
  Array.from({ length: Math.ceil(numbers.length / size) }, (_, i) => {
    const block = numbers.slice(i * size, (i + 1) * size);
    return block.reduce((a, b) => a + b) / block.length;
  });

const style = `
  :root { color-scheme: light dark; --text: #1d2330; --page: #fff; --faint: #5c6470; --line: #d9dde3; }
  @media (prefers-color-scheme: dark) { :root { --text: #e6e9ee; --page: #14171c; --faint: #a0a8b4; --line: #343a44; } }
  body { margin: 0 auto; max-width: 72rem; padding: 1.5rem; background: var(--page); color: var(--text);
    font: 1rem/1.5 system-ui, sans-serif; }
  h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2.5rem; }
  .headline { font-size: 1.15rem; max-width: 44rem; }
  .scroll { overflow-x: auto; }
  table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
  th, td { padding: .3rem .8rem; text-align: right; border-bottom: 1px solid var(--line); white-space: nowrap; }
  th:first-child { text-align: left; }
  tr:last-child { font-weight: 600; }
  .row { display: grid; grid-template-columns: repeat(auto-fit, minmax(min(var(--width), 100%), 1fr)); gap: 1.5rem; }
  figure { margin: 0; } figcaption { color: var(--faint); font-size: .9rem; }
  svg { width: 100%; height: auto; } .card svg { border-radius: 6px; }`;

const picture = (svg, caption, kind = '') =>
  `<figure class="${kind}">${svg}<figcaption>${caption}</figcaption></figure>`;

function tableOf(run) {
  const rows = Object.entries(table([run]));
  const cells = (tag, values) => values.map((value) => `<${tag}>${value}</${tag}>`).join('');
  return `<div class="scroll"><table>
<tr>${cells('th', ['', ...Object.keys(rows[0][1])])}</tr>
${rows.map(([name, row]) => `<tr><th>${name}</th>${cells('td', Object.values(row))}</tr>`).join('\n')}
</table></div>`;
}

/** What each learned parameter did over training; `kind` is its path as a share of where it started. */
function learningCharts({ history, ranges }) {
  // A run shorter than one interval has no ρ step to draw.
  if (history.step.length === 0) return [];
  const kinds = new Set(ranges.map(([kind]) => kind));
  const paths = Object.entries(history.rho).map(([name, { value }]) => {
    const kind = name.split('/').at(-1);
    return { name: kinds.has(kind) ? kind : name, isRange: kinds.has(kind), value };
  });
  const series = (isRange, shown) =>
    paths
      .filter((path) => path.isRange === isRange)
      .map(({ name, value }) => ({ name, x: history.step, y: shown(value) }));
  const chart = (title, yLabel, lines) =>
    lineChart({ title, xLabel: 'training step', yLabel, series: lines });
  return [
    picture(
      chart(
        'Learned noise',
        'σ, relative to the input',
        series(false, (value) => value),
      ),
      'σ of each noisy layer. At 1 the noise is as large as what it is added to; near 0 the layer works without noise.',
    ),
    picture(
      chart(
        'Learned augmentation',
        'range, as a share of its start',
        series(true, (value) => value.map((v) => v / value[0])),
      ),
      'How far images are moved, turned and scaled while the network trains. A falling line says that the held-out images ask for less.',
    ),
    picture(
      chart('Regularization loss', 'NLL', [{ name: 'held-out images', x: history.step, y: history.loss }]),
      'The loss that σ and the ranges descend: of the averaged prediction, on a batch of held-out images for each step.',
    ),
  ];
}

/**
 * Writes what happened in one run of all trainings: the headline, the figures, and how they came about.
 *
 * @returns the file's path.
 */
export function writeReport(run, headline) {
  const { results, labels } = run;
  const steps = results[0].losses.length;
  const ends = Array.from({ length: Math.ceil(steps / 30) }, (_, i) => Math.min(steps, 30 * (i + 1)));
  const losses = lineChart({
    title: 'Training loss, means of 30 steps',
    xLabel: 'training step',
    yLabel: 'NLL',
    logarithmic: true,
    series: results.map(({ name, losses }) => ({ name, x: ends, y: blockMeans(losses, 30) })),
  });
  const diagrams = results.map(({ name, test }) =>
    picture(reliabilityDiagram(test.probabilities, labels, { title: name }), '', 'card'),
  );
  const folder = fileURLToPath(new URL('../out/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const file = `${folder}report.html`;
  writeFileSync(
    file,
    `<!doctype html><html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>crossreg quickstart</title><style>${style}</style>
<h1>The same network, plain and cross-regularized</h1>
<p class="headline">${headline}</p>
${tableOf(run)}
<p>NLL is the loss on test images and ECE how far confidence is from accuracy; both are better when smaller. The last column is the
share of time that ρ steps took.</p>
<h2>While it trained</h2>
<div class="row" style="--width: 26rem">${[
      picture(
        losses,
        'A plain network soon knows its training images by heart: its loss falls towards zero and teaches it nothing more.',
      ),
      ...learningCharts(results.at(-1)),
    ].join('\n')}</div>
<h2>Can its confidence be trusted?</h2>
<p>Each bar is the accuracy of the predictions with that confidence. On the diagonal, a network that is 80 % sure is right 80 % of the
time; red is what it is too sure of, or not sure enough.</p>
<div class="row" style="--width: 18rem">${diagrams.join('\n')}</div></html>
`,
  );
  return file;
}
