import { evaluate, type Labels, type Rows, reliabilityCurve } from '@crossreg/calibration';
import { ArgumentError } from '@crossreg/core';
import { checkOptions, show } from '@crossreg/core/internal';
import { Drawing } from './drawing';
import { lossLines, parameterLines, trainingLines } from './lines';
import type { ParameterKind } from './parameterKinds';
import { type ReportedRun, type Run, readRun } from './run';

/** Data for a figure besides the run. */
export interface FigureOptions {
  /** Predictions on test data, by the name of the model: probabilities [examples · classes] and the class of each example. */
  predictions?: Record<string, { probabilities: Rows; labels: Labels }>;
  /** The training loss of every step, by the name of the model: of the same model without crossreg, to compare. */
  losses?: Record<string, ArrayLike<number>>;
  /** Seconds that training steps and ρ steps took, as you measured them. */
  seconds?: { training: number; rho: number };
}

export const figureOptionNames: Record<keyof FigureOptions, unknown> = {
  ...{ predictions: 1, losses: 1, seconds: 1 },
};

/** One figure of a run. */
export interface Figure {
  title: string;
  /** An SVG whose text has the colour of the text around it (`currentColor`). */
  svg: string;
  /** What the figure means, in a sentence or two. */
  caption: string;
}

const parameterFigures: Record<ParameterKind, { title: string; y: string; caption: string }> = {
  noise: {
    title: 'Learned noise',
    y: 'σ, relative to the input',
    caption:
      'σ of each noisy layer. At 1 the noise is as large as the signal it is added to; at 0.03, the least there is, the layer works almost without noise.',
  },
  augmentation: {
    title: 'Learned augmentation',
    y: 'range, as a share of its first value',
    caption:
      'How far images are moved, turned or recoloured in training. A falling line says that the held-out images ask for less.',
  },
  norm: {
    title: 'Learned norms',
    y: 'level, as a share of its first value',
    caption:
      'How large the weights may be. A rising line gives the model more freedom; a falling one takes it away.',
  },
};

/** A positive axis that spans more than a factor of three is logarithmic. */
function wantsLog(values: number[]): boolean {
  const least = Math.min(...values);
  return least > 0 && Math.max(...values) > 3 * least;
}

function checkPredictions(predictions: FigureOptions['predictions']): void {
  for (const [name, one] of Object.entries(predictions ?? {})) {
    if (one?.probabilities && one.labels) continue;
    throw new ArgumentError(
      'predictions',
      `must be { name: { probabilities, labels } }, but ${name} is ${show(one)}. Give what evaluate of @crossreg/calibration takes.`,
    );
  }
}

function checkLosses(losses: FigureOptions['losses'] = {}): void {
  // Of a list, the numbers would count as models without losses; and what is no number would be left out like a gap.
  const isNumber = (value: unknown) => typeof value === 'number' || value === null;
  const odd = Object.entries(losses ?? { losses }).find(
    ([, one]) => !(Array.isArray(one) ? one.every(isNumber) : ArrayBuffer.isView(one)),
  );
  if (!odd) return;
  throw new ArgumentError(
    'losses',
    `must be { name: [loss of every step] }, but ${odd[0]} is ${show(odd[1])}. Write { 'my model': losses }.`,
  );
}

function checkSeconds(seconds: FigureOptions['seconds']): void {
  if (seconds === undefined) return;
  if (seconds?.training > 0 && seconds.rho >= 0 && Number.isFinite(seconds.training + seconds.rho)) return;
  throw new ArgumentError(
    'seconds',
    `must be { training, rho }, with training above 0 and rho at least 0, but is ${show(seconds)}. Leave it out if you did not measure it.`,
  );
}

