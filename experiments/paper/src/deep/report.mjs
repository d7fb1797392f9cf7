import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { saveFigure } from '@crossreg/experiment-shared/figure.mjs';
import { meanOf } from '@crossreg/experiment-shared/meanOf.mjs';
import { tablesOfFolds } from '../folds/tables.mjs';
import { harmTable } from '../harm/table.mjs';
import { markdown as markdownOf } from '../markdown.mjs';
import { mean } from '../numbers.mjs';
import { profiles } from './profiles.mjs';
import { wholeResults } from './resultStore.mjs';

/** A table of the rows that are defined. */
const markdown = (head, rows) =>
  markdownOf(
    head,
    rows.filter((row) => row !== undefined),
  );

const docs = new URL('../../../../docs/', import.meta.url);
const figures = new URL('figures/', docs);

/** `mean ± standard error`, or a dash if there are no numbers. */
const plusMinus = (values) => (values.length === 0 ? '–' : meanOf(values));
/** The expected ECE of a perfectly calibrated network with the confidences of these bins: the mean of |N(0, n c (1 − c))|. */
const eceOfPerfect = (bins) =>
  bins.reduce((sum, { count, confidence: c }) => sum + Math.sqrt((2 / Math.PI) * count * c * (1 - c)), 0) /
  bins.reduce((sum, { count }) => sum + count, 0);
/** σ of a layer in a result, or of its first channel if each channel has one. */
const sigmaOf = (value) => [value].flat()[0];
/** The layer that a noise layer belongs to. */
const layerOf = (noise) => noise.replace(/_(relu|gelu)?_?noise$/, '');
/** The existing results of a run, by seed. */
const runsOf = (results, name, seeds) =>
  seeds
    .map((seed) => `${name}-${seed}`)
    .filter(results.has)
    .map(results.read);

/**
 * Tables and figures of the networks, from the results of a profile.
 *
 * @returns tables in Markdown, by their names in the document.
 */
