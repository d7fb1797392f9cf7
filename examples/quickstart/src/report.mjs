import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { reliabilityDiagram } from '@crossreg/calibration';
import { figure } from '@crossreg/example-figures';

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
  const steps = results[0].losses.length;
  const ends = Array.from({ length: Math.ceil(steps / 30) }, (_, i) => Math.min(steps, 30 * (i + 1)));
  const losses = {
    title: 'Training loss, means of 30 steps',
    x: 'training step',
    y: 'NLL',
    yLog: true,
    series: results.map(({ name, losses }) => ({ name, x: ends, y: blockMeans(losses, 30) })),
  };
  const rhoPaths = [
    {
      title: 'Learned noise',
      x: 'training step',
      y: 'σ, relative to the input',
      series: Object.entries(history.rho).map(([name, { value }]) => ({ name, x: history.step, y: value })),
    },
    {
      title: 'Regularization loss, of the averaged prediction',
      x: 'training step',
      y: 'NLL',
      series: [{ x: history.step, y: history.loss }],
    },
  ];
  // A run shorter than one interval has no ρ step to draw.
  const paths = figure([losses, ...(history.step.length > 0 ? rhoPaths : [])]);
  const diagrams = results.map(({ name, test }) =>
    reliabilityDiagram(test.probabilities, labels, { title: name }),
  );
  const file = `${folder}report.html`;
  writeFileSync(
    file,
    `<!doctype html><meta charset="utf-8"><title>crossreg quickstart</title>
<body style="font-family:sans-serif"><h1>crossreg quickstart</h1>
<div>${paths}</div><div>${diagrams.join('\n')}</div>`,
  );
  return file;
}
