// Draws docs/images/quickstart.svg from results/ten-seeds.json: every seed of every training as a dot. In quickstart-narrow.svg the
// panels stand below each other, for screens of phone width.
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { scaleLinear } from 'd3-scale';

const { results } = JSON.parse(readFileSync(new URL('../results/ten-seeds.json', import.meta.url), 'utf8'));
const names = results[0].trainings.map(({ name }) => name);
const panels = [
  { key: 'accuracy', title: 'Test accuracy', note: 'more is better', format: '%' },
  { key: 'nll', title: 'Test loss (NLL)', note: 'less is better', format: '.2f' },
  { key: 'ece', title: 'Calibration error', note: 'less is better', format: '.2f' },
];
const [panelWidth, rowHeight, left, top] = [230, 34, 140, 54];
const bottom = top + names.length * rowHeight;
const panelHeight = bottom + 34;

const text = (x, y, content, more = '') => `<text x="${x}" y="${y}" ${more}>${content}</text>`;
const middle = (row) => top + (row + 0.5) * rowHeight;
const labels = names.map((name, row) =>
  text(0, middle(row) + 4, name, row === names.length - 1 ? 'font-weight="600"' : 'class="faint"'),
);
function panel({ key, title, note, format }) {
  const values = results.map(({ trainings }) => trainings.map(({ test }) => test[key]));
  const x = scaleLinear([Math.min(...values.flat()), Math.max(...values.flat())], [14, panelWidth - 26]).nice(
    5,
  );
  return [
    text(14, 18, title, 'font-weight="600" font-size="14"'),
    text(14, 36, note, 'class="faint"'),
    ...x
      .ticks(4)
      .map(
        (v) =>
          `<line x1="${x(v)}" x2="${x(v)}" y1="${top}" y2="${bottom}" class="grid"/>` +
          text(x(v), bottom + 18, x.tickFormat(4, format)(v), 'text-anchor="middle" class="faint"'),
      ),
    ...names.flatMap((_, row) =>
      values.map(
        (seed) =>
          `<circle cx="${x(seed[row]).toFixed(1)}" cy="${middle(row)}" r="4.5" class="${row === names.length - 1 ? 'ours' : 'plain'}"/>`,
      ),
    ),
  ];
}

const at = (x, y, content) => `<g transform="translate(${x} ${y})">\n${content.join('\n')}\n</g>`;
const drawing = (
  width,
  height,
  content,
) => `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="Test accuracy, loss and calibration error of ${results.length} seeds" font-family="system-ui, sans-serif" font-size="12">
<style>text{fill:#1d2330}.faint{fill:#5c6470}.grid{stroke:#8a919c;stroke-opacity:.25}.plain{fill:#8a919c;fill-opacity:.75}.ours{fill:#0072b2;fill-opacity:.85}
@media (prefers-color-scheme:dark){text{fill:#e6e9ee}.faint{fill:#a0a8b4}.ours{fill:#56b4e9}}</style>
${content.join('\n')}
</svg>
`;
const wide = drawing(left + panels.length * panelWidth, panelHeight, [
  ...labels,
  ...panels.map((each, i) => at(left + i * panelWidth, 0, panel(each))),
]);
const narrow = drawing(
  left + panelWidth,
  panels.length * panelHeight,
  panels.map((each, i) => at(0, i * panelHeight, [...labels, at(left, 0, panel(each))])),
);
const folder = new URL('../../../docs/images/', import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL('quickstart.svg', folder), wide);
writeFileSync(new URL('quickstart-narrow.svg', folder), narrow);
