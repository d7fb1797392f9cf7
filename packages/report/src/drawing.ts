import type * as Plots from '@observablehq/plot';
import type { Line } from './lines';

/** Width and height of a figure in its own units; a page scales it to fit. */
const [WIDTH, HEIGHT] = [440, 300];
const LEGEND_ROW = 16;
/** The width in which names stand in a legend, what its mark takes of it, and the mean width of a letter. */
const [LEGEND_WIDTH, LEGEND_MARK, LETTER] = [405, 20, 6.2];

/**
 * Up to five colours of Okabe and Ito, which colour-blind readers can tell apart, readable on white and on black. More lines
 * than that are layers in order, and get hues in order: blue for the first, red for the last.
 */
const categorical = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#9a7d0a'];
export const colorsOf = (count: number): string[] =>
  count <= categorical.length
    ? categorical.slice(0, count)
    : Array.from({ length: count }, (_, i) => `hsl(${Math.round(220 + (140 * i) / (count - 1))} 65% 55%)`);

interface Share {
  name: string;
  share: number;
}

/** 1, 2 and 5 times powers of ten between two positive numbers; powers of ten alone if those are enough. */
function logTicks(least: number, most: number): number[] {
  const powers = Array.from(
    { length: Math.ceil(Math.log10(most / least)) + 2 },
    (_, i) => 10 ** (Math.floor(Math.log10(least)) + i),
  );
  const within = (ticks: number[]) => ticks.filter((tick) => tick >= least * 0.999 && tick <= most * 1.001);
  const few = within(powers);
  return few.length > 3 ? few : within(powers.flatMap((power) => [power, 2 * power, 5 * power]));
}

/** The letters that fit in one of `columns` of a legend. */
const lettersIn = (columns: number) => Math.floor((LEGEND_WIDTH / columns - LEGEND_MARK) / LETTER);

/** A name that is too long for one column, without its middle. Names of layers often differ at their ends. */
export function shortened(name: string, length = lettersIn(1)): string {
  const half = (length - 1) / 2;
  return name.length > length ? `${name.slice(0, Math.ceil(half))}…${name.slice(-Math.floor(half))}` : name;
}

/** The least and the greatest of some numbers, and the greatest magnitude. */
function extent(values: readonly number[]) {
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return { least, most, largest: Math.max(Math.abs(least), Math.abs(most)) };
}

/**
 * Ends of an axis for numbers that are the same or nearly so; undefined for others. Otherwise their axis would have no scale, or
 * labels with more digits than the margin is wide.
 */
function around(values: readonly number[]): [number, number] | undefined {
  const { least, most, largest } = extent(values);
  if (values.length === 0 || most - least > 5e-4 * largest) return undefined;
  const room = largest / 20 || 1;
  return [least - room, most + room];
}

/** Whether a number is too long for a margin in plain notation. */
const isLong = (size: number) => size >= 1e5 || size < 1e-3;

/** Labels such as 4e10 for numbers that are too long; undefined if they all fit. */
function scientific(values: readonly number[]): ((tick: number) => string) | undefined {
  const { least, most, largest } = extent(values);
  if (largest === 0 || !isLong(largest)) return undefined;
  // Enough digits to tell five ticks apart.
  const digits = Math.ceil(Math.log10((5 * largest) / Math.max(most - least, largest / 20)));
  return (tick) => (tick === 0 ? '0' : tick.toExponential(digits).replace(/\.?0*e\+?/, 'e'));
}

/** Draws with Observable Plot, in the document of the page if there is one and in linkedom otherwise. */
export class Drawing {
  private constructor(
    private readonly plot: typeof Plots,
    private readonly document: Document,
  ) {}

  /** Loads the drawing libraries on demand, so that a bundler can leave them out of the first load of a page. */
  static async start(): Promise<Drawing> {
    const plot = await import('@observablehq/plot');
    if (typeof document !== 'undefined') return new Drawing(plot, document);
    const { parseHTML } = await import('linkedom');
    return new Drawing(plot, parseHTML('<!doctype html><html></html>').document as unknown as Document);
  }

