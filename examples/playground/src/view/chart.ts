import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { css, type Rgb, themeColor } from './colors';

export interface Line {
  readonly label: string;
  readonly color: () => Rgb;
  readonly dashed?: boolean;
}

/** The largest number of points in a chart. When it is reached, every second point is dropped. */
const MOST_POINTS = 800;
const number = new Intl.NumberFormat('en', { maximumSignificantDigits: 3 });

/** Lines over training steps, with a legend that shows their last values. */
export class Chart {
  private plot: uPlot | undefined;
  private lines: readonly Line[] = [];
  private columns: number[][] = [[]];
  private frame = 0;

  /**
   * @param logarithmic - whether the vertical scale is logarithmic.
   * @param subject - what the chart shows, for screen readers.
   */
  constructor(
    private readonly place: HTMLElement,
    private readonly legend: HTMLElement,
    private readonly options: { logarithmic: boolean; subject: string },
  ) {
    new ResizeObserver(() => this.plot?.setSize(this.size())).observe(place);
  }

  /** An empty chart of these lines. */
  reset(lines: readonly Line[]): void {
    this.lines = lines;
    this.columns = [[], ...lines.map(() => [])];
    this.build();
  }

  add(step: number, values: readonly number[]): void {
    [step, ...values].forEach((value, i) => {
      this.columns[i].push(value);
    });
    if (this.columns[0].length > MOST_POINTS)
      this.columns = this.columns.map((column) =>
        column.filter((_, i) => i % 2 === 0 || i === column.length - 1),
      );
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.plot?.setData(this.columns as uPlot.AlignedData);
      this.describe();
    });
  }

  /** Draws in the colors of the present scheme. */
  build(): void {
    this.plot?.destroy();
    const [quiet, grid] = [css(themeColor('quiet')), css(themeColor('line'))];
    const axis = {
      stroke: quiet,
      font: '12px system-ui, sans-serif',
      grid: { stroke: grid, width: 1 },
      ticks: { show: false },
    };
    const { logarithmic } = this.options;
    this.plot = new uPlot(
      {
        ...this.size(),
        padding: [8, 18, 0, 0],
        legend: { show: false },
        cursor: { show: false },
        scales: {
          x: { time: false, range: (_, __, max) => [0, Math.max(max ?? 0, 100)] },
          y: logarithmic
            ? { distr: 3, range: (_, min, max) => [Math.min(0.02, min ?? 1), Math.max(2, max ?? 1)] }
            : { range: (_, __, max) => [0, Math.max(1, 1.05 * (max ?? 0))] },
        },
        axes: [
          { ...axis, size: 28 },
          {
            ...axis,
            size: 40,
            ...(logarithmic && {
              splits: () => [0.03, 0.1, 0.3, 1, 3, 10, 30, 100],
              filter: (_: uPlot, ticks: number[]) => ticks,
            }),
            values: (_, ticks) => ticks.map((tick) => (tick === null ? '' : number.format(tick))),
          },
        ],
        series: [
          {},
          ...this.lines.map(({ label, color, dashed }) => ({
            label,
            stroke: css(color()),
            width: 2,
            points: { show: false },
            ...(dashed && { dash: [5, 4] }),
          })),
        ],
      },
      this.columns as uPlot.AlignedData,
      this.place,
    );
    this.legend.replaceChildren(
      ...this.lines.map(({ label, color, dashed }) => {
        const item = document.createElement('li');
        item.innerHTML = `<svg viewBox="0 0 22 8" aria-hidden="true"><path d="M0 4H22" stroke-width="2.5"/></svg>`;
        const path = item.querySelector('path')!;
        path.setAttribute('stroke', css(color()));
        if (dashed) path.setAttribute('stroke-dasharray', '5 3.5');
        const value = document.createElement('b');
        item.append(`${label} `, value);
        return item;
      }),
    );
    this.describe();
  }

  private describe(): void {
    const last = this.columns.slice(1).map((column) => column.at(-1));
    this.legend.querySelectorAll('b').forEach((value, i) => {
      value.textContent = last[i] === undefined ? '' : last[i].toFixed(2);
    });
    const said = this.lines.map(({ label }, i) => `${label} ${last[i]?.toFixed(2) ?? 'not yet'}`);
    this.place.setAttribute(
      'aria-label',
      `${this.options.subject} over training steps. Now: ${said.join(', ')}.`,
    );
  }

  private size() {
    return { width: this.place.clientWidth, height: this.place.clientHeight };
  }
}