export function tablesOf(results, profile) {
  const of = (name, seeds = profile.seeds) => runsOf(results, name, seeds);
  const plainSteps = profile.steps;
  /**
   * A row with the four metrics, or undefined for a run without a result. `pick` finds them in a result, and `experiment`
   * contains the run.
   */
  const row = (
    title,
    name,
    experiment,
    { pick = ({ test }) => test, cost = ({ stepEquivalents }) => stepEquivalents, gap = true, seeds } = {},
  ) => {
    const runs = of(name, seeds);
    if (runs.length === 0) return undefined;
    const tests = runs.map(pick);
    return [
      title,
      plusMinus(tests.map(({ accuracy }) => accuracy)),
      plusMinus(tests.map(({ nll }) => nll)),
      plusMinus(tests.map(({ ece }) => ece)),
      gap && runs.every(({ train }) => train)
        ? plusMinus(runs.map(({ train }, i) => train.accuracy - tests[i].accuracy))
        : '–',
      (mean(runs.map(cost)) / plainSteps).toFixed(2),
      `\`${experiment} --only ${name}\``,
    ];
  };
  const head = ['', 'test accuracy', 'test NLL', 'test ECE', 'accuracy gap', 'cost', '`npm run paper --` …'];
  const setting = (name) => of(name)[0]?.run.setting;
  const grid = (count) => ({ cost: (r) => r.stepEquivalents * count });
  const sigma = (run) =>
    Object.entries(run.sigma)
      .map(([layer, value]) => `${layerOf(layer)} ${sigmaOf(value).toFixed(2)}`)
      .join(', ');
  /**
   * σ of every layer at the end of runs, what the monitor said, and how much the NLL changes with another σ. Where the loss is
   * flat, σ may end anywhere.
   */
  const flatness = (runs) => {
    const flat = runs.filter((run) => run.flatness);
    const each = (pick) => flat.map(pick).join(', ');
    const signed = ({ mean: change }) => `${change < 0 ? '−' : '+'}${Math.abs(change).toFixed(3)}`;
    return markdown(
      ['', 'σ at the end', 'NLL with σ / 1.5', 'NLL with 1.5 σ', 'its standard error', 'monitor'],
      Object.keys(flat[0]?.flatness ?? {}).map((layer) => [
        layerOf(layer),
        each((run) => sigmaOf(run.sigma[layer]).toFixed(2)),
        each((run) => signed(run.flatness[layer].divided)),
        each((run) => signed(run.flatness[layer].multiplied)),
        Math.max(...flat.map((run) => run.flatness[layer].multiplied.error)).toFixed(3),
        each((run) => run.status[layer]),
      ]),
    );
  };
  const sigmaRows = (name) => of(name).map((run) => [`seed ${run.run.seed}`, sigma(run)]);

  const noise = markdown(head, [
    row('no regularization', 'plain', 'noise'),
    row('… trained on the held-out images too', 'plain-all', 'noise'),
    row('… stopped at the lowest held-out NLL', 'plain', 'noise', {
      pick: ({ earlyStopping }) => earlyStopping.test,
      gap: false,
    }),
    row('fixed noise, σ = 1 in the last five layers', 'fixed-noise', 'noise'),
    row(`dropout ${setting('dropout')}, best of three`, 'dropout', 'noise', grid(3)),
    row(`AdamW, decay ${setting('decay')}, best of three`, 'decay', 'noise', grid(3)),
    row(`population-based training, ${profile.population} models`, 'population', 'noise'),
    row('**cross-regularized**', 'cross', 'noise'),
  ]);
  const calibration = markdown(head, [
    row('uncalibrated', 'plain', 'noise'),
    row('temperature scaling', 'plain', 'noise', {
      pick: ({ temperatureScaling }) => temperatureScaling.test,
      gap: false,
    }),
    row('vector scaling', 'plain', 'noise', {
      pick: ({ vectorScaling }) => vectorScaling.test,
      gap: false,
    }),
    row('fixed noise', 'fixed-noise', 'noise'),
    row('ensemble of five', 'ensemble', 'calibration', {
      gap: false,
      cost: () => 5 * plainSteps,
    }),
    row('**cross-regularized**', 'cross', 'noise'),
    [
      'perfectly calibrated, as confident',
      ...['–', '–', plusMinus(of('cross').map(({ test }) => eceOfPerfect(test.bins))), '–', '–', '`report`'],
    ],
  ]);
  const residual = markdown(head, [
    row('VGG-like, no regularization', 'plain', 'noise'),
    row('VGG-like, cross-regularized', 'cross', 'noise'),
    row('residual, no regularization', 'residual-plain', 'profile'),
    row('residual, cross-regularized', 'residual', 'profile'),
  ]);
  const residualSigma = markdown(
    ['', 'σ at the end'],
    [
      ...sigmaRows('cross').map(([seed, text]) => [`VGG-like, ${seed}`, text]),
      ...sigmaRows('residual').map(([seed, text]) => [`residual, ${seed}`, text]),
    ],
  );
  const longerSigma = markdown(['', 'σ at the end'], sigmaRows('longer'));
  const held = markdown(head, [
    ...[...profile.heldSizes, profile.held].map((size) =>
      row(
        `${size} images held out, ${((100 * size) / profile.images).toPrecision(2)} %`,
        size === profile.held ? 'cross' : `held-${size}`,
        size === profile.held ? 'noise' : 'held',
      ),
    ),
    row('no regularization, all images', 'plain-all', 'noise'),
  ]);
  const samples = markdown(head, [
    row('K = 1', 'cross-samples-1', 'samples'),
    row('K = 2', 'cross-samples-2', 'samples'),
    row('K = 4, the default', 'cross', 'noise'),
    row('K = 16', 'cross-samples-16', 'samples'),
  ]);
  const lengths = markdown(head, [
    ...[
      ['cross', 1, 'noise'],
      ['longer', 2, 'longer'],
      ['longest', 8, 'longest'],
    ].map(([name, times, experiment]) =>
      row(`cross-regularized, ${(plainSteps * times).toLocaleString('en')} steps`, name, experiment),
    ),
    ...[
      ['no regularization', 'plain'],
      ['population-based training', 'population'],
    ].flatMap(([title, name]) => [
      row(`${title}, ${plainSteps.toLocaleString('en')} steps`, name, 'noise'),
      row(`${title}, ${(2 * plainSteps).toLocaleString('en')} steps`, `longer-${name}`, 'longer'),
    ]),
  ]);
  const estimator = markdown(
    head,
    [
      ['average', 1, 'average', 'estimator'],
      ['debiased', 1, 'cross', 'noise'],
      ['average', 2, 'longer-average', 'estimator'],
      ['debiased', 2, 'longer', 'longer'],
    ].map(([kind, times, name, experiment]) =>
      row(`\`'${kind}'\`, ${(plainSteps * times).toLocaleString('en')} steps`, name, experiment),
    ),
  );
  const starts = [
    ['0.1', 'start-0.1', 'longest-start-0.1'],
    ['0.15, the default', 'longer', 'longest'],
    ['0.3', 'start-0.3', 'longest-start-0.3'],
    ['1', 'start-1', 'longest-start-1'],
    ['3', 'start-3', 'longest-start-3'],
  ];
  const startsOfSigma = markdown(
    ['σ at the start', ...head.slice(1)],
    starts.map(([title, name]) => row(title, name, name === 'longer' ? 'longer' : 'starts')),
  );
  const startsLongest = markdown(
    ['σ at the start', 'test accuracy', 'test NLL', 'test ECE', 'σ at the end'],
    starts.flatMap(([title, , name]) =>
      of(name, [1]).map((run) => [
        title,
        ...[run.test.accuracy, run.test.nll, run.test.ece].map((value) => value.toFixed(3)),
        sigma(run),
      ]),
    ),
  );
  const channels = markdown(head, [
    row('one σ a layer', 'cross', 'noise'),
    row('one σ a channel', 'channels', 'channels'),
  ]);
  const one = { seeds: [1] };
  const schedules = markdown(head, [
    row('no regularization', 'plain', 'noise', one),
    row('no regularization, cosine', 'plain-cosine', 'schedules', one),
    row('cross-regularized', 'cross', 'noise', one),
    row('… cosine', 'cross-cosine', 'schedules', one),
    row('… AdamW, decay 0.5', 'cross-decay', 'schedules', one),
    row('… AdamW and cosine', 'cross-decay-cosine', 'schedules', one),
  ]);
  const transformer = markdown(head, [
    row('no regularization', 'transformer-plain', 'transformer', one),
    row('… stopped at the lowest held-out NLL', 'transformer-plain', 'transformer', {
      ...one,
      pick: ({ earlyStopping }) => earlyStopping.test,
      gap: false,
    }),
    row('cross-regularized', 'transformer', 'transformer', one),
  ]);
  const multiplicative = markdown(head, [
    row('additive noise', 'cross', 'noise', one),
    row('multiplicative noise', 'multiplicative', 'multiplicative', one),
  ]);
  /** σ at the end of every stage. A run of as many steps on data that do not grow shows the effect of the steps alone. */
  const stageRow =
    (title) =>
    ({ run, course: curve }) => [
      `${title}, seed ${run.seed}`,
      ...profile.growing.map((_, i) => {
        const at = curve[((i + 1) * curve.length) / profile.growing.length - 1];
        return Object.values(at.sigma)
          .map((value) => value.toFixed(2))
          .join(', ');
      }),
    ];
  const growing = markdown(
    ['training images', ...profile.growing.map(String)],
    [
      ...of('growing').map(stageRow('σ of the five layers')),
      ...of('longer').map(stageRow(`always ${profile.images - profile.held} images`)),
    ],
  );
  return {
    noise,
    calibration,
    residual,
    'residual-sigma': residualSigma,
    held,
    samples,
    'longer-sigma': longerSigma,
    lengths,
    estimator,
    flatness: flatness(of('cross')),
    starts: startsOfSigma,
    'starts-longest': startsLongest,
    'starts-longest-flatness': flatness(starts.flatMap(([, , name]) => of(name, [1]))),
    channels,
    schedules,
    transformer,
    multiplicative,
    growing,
  };
}

