import { checkAbove, refuse } from '../../../common/argumentError';
import { checkOptions } from '../../../common/checkOptions';
import type { Labels, Rows } from './predictions';
import { type ReliabilityCurveOptions, reliabilityCurve } from './reliabilityCurve';

/** Options of {@link reliabilityDiagram}. */
export interface ReliabilityDiagramOptions extends ReliabilityCurveOptions {
  /** Title above the diagram. Default none. */
  title?: string;
  /** Side of the square plot in pixels. Default 280. */
  size?: number;
}

const LEFT = 52;
const TOP = 34;
const HISTOGRAM = 56;

/**
 * A reliability diagram as a self-contained SVG: a bar for the accuracy of each bin, the gap to its mean confidence
 * (over- or underconfidence), the diagonal of perfect calibration, the expected calibration error of the bins
 * drawn, and below them where the confidences lie.
 * @example
 * ```ts
 * reliabilityDiagram([[0.9, 0.1], [0.3, 0.7]], [0, 1], { title: 'my model' }); // '<svg …'
 * ```
 */
export function reliabilityDiagram(
  probabilities: Rows,
  labels: Labels,
  options: ReliabilityDiagramOptions = {},
): string {
  checkOptions('reliabilityDiagram', options, { title: 1, size: 1, bins: 1, strategy: 1, class: 1 });
  const { title = '', size = 280, ...curveOptions } = options;
  checkAbove('size', size, 0, 'Use 280 pixels.');
  if (typeof title !== 'string') refuse('title', title, 'a text', 'Leave it out for none.');
  const curve = reliabilityCurve(probabilities, labels, curveOptions);
  const error = curve.reduce(
    (sum, { count, confidence, accuracy }) => sum + (count / labels.length) * Math.abs(confidence - accuracy),
    0,
  );
  const most = Math.max(...curve.map(({ count }) => count));
  const bottom = TOP + size;
  const histogramTop = bottom + 8;
  const histogramBottom = histogramTop + HISTOGRAM;

  const x = (value: number) => LEFT + value * size;
  const y = (value: number) => bottom - value * size;
  const rect = (lower: number, upper: number, top: number, base: number, style: string) =>
    // Bins of equal mass can be narrower than a pixel, or a single confidence.
    `<rect x="${n(x(lower))}" y="${n(top)}" width="${n(Math.max(1, x(upper) - x(lower)))}" height="${n(base - top)}" ${style}/>`;
  const text = (at: number, height: number, content: string, style = '') =>
    `<text x="${n(at)}" y="${n(height)}" ${style}>${escapeXml(content)}</text>`;

  const bars = curve.flatMap(({ lower, upper, count, confidence, accuracy }) => [
    rect(lower, upper, y(accuracy), bottom, 'fill="#4477aa" stroke="#ffffff" stroke-width="0.5"'),
    rect(
      lower,
      upper,
      y(Math.max(accuracy, confidence)),
      y(Math.min(accuracy, confidence)),
      'fill="#cc3311" fill-opacity="0.35" stroke="#cc3311" stroke-width="0.5"',
    ),
    rect(lower, upper, histogramBottom - (count / most) * HISTOGRAM, histogramBottom, 'fill="#999999"'),
  ]);
  const ticks = [0, 0.2, 0.4, 0.6, 0.8, 1].flatMap((tick) => [
    text(x(tick), histogramBottom + 14, String(tick), 'text-anchor="middle"'),
    text(LEFT - 6, y(tick) + 4, String(tick), 'text-anchor="end"'),
  ]);
  const summary = `expected calibration error ${error.toFixed(4)}`;
  const width = LEFT + size + 16;
  const height = histogramBottom + 36;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" font-family="sans-serif" font-size="11" fill="#222222">`,
    `<title>${escapeXml(title ? `${title}: ${summary}` : summary)}</title>`,
    `<rect width="${width}" height="${height}" fill="#ffffff"/>`,
    text(LEFT, 16, title, 'font-size="13" font-weight="bold"'),
    text(LEFT, 29, summary),
    ...bars,
    `<path d="M${n(x(0))} ${n(y(0))}L${n(x(1))} ${n(y(1))}" stroke="#222222" stroke-dasharray="4 3"/>`,
    `<rect x="${LEFT}" y="${TOP}" width="${size}" height="${size}" fill="none" stroke="#222222"/>`,
    ...ticks,
    text(LEFT + size / 2, histogramBottom + 29, 'confidence', 'text-anchor="middle"'),
    text(0, 0, 'accuracy', `text-anchor="middle" transform="translate(14 ${TOP + size / 2}) rotate(-90)"`),
    text(
      0,
      0,
      'count',
      `text-anchor="middle" transform="translate(14 ${histogramTop + HISTOGRAM / 2}) rotate(-90)"`,
    ),
    '</svg>',
  ].join('\n');
}

/** A coordinate to a hundredth of a pixel. */
const n = (value: number) => String(Math.round(value * 100) / 100);

const escapeXml = (text: string) =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c]!);
