import type { ToySettings } from '../settings';
import { EDGE, GRID } from '../toy/grid';
import type { ToyPoints } from '../toy/toyPoints.js';
import { css, mix, type Rgb, themeColor } from './colors';
import { contour } from './contour';

export type View = ToySettings['view'];

/** The color scale of each view, for shares in [0, 1] of its largest value. */
export function scaleOf(view: View): { stops: Rgb[]; largest: number; low: string; high: string } {
  const even = themeColor('even');
  if (view === 'prediction')
    return {
      stops: [themeColor('a-map'), even, themeColor('b-map')],
      largest: 1,
      low: 'surely A',
      high: 'surely B',
    };
  const stops = [even, themeColor('much')];
  return view === 'entropy'
    ? { stops, largest: 1, low: 'certain', high: 'an even guess (1 bit)' }
    : { stops, largest: 0.5, low: 'all draws agree', high: 'standard deviation 0.5' };
}

/** How far the drawn map moves towards the newest one per frame. There are several maps per second, and many more frames. */
const BLEND = 0.2;

/** A map of what one network predicts, with the points that it learns from. */
export class Surface {
  private readonly shown = new Float32Array(GRID * GRID);
  private target: Float32Array | undefined;
  private view: View = 'prediction';
  private points: { train: ToyPoints; heldOut: ToyPoints } | undefined;
  private readonly cells = new OffscreenCanvas(GRID, GRID);
  private readonly image = new ImageData(GRID, GRID);
  /** The points, drawn once. They do not change between frames, and drawing them takes most of the time. */
  private dots: OffscreenCanvas | undefined;
  private frame = 0;

  constructor(private readonly canvas: HTMLCanvasElement) {
    new ResizeObserver(() => this.invalidate()).observe(canvas);
  }

  /** Shows points before the first map of the network arrives. */
  setPoints(points: { train: ToyPoints; heldOut: ToyPoints }): void {
    this.points = points;
    this.target = undefined;
    this.invalidate();
  }

  /** Releases the canvas. */
  hide(): void {
    this.points = this.target = undefined;
  }

  /** Moves to another map. */
  show(map: Float32Array, view: View, still: boolean): void {
    if (!this.target || view !== this.view || still) this.shown.set(map);
    this.target = map;
    this.view = view;
    this.drawSoon();
  }

  /** Draws everything in the next frame, in the present size and colors. */
  invalidate(): void {
    this.dots = undefined;
    this.drawSoon();
  }

  private drawSoon(): void {
    this.frame ||= requestAnimationFrame(() => {
      this.frame = 0;
      this.draw();
    });
  }

  private draw(): void {
    const { canvas, target, shown, points } = this;
    if (!points) return;
    const size = Math.round(canvas.clientWidth * devicePixelRatio);
    if (size === 0) return;
    if (canvas.width !== size) canvas.width = canvas.height = size;
    const context = canvas.getContext('2d')!;
    context.clearRect(0, 0, size, size);
    if (target) {
      let farthest = 0;
      for (let i = 0; i < shown.length; i++) {
        const left = target[i] - shown[i];
        shown[i] += BLEND * left;
        farthest = Math.max(farthest, Math.abs(left));
      }
      this.drawMap(context, size);
      if (farthest > 0.004) this.drawSoon();
    }
    this.dots ??= drawPoints(points, size);
    context.drawImage(this.dots, 0, 0);
  }

  private drawMap(context: CanvasRenderingContext2D, size: number): void {
    const { shown, image, cells, view } = this;
    const { stops, largest } = scaleOf(view);
    for (let i = 0; i < shown.length; i++) {
      const at = Math.min(1, Math.max(0, shown[i] / largest)) * (stops.length - 1);
      const below = Math.min(stops.length - 2, Math.floor(at));
      image.data.set(mix(stops[below], stops[below + 1], at - below), 4 * i);
      image.data[4 * i + 3] = 255;
    }
    cells.getContext('2d')!.putImageData(image, 0, 0);
    context.imageSmoothingQuality = 'high';
    context.drawImage(cells, 0, 0, size, size);
    if (view !== 'prediction') return;
    context.beginPath();
    const unit = size / GRID;
    for (const [x0, y0, x1, y1] of contour(shown, GRID, 0.5)) {
      context.moveTo(x0 * unit, y0 * unit);
      context.lineTo(x1 * unit, y1 * unit);
    }
    context.strokeStyle = css(themeColor('text'));
    context.lineWidth = 1.5 * devicePixelRatio;
    context.lineCap = 'round';
    context.stroke();
  }
}

function drawPoints({ train, heldOut }: { train: ToyPoints; heldOut: ToyPoints }, size: number) {
  const canvas = new OffscreenCanvas(size, size);
  const context = canvas.getContext('2d')!;
  const colors = [css(themeColor('a')), css(themeColor('b'))];
  const card = css(themeColor('card'));
  const radius = Math.max(2.6, Math.min(4.2, canvasUnit(size))) * devicePixelRatio;
  for (const { xs, labels } of [train, heldOut]) {
    const hollow = xs === heldOut.xs;
    labels.forEach((label, i) => {
      const x = ((xs[2 * i] / EDGE + 1) / 2) * size;
      const y = ((1 - xs[2 * i + 1] / EDGE) / 2) * size;
      context.beginPath();
      if (label === 0) context.arc(x, y, radius, 0, 2 * Math.PI);
      else context.rect(x - 0.9 * radius, y - 0.9 * radius, 1.8 * radius, 1.8 * radius);
      context.fillStyle = hollow ? card : colors[label];
      context.strokeStyle = hollow ? colors[label] : card;
      context.lineWidth = (hollow ? 1.6 : 1) * devicePixelRatio;
      context.fill();
      context.stroke();
    });
  }
  return canvas;
}

/** The radius of points for a picture of this size, in CSS pixels. */
const canvasUnit = (size: number) => size / devicePixelRatio / 95;