/** Draws every figure that the data allow. */
export async function drawAll(
  run: Run,
  options: FigureOptions,
): Promise<{ training: Figure[]; predictions: Figure[] }> {
  const { predictions = {}, losses, seconds } = options;
  checkPredictions(options.predictions);
  checkLosses(losses);
  checkSeconds(seconds);
  const drawing = await Drawing.start();
  const training: Figure[] = [];
  for (const kind of ['noise', 'augmentation', 'norm'] as const) {
    const lines = parameterLines(run, kind);
    if (lines.every(({ points }) => points.length === 0)) continue;
    const { title, y, caption } = parameterFigures[kind];
    const log = wantsLog(lines.flatMap(({ points }) => points.map(([, value]) => value)));
    training.push({ title, caption, svg: drawing.lines(lines, { y, log, label: title }) });
  }
  const { dots, line } = lossLines(run);
  if (line.points.length > 0) {
    const title = 'Regularization loss';
    training.push({
      title,
      svg: drawing.lines([line], { y: 'loss', dots, label: title }),
      caption:
        'The loss that ρ descends: of the averaged prediction, on a batch of the regularization set at each step (dots) and in the mean (line).',
    });
  }
  const trained = trainingLines(losses ?? {});
  if (trained.length > 0) {
    const title = 'Training loss';
    const log = wantsLog(trained.flatMap(({ points }) => points.map(([, value]) => value)));
    training.push({
      title,
      svg: drawing.lines(trained, { y: 'loss', log, label: title }),
      caption:
        'Means over consecutive steps. A loss near zero says that a network has memorized its training data; noise and augmentation keep it higher.',
    });
  }
  if (seconds) {
    const total = seconds.training + seconds.rho;
    const title = 'Overhead';
    training.push({
      title,
      svg: drawing.shares(
        [
          { name: 'training steps', share: seconds.training / total },
          { name: 'ρ steps', share: seconds.rho / total },
        ],
        title,
      ),
      caption: `ρ steps took ${seconds.rho.toFixed(1)} s next to ${seconds.training.toFixed(1)} s of training: ${((100 * seconds.rho) / seconds.training).toFixed(0)} % more time than without them.`,
    });
  }
  const reliability = Object.entries(predictions).map(([name, { probabilities, labels }]) => ({
    title: `Reliability: ${name}`,
    svg: drawing.reliability(reliabilityCurve(probabilities, labels), 'reliability diagram'),
    caption: `Each bar is the accuracy of the predictions with that confidence; orange is the gap to the diagonal, on which a model is right as often as it says. Expected calibration error ${evaluate(probabilities, labels).ece.toFixed(3)}.`,
  }));
  return { training, predictions: reliability };
}

/**
 * The figures of a run, each an SVG with a title and its meaning: for a page, a notebook or a paper. {@link report} puts them
 * on one page.
 *
 * @param run - the `crossRegularization` callback after training, a trainer of `@crossreg/core`, or the history of either.
 * @returns the paths of noise, augmentation ranges and norm levels, if there are any; the regularization loss; and the figures
 *   for which `options` have data.
 * @throws ArgumentError for a run without a ρ step, and for options that do not exist.
 * @example
 * ```ts
 * const history = {
 *   step: [1, 2, 3],
 *   loss: [1.2, 1.1, 1],
 *   rho: { dense_noise: { value: [1, 0.9, 0.8], gradient: [0.1, 0.1, 0.1] } },
 *   skipped: 0,
 * };
 * const [noise, loss] = await figures(history);
 * noise.svg; // '<svg …>'
 * ```
 */
export async function figures(run: ReportedRun, options: FigureOptions = {}): Promise<Figure[]> {
  checkOptions('figures', options, figureOptionNames);
  const drawn = await drawAll(await readRun(run), options);
  return [...drawn.training, ...drawn.predictions].map((one) => ({ ...one, svg: alone(one.svg) }));
}

/** An SVG that also stands alone as a file: dark text on light, light text where the reader prefers dark. */
const alone = (svg: string) =>
  svg.replace(
    '<style>',
    '<style>:root{color:#1d2330}@media (prefers-color-scheme:dark){:root{color:#e6e9ee}}',
  );
