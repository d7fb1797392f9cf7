import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reliabilityDiagram } from '@crossreg/calibration';

const colors = ['#4c72b0', '#dd8452', '#55a868', '#c44e52', '#8172b3', '#937860'];

/** Lines over ρ steps as SVG; `log` for a logarithmic y axis. */
function lineChart({ title, x, series, log = false, width = 480, height = 300 }) {
  const scale = log ? Math.log10 : (v) => v;
  const all = series.flatMap(({ y }) => y.map(scale)).filter(Number.isFinite);
  const [low, high] = [Math.min(...all), Math.max(...all)];
  const left = 56;
  const [plotWidth, plotHeight] = [width - left - 12, height - 64];
  const px = (v) => left + (plotWidth * (v - x[0])) / (x.at(-1) - x[0] || 1);
  const py = (v) => 30 + plotHeight * (1 - (scale(v) - low) / (high - low || 1));
  const tick = (t) => {
    const value = log ? 10 ** t : t;
    return `<text x="${left - 6}" y="${py(value) + 4}" text-anchor="end">${value.toPrecision(2)}</text>
      <line x1="${left}" x2="${width - 12}" y1="${py(value)}" y2="${py(value)}" stroke="#ddd"/>`;
  };
  const lines = series.map(
    ({ name, y }, i) =>
      `<polyline fill="none" stroke="${colors[i % colors.length]}" stroke-width="2" points="${y
        .map((v, j) => `${px(x[j]).toFixed(1)},${py(v).toFixed(1)}`)
        .join(' ')}"><title>${name}</title></polyline>
      <text x="${left + 8 + 150 * i}" y="${height - 6}" fill="${colors[i % colors.length]}">${name}</text>`,
  );
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="sans-serif" font-size="11">
    <text x="${left}" y="18" font-size="14">${title}</text>
    ${[0, 1, 2, 3, 4].map((i) => tick(low + ((high - low) * i) / 4)).join('')}${lines.join('')}
    <text x="${width - 12}" y="${height - 20}" text-anchor="end">training step ${x.at(-1)}</text></svg>`;
}

/** Means over `size` consecutive numbers each, the last one over what is left. */
const blockMeans = (numbers, size) =>
  Array.from({ length: Math.ceil(numbers.length / size) }, (_, i) => {
    const block = numbers.slice(i * size, (i + 1) * size);
    return block.reduce((a, b) => a + b) / block.length;
  });

/**
 * Writes the picture of a run: training losses, σ paths, the regularization loss, reliability diagrams.
 * Returns the file's path.
 */
export function writeReport({ results, labels }) {
  const { history } = results.at(-1);
  const folder = fileURLToPath(new URL('../out/', import.meta.url));
  mkdirSync(folder, { recursive: true });
  const sigma = Object.entries(history.rho).map(([name, { value }]) => ({ name, y: value }));
  const steps = results[0].losses.length;
  const blocks = Math.ceil(steps / 30);
  const rhoPaths = [
    { title: 'σ of every layer (log scale)', series: sigma, log: true },
    { title: 'Regularization loss', series: [{ name: 'NLL of the averaged prediction', y: history.loss }] },
  ];
  const charts = [
    lineChart({
      title: 'Training loss, means of 30 steps',
      x: Array.from({ length: blocks }, (_, i) => Math.min(steps, 30 * (i + 1))),
      series: results.map(({ name, losses }) => ({ name, y: blockMeans(losses, 30) })),
      log: true,
    }),
    // A run shorter than one interval has no ρ step to draw.
    ...(history.step.length > 0 ? rhoPaths.map((chart) => lineChart({ ...chart, x: history.step })) : []),
    ...results.map(({ name, test }) => reliabilityDiagram(test.probabilities, labels, { title: name })),
  ];
  const file = `${folder}report.html`;
  writeFileSync(
    file,
    `<!doctype html><meta charset="utf-8"><title>crossreg quickstart</title>
<h1 style="font-family:sans-serif">crossreg quickstart</h1>${charts.join('\n')}`,
  );
  return file;
}
