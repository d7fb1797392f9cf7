// Prints the tables of docs/augmentation.md as Markdown and draws its figures and contact sheets, from results/. It trains
// nothing.
import { existsSync, readFileSync } from 'node:fs';
import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { meanOf } from '@crossreg/experiment-shared/meanOf.mjs';
import { LearnableAugmentation } from '@crossreg/tfjs-augment';
import { useWasm } from '@crossreg/tfjs-wasm';
import { writeContactSheet } from './contactSheet.mjs';
import { disposeSets, fixed, law, prepare } from './data.mjs';
import { experiments } from './experiments.mjs';

const out = new URL('../../../docs/figures/augmentation/', import.meta.url);
const results = Object.fromEntries(
  Object.keys(experiments).map((name) => {
    const file = new URL(`../results/${name}.json`, import.meta.url);
    return [name, existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : []];
  }),
);
const methodsOf = (name) =>
  Object.keys(experiments[name].methods)
    .map((method) => ({ method, runs: results[name].filter((run) => run.method === method) }))
    .filter(({ runs }) => runs.length > 0);
const units = { translate: 'px', rotate: '°', shear: '°', scale: '' };

function table(title, header, rows) {
  if (rows.length === 0) return;
  console.log(`\n${title}\n`);
  for (const row of [header, header.map(() => '---'), ...rows]) console.log(`| ${row.join(' | ')} |`);
}
const rangesOf = (runs, kind) =>
  runs.flatMap(({ ranges }) => ranges?.[kind]?.toPrecision(3) ?? []).join(', ');

for (const name of [
  'starts',
  'law-upright',
  'law-everywhere',
  'grid-shear',
  'look-ahead',
  'harmful',
  'leaning',
  'fashion',
  'cifar10',
]) {
  const found = methodsOf(name);
  const kinds = Object.keys(units).filter((kind) =>
    found.some(({ runs }) => runs[0].ranges?.[kind] !== undefined),
  );
  const { seeds, steps } = experiments[name];
  table(
    `${name}: seeds ${seeds.join(', ')}, ${steps} steps`,
    ['', 'runs', 'test accuracy', 'test NLL', 'gap, NLL', ...kinds.map((kind) => `${kind} ${units[kind]}`)],
    found.map(({ method, runs }) => [
      method,
      runs.length,
      meanOf(runs.map(({ test }) => test.accuracy)),
      meanOf(runs.map(({ test }) => test.nll)),
      meanOf(runs.map(({ test, train }) => test.nll - train.nll)),
      ...kinds.map((kind) => rangesOf(runs, kind)),
    ]),
  );
}

for (const name of ['grid-upright', 'grid-everywhere']) {
  const found = methodsOf(name);
  if (found.length === 0) continue;
  const averages = Object.keys(found[0].runs[0].averaged).filter((label) =>
    found.every(({ runs }) => runs.every(({ averaged }) => averaged[label])),
  );
  averages.sort((a, b) => a.slice(1) - b.slice(1));
  const mean = (runs, pick) => meanOf(runs.map(pick));
  table(
    `${name}: test NLL by the ranges trained at (rows) and averaged over (columns), multiples of the law`,
    ['trained at', 'runs', 'the same', ...averages],
    found.map(({ method, runs }) => [
      method,
      runs.length,
      mean(runs, ({ test }) => test.nll),
      ...averages.map((label) => mean(runs, ({ averaged }) => averaged[label].nll)),
    ]),
  );
  const number = (runs, pick) => runs.reduce((sum, run) => sum + pick(run), 0) / runs.length;
  const multiple = (label) => Number(label.slice(1));
  const learned = results[name.replace('grid', 'law')].filter(({ method }) => method === 'learned');
  const marks = learned.length
    ? [
        { x: number(learned, ({ ranges }) => ranges.translate) / law.translate, name: 'px' },
        { x: number(learned, ({ ranges }) => ranges.rotate) / law.rotate, name: '°' },
      ]
    : [];
  const augmented = found.filter(({ method }) => multiple(method) > 0);
  saveFigure(out, name, [
    {
      title: 'Trained and averaged at the same ranges',
      x: 'ranges, multiples of the law (dashed: where learned ones end)',
      y: 'test NLL',
      yLog: true,
      series: [
        {
          x: augmented.map(({ method }) => multiple(method)),
          y: augmented.map(({ runs }) => number(runs, ({ test }) => test.nll)),
        },
      ],
      marks,
    },
    {
      title: 'The same networks, other averages',
      x: 'ranges averaged over',
      y: 'test NLL',
      yLog: true,
      series: augmented.map(({ method, runs }) => ({
        name: `trained at ${method}`,
        x: averages.map(multiple),
        y: averages.map((label) => number(runs, ({ averaged }) => averaged[label].nll)),
      })),
    },
  ]);
}

/** A panel with the path of one kind of range in several runs. */
const paths = (runs, kind, title) => ({
  title,
  x: 'training step',
  y: `${kind}, ${units[kind] || 'factor'}`,
  series: runs.map(({ history, label }) => ({ name: label, x: history.step, y: history.rho[kind] })),
});
const labelled = (name, label) =>
  results[name].filter(({ history }) => history).map((run) => ({ ...run, label: label(run) }));

const starts = labelled('starts', ({ method }) => method).filter(({ seed }) => seed === 11);
if (starts.length > 0) {
  saveFigure(out, 'starts', [
    paths(starts, 'translate', 'Where to start: translation, seed 11'),
    paths(starts, 'rotate', 'Rotation'),
  ]);
}
const ahead = labelled('look-ahead', ({ method, seed }) => `${method.split(',')[0]} start, ${seed}`);
if (ahead.length > 0) {
  saveFigure(out, 'look-ahead', [
    paths(ahead, 'translate', 'Looking ahead: translation (the law: 3)'),
    paths(ahead, 'rotate', 'Rotation (the law: 25)'),
    paths(ahead, 'shear', 'Shear (the law: 0)'),
  ]);
}
const harmful = labelled('harmful', ({ method, seed }) => `${method.split(',')[0]}, ${seed}`);
if (harmful.length > 0) {
  const leaning = labelled('leaning', ({ method, seed }) =>
    method === 'learned' ? `seed ${seed}` : `${method}, ${seed}`,
  );
  saveFigure(out, 'harmful', [
    paths(harmful, 'rotate', 'Sixes and nines: rotation, by seed'),
    { ...paths(leaning, 'rotate', 'Which way digits lean: rotation'), yLog: true },
    paths(leaning, 'translate', 'Which way digits lean: translation'),
  ]);
}
for (const name of ['law-upright', 'law-everywhere', 'fashion', 'cifar10']) {
  const runs = labelled(name, ({ seed }) => `seed ${seed}`);
  if (runs.length === 0) continue;
  saveFigure(
    out,
    name,
    Object.keys(runs[0].history.rho).map((kind) => paths(runs, kind, `${name}: ${kind}`)),
  );
}

await useWasm({ threads: 1 });
for (const name of ['law-upright', 'fashion', 'cifar10']) {
  const learned = results[name].filter(({ method }) => method === 'learned');
  if (learned.length === 0) continue;
  const { seed, ranges } = learned[0];
  const data = await prepare({ ...experiments[name].data, seed });
  const layer = new LearnableAugmentation(fixed(ranges));
  layer.apply(data.training.x);
  writeContactSheet(new URL(`${name}.png`, out), layer, data.training.x);
  disposeSets(data);
}