  /** Lines over training steps, with a legend below if there are several. `dots` lie under them, faint. */
  lines(
    lines: readonly Line[],
    options: { y: string; log?: boolean; dots?: readonly (readonly [number, number])[]; label: string },
  ): string {
    const { y, log = false, dots = [], label } = options;
    const { plot } = this;
    const colors = colorsOf(lines.length);
    const legend = lines.length > 1 ? lines : [];
    const longest = Math.max(0, ...legend.map(({ name }) => name.length));
    const columns = [3, 2].find((count) => longest <= lettersIn(count)) ?? 1;
    const rows = Math.ceil(legend.length / columns);
    const points = [...lines.flatMap(({ points }) => points), ...dots];
    const [steps, values] = [0, 1].map((i) => points.map((point) => point[i]));
    const [{ least, most }, labels] = [extent(values), scientific(values)];
    const isOneStep = steps.every((step) => step === steps[0]);
    const inLegend = (i: number) => ({
      ...{ frameAnchor: 'bottom-left' as const, textAnchor: 'start' as const, lineAnchor: 'top' as const },
      dy: 44 + LEGEND_ROW * Math.floor(i / columns),
    });
    const marginLeft = labels ? 66 : 58;
    const column = (i: number) => 16 - marginLeft + (i % columns) * (LEGEND_WIDTH / columns);
    return this.svg({
      height: HEIGHT + rows * LEGEND_ROW,
      marginLeft,
      marginBottom: 40 + rows * LEGEND_ROW,
      ariaLabel: label,
      x: {
        ...{ label: 'training step', labelAnchor: 'center', labelOffset: 34 },
        ...(isOneStep
          ? { domain: around(steps), ticks: steps.slice(0, 1), tickFormat: String }
          : { ticks: 5 }),
      },
      y: {
        ...{ label: y, grid: true },
        ...(log
          ? {
              type: 'log',
              ticks: logTicks(least, most),
              tickFormat: (tick: number) =>
                isLong(tick) ? tick.toExponential(0).replace('+', '') : String(Number(tick.toPrecision(1))),
            }
          : { ticks: 5, tickFormat: labels, domain: around(values) }),
      },
      marks: [
        plot.dot(dots, { x: (d) => d[0], y: (d) => d[1], r: 1.5, fill: colors[0], fillOpacity: 0.35 }),
        ...lines.map(({ points }, i) =>
          plot.line(points, { x: (d) => d[0], y: (d) => d[1], stroke: colors[i], strokeWidth: 1.8 }),
        ),
        // A line of one point cannot be seen.
        ...lines.map(({ points }, i) =>
          plot.dot(points.length === 1 ? points : [], {
            x: (d) => d[0],
            y: (d) => d[1],
            r: 3,
            fill: colors[i],
          }),
        ),
        ...legend.flatMap(({ name }, i) => [
          plot.text(['▬'], { text: (d) => d, fill: colors[i], ...inLegend(i), dx: column(i) }),
          plot.text([shortened(name)], { text: (d) => d, ...inLegend(i), dx: column(i) + 16 }),
        ]),
      ],
    });
  }

  /** Accuracy by confidence: a bar for each bin, and the diagonal on which a calibrated model lies. */
  reliability(
    bins: readonly { lower: number; upper: number; accuracy: number; confidence: number }[],
    label: string,
  ): string {
    const { plot } = this;
    return this.svg({
      ...{ width: 320, height: 310, marginBottom: 44, ariaLabel: label },
      x: { domain: [0, 1], label: 'confidence', labelAnchor: 'center', labelOffset: 36, ticks: 5 },
      y: { domain: [0, 1], label: 'accuracy', ticks: 5, grid: true },
      marks: [
        plot.rectY(bins, {
          ...{ x1: (d) => d.lower, x2: (d) => d.upper, y1: 0, y2: (d) => d.accuracy },
          ...{ fill: '#0072b2', fillOpacity: 0.75, inset: 0.5 },
        }),
        plot.rectY(bins, {
          ...{ x1: (d) => d.lower, x2: (d) => d.upper, y1: (d) => d.accuracy, y2: (d) => d.confidence },
          ...{ fill: '#d55e00', fillOpacity: 0.8, inset: 0.5 },
        }),
        plot.line(
          [
            [0, 0],
            [1, 1],
          ],
          { stroke: 'currentColor', strokeDasharray: '4 3' },
        ),
      ],
    });
  }

  /** One bar, divided into two shares of 1. */
  shares([first, second]: readonly [Share, Share], label: string): string {
    const { plot } = this;
    const colors = colorsOf(2);
    const text = ({ name, share }: Share) => [`${name}: ${(100 * share).toFixed(0)} %`];
    const above = { text: (d: string) => d, lineAnchor: 'bottom' as const, dy: -6 };
    return this.svg({
      ...{ height: 90, marginLeft: 12, marginTop: 26, ariaLabel: label },
      x: { domain: [0, 1], label: null, tickFormat: '.0%', ticks: 5 },
      marks: [
        plot.barX([first], { x1: 0, x2: first.share, fill: colors[0] }),
        plot.barX([second], { x1: first.share, x2: 1, fill: colors[1] }),
        plot.text(text(first), { ...above, frameAnchor: 'top-left' }),
        plot.text(text(second), { ...above, frameAnchor: 'top-right' }),
      ],
    });
  }

  /** A plot as text that is both HTML and XML. */
  private svg(options: Plots.PlotOptions): string {
    const { plot, document } = this;
    const svg = plot.plot({ width: WIDTH, ...options, document });
    // Plot labels its groups, but the figure has one label for screen readers. The others are removed.
    for (const group of Array.from(svg.querySelectorAll('g[aria-label]')))
      group.removeAttribute('aria-label');
    svg.setAttribute('xmlns', 'http://www.w3.org/2000/svg');
    svg.setAttribute('role', 'img');
    svg.setAttribute('font-size', '12');
    // linkedom leaves an ampersand in an attribute as it is, which XML forbids.
    return svg.outerHTML.replace(/&(?!#?\w+;)/g, '&amp;');
  }
}