/** The mean over runs of an entry of their curves (`course` in result files), against the step. */
function meanCurve(runs, pick) {
  return {
    x: runs[0].course.map(({ step }) => step),
    y: runs[0].course.map((_, i) => mean(runs.map(({ course }) => pick(course[i])))),
  };
}

/** Draws the figures of a profile's results into docs/figures. */
export function draw(results, profile) {
  const of = (name) => runsOf(results, name, profile.seeds);
  const methods = [
    ['plain', 'no regularization'],
    ['fixed-noise', 'fixed noise'],
    ['dropout', 'dropout'],
    ['cross', 'cross-regularized'],
  ].filter(([name]) => of(name).length > 0);
  const sigmaPanel = (title, runs) => ({
    title,
    x: 'training step',
    y: 'σ',
    yLog: true,
    series: Object.keys(runs[0].course[0].sigma).map((layer) => ({
      name: layerOf(layer),
      ...meanCurve(runs, ({ sigma }) => sigmaOf(sigma[layer])),
    })),
  });
  if (of('cross').length === 0) return;
  saveFigure(figures, 'noise', [
    ...['nll', 'accuracy'].map((figure) => ({
      title: `Test ${figure === 'nll' ? 'NLL' : figure} while training`,
      x: 'training step',
      y: figure === 'nll' ? 'NLL' : figure,
      series: methods.map(([name, title]) => ({
        name: title,
        ...meanCurve(of(name), ({ test }) => test[figure]),
      })),
    })),
    sigmaPanel('σ of every layer', of('cross')),
  ]);
  const diagonal = { name: 'perfect', dashed: true, color: '#999', x: [0, 1], y: [0, 1] };
  const reliability = (title, bins) => ({
    name: title,
    x: bins.filter(({ count }) => count > 0).map(({ confidence }) => confidence),
    y: bins.filter(({ count }) => count > 0).map(({ accuracy }) => accuracy),
  });
  if (of('plain').length > 0) {
    saveFigure(figures, 'calibration', [
      {
        title: 'Reliability, seed 1',
        x: 'confidence',
        y: 'accuracy',
        series: [
          diagonal,
          reliability('uncalibrated', of('plain')[0].test.bins),
          reliability('temperature', of('plain')[0].temperatureScaling.test.bins),
          ...of('ensemble')
            .slice(0, 1)
            .map(({ test }) => reliability('ensemble of 5', test.bins)),
          reliability('cross-regularized', of('cross')[0].test.bins),
        ],
      },
    ]);
  }
}

