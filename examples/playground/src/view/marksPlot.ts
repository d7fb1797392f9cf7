import type { CsvPicture, Marks } from '../csv/csvPicture';
import { css, themeColor } from './colors';

/** Predictions against true values for one network. On the diagonal both agree. */
export class MarksPlot {
  private shown: { marks: Marks; kind: CsvPicture['kind'] } | undefined;
  private frame = 0;

  /** @param color - the color of the network, by its name in style.css. */
  constructor(
    private readonly canvas: HTMLCanvasElement,
    private readonly color: string,
  ) {
    new ResizeObserver(() => this.invalidate()).observe(canvas);
  }

  show(marks: Marks, kind: CsvPicture['kind']): void {
    this.shown = { marks, kind };
    this.invalidate();
  }

  /** Releases the canvas. */
  hide(): void {
    this.shown = undefined;
  }

  /** Draws in the next frame. */
  invalidate(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { canvas, shown } = this;
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (!shown || size === 0) return;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const { marks, kind } = shown;
    const context = canvas.getContext('2d')!;
    context.clearRect(0, 0, size, size);
    const unit = devicePixelRatio;
    // Confidence and accuracy lie in [0, 1]. A standardized target is nearly always within ±3.
    const [low, high] = kind === 'classification' ? [0, 1] : [-3, 3];
    const place = (value: number) => (0.06 + (0.88 * (value - low)) / (high - low)) * size;
    const up = (value: number) => size - place(value);

    context.strokeStyle = css(themeColor('quiet'));
    context.setLineDash([5 * unit, 5 * unit]);
    context.lineWidth = unit;
    context.beginPath();
    context.moveTo(place(low), up(low));
    context.lineTo(place(high), up(high));
    context.stroke();
    context.setLineDash([]);

    context.fillStyle = context.strokeStyle = css(themeColor(this.color));
    if (kind === 'classification') this.bins(context, marks, place, up);
    else this.rows(context, marks, place, up);
  }

  private rows(context: CanvasRenderingContext2D, { x, y, size }: Marks, place: Place, up: Place): void {
    const unit = devicePixelRatio;
    x.forEach((truth, i) => {
      context.globalAlpha = 0.35;
      context.beginPath();
      context.moveTo(place(truth), up(y[i] - size[i]));
      context.lineTo(place(truth), up(y[i] + size[i]));
      context.stroke();
      context.globalAlpha = 0.85;
      context.beginPath();
      context.arc(place(truth), up(y[i]), 3 * unit, 0, 2 * Math.PI);
      context.fill();
    });
    context.globalAlpha = 1;
  }

  private bins(context: CanvasRenderingContext2D, { x, y, size }: Marks, place: Place, up: Place): void {
    context.lineWidth = 1.5 * devicePixelRatio;
    context.beginPath();
    x.forEach((confidence, i) => {
      context.lineTo(place(confidence), up(y[i]));
    });
    context.stroke();
    // An area in proportion to the rows of the bin.
    x.forEach((confidence, i) => {
      context.beginPath();
      context.arc(
        place(confidence),
        up(y[i]),
        (3 + 14 * Math.sqrt(size[i])) * devicePixelRatio,
        0,
        2 * Math.PI,
      );
      context.globalAlpha = 0.6;
      context.fill();
      context.globalAlpha = 1;
      context.stroke();
    });
  }
}

type Place = (value: number) => number;
