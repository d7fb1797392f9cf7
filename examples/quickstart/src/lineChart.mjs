import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';

const [width, height] = [420, 300];
const box = { left: 52, right: 408, top: 46, bottom: 240 };
/** Of Okabe and Ito, which colour-blind readers tell apart; readable on white and on black. */
const colors = ['#0072b2', '#d55e00', '#009e73', '#cc79a7', '#9a7d0a'];

/** A chart as SVG: a line for each of `series`, `{ name, x, y }`; names are the legend below. */
export function lineChart({ title, xLabel, yLabel, logarithmic = false, series }) {
  const all = (axis) => series.flatMap((one) => [...one[axis]]);
  const x = scaleLinear([0, Math.max(...all('x'))], [box.left, box.right]);
  const y = (logarithmic ? scaleLog : scaleLinear)(
    [Math.min(...all('y')), Math.max(...all('y'))],
    [box.bottom, box.top],
  ).nice();
  const text = (at, content, more = '') => `<text x="${at[0]}" y="${at[1]}" ${more}>${content}</text>`;
  const path = line(
    ([a]) => x(a).toFixed(1),
    ([, b]) => y(b).toFixed(1),
  );
  const parts = [
    text([8, 16], title, 'font-size="14" font-weight="600"'),
    text([(box.left + box.right) / 2, box.bottom + 30], xLabel, 'text-anchor="middle"'),
    text([8, 34], yLabel),
    ...x.ticks(5).map((v) => text([x(v), box.bottom + 14], x.tickFormat(5)(v), 'text-anchor="middle"')),
    ...y
      .ticks(5)
      .map(
        (v) =>
          text([box.left - 6, y(v) + 4], y.tickFormat(5, '~g')(v), 'text-anchor="end"') +
          `<line x1="${box.left}" x2="${box.right}" y1="${y(v)}" y2="${y(v)}" stroke="currentColor" stroke-opacity="0.15"/>`,
      ),
    ...series.map((one, i) => {
      const points = Array.from(one.x, (v, k) => [v, one.y[k]]);
      return (
        `<path d="${path(points)}" fill="none" stroke="${colors[i % colors.length]}" stroke-width="1.6"/>` +
        text(
          [box.left + (i % 3) * 120, box.bottom + 48 + 14 * Math.floor(i / 3)],
          one.name,
          `fill="${colors[i % colors.length]}"`,
        )
      );
    }),
  ];
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" role="img" aria-label="${title}" font-family="sans-serif" font-size="11" fill="currentColor">${parts.join('\n')}</svg>`;
}