/** Draws the runs on all images into docs/figures. */
export function drawLargest(results, profile) {
  const of = (name) => runsOf(results, name, profile.seeds);
  /** conv3_2 is in block 3. */
  const blockOf = (layer) => layerOf(layer).replace(/^conv(\d+)_.*/, 'block $1');
  const layers = Object.keys(of('cross')[0].course[0].sigma);
  const blocks = [...new Set(layers.map(blockOf))];
  const curves = (name, title, pick) =>
    of(name).length > 0 ? [{ name: title, ...meanCurve(of(name), pick) }] : [];
  saveFigure(figures, 'full', [
    {
      title: 'Loss while training',
      x: 'training step',
      y: 'NLL',
      series: [
        ...curves('plain', 'plain, test', ({ test }) => test.nll),
        ...curves('cross', 'cross-regularized, test', ({ test }) => test.nll),
        ...curves('cross', 'cross-regularized, training', ({ loss }) => loss),
      ],
    },
    {
      // Fourteen layers are too many lines to tell apart.
      title: 'Highest σ of each block',
      x: 'training step',
      y: 'σ',
      yLog: true,
      series: blocks.map((block) => ({
        name: block,
        ...meanCurve(of('cross'), ({ sigma }) =>
          Math.max(
            ...layers.filter((layer) => blockOf(layer) === block).map((layer) => sigmaOf(sigma[layer])),
          ),
        ),
      })),
    },
  ]);
}

/** Writes tables into a document, each between `<!-- table NAME -->` and `<!-- end -->`. */
export function fill(text, tables) {
  return text.replace(/(<!-- table (\S+) -->\n)[\s\S]*?(<!-- end -->)/g, (whole, start, name, end) =>
    name in tables ? `${start}\n${tables[name]}\n\n${end}` : whole,
  );
}

/** Tables with a prefix added to their names. */
const prefixed = (prefix, tables) =>
  Object.fromEntries(Object.entries(tables).map(([name, table]) => [`${prefix}-${name}`, table]));

/**
 * All tables of docs/results.md that are generated from results.
 *
 * @param resultsOf - returns the results in a folder: `small`, or `full`, whose tables have names that begin with `full-`.
 */
export const allTables = (resultsOf) => ({
  ...tablesOf(resultsOf('small'), profiles.small),
  ...prefixed('full', tablesOf(resultsOf('full'), profiles.full)),
  ...tablesOfFolds(wholeResults.read('folds')),
  harm: harmTable(wholeResults.read('harm')),
});

/** Generates the figures, and the tables of networks, folds and small problems in docs/results.md. */
export function report(resultsOf) {
  const path = fileURLToPath(new URL('results.md', docs));
  writeFileSync(path, fill(readFileSync(path, 'utf8'), allTables(resultsOf)));
  draw(resultsOf('small'), profiles.small);
  drawLargest(resultsOf('full'), profiles.full);
  console.log(`tables: ${path}`);
}
