import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reliabilityDiagram } from '@crossreg/calibration';
import { lineChart } from './lineChart.mjs';

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
  const xLabel = 'training step';
  const steps = results[0].losses.length;
  const ends = Array.from({ length: Math.ceil(steps / 30) }, (_, i) => Math.min(steps, 30 * (i + 1)));
  const charts = [
    lineChart({
      title: 'Training loss, means of 30 steps',
      xLabel,
      yLabel: 'NLL',
      logarithmic: true,
      series: results.map(({ name, losses }) => ({ name, x: ends, y: blockMeans(losses, 30) })),
    }),
  ];
  // A run shorter than one interval has no ρ step to draw.
  if (history.step.length > 0) {
    charts.push(
      lineChart({
        title: 'Learned noise',
        xLabel,
        yLabel: 'σ, relative to the input',
        series: Object.entries(history.rho).map(([name, { value }]) => ({ name, x: history.step, y: value })),
      }),
      lineChart({
        title: 'Regularization loss, of the averaged prediction',
        xLabel,
        yLabel: 'NLL',
        series: [{ name: '', x: history.step, y: history.loss }],
      }),
    );
  }
  const diagrams = results.map(({ name, test }) =>
    reliabilityDiagram(test.probabilities, labels, { title: name }),
  );
  const file = `${folder}report.html`;
  writeFileSync(
    file,
    `<!doctype html><meta charset="utf-8"><title>crossreg quickstart</title>
<body style="font-family:sans-serif"><h1>crossreg quickstart</h1>
<div>${charts.join('\n')}</div><div>${diagrams.join('\n')}</div>`,
  );
  return file;
}
