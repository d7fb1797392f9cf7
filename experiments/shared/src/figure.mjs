import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { scaleLinear, scaleLog } from 'd3-scale';
import { line } from 'd3-shape';

const colors = [
  '#4c72b0',
  '#dd8452',
  '#55a868',
  '#c44e52',
  '#8172b3',
  '#937860',
  '#da8bc3',
  '#8c8c8c',
  '#ccb974',
  '#64b5cd',
];
const [width, height] = [420, 320];
const margin = { left: 62, right: 12, top: 34, bottom: 62 };

const extent = (values) => {
  const finite = values.filter(Number.isFinite);
  return [Math.min(...finite), Math.max(...finite)];
};

/**
 * One panel.
 *
 * @param series - `{ name, x, y, points, dashed, color }`: a line, or points.
 * @param marks - `{ x, name }`: vertical lines.
 */
function panel({ title, x, y, xLog = false, yLog = false, series, marks = [] }, index) {
  const scale = (log, values, range) =>
    (log ? scaleLog() : scaleLinear()).domain(extent(values)).range(range).nice();
  const xs = [...series.flatMap((s) => [...s.x]), ...marks.map((mark) => mark.x)];
  const sx = scale(
    xLog,
    xs.filter((v) => !xLog || v > 0),
    [margin.left, width - margin.right],
  );
  const sy = scale(
    yLog,
    series.flatMap((s) => [...s.y]).filter((v) => !yLog || v > 0),
    [height - margin.bottom, margin.top],
  );
  const tickText = (s, log) => (log ? s.tickFormat(5, '~g') : s.tickFormat(5));
  const ticks = [
    ...sx
      .ticks(5)
      .map(
        (v) =>
          `<text x="${sx(v)}" y="${height - margin.bottom + 14}" text-anchor="middle">${tickText(sx, xLog)(v)}</text>`,
      ),
    ...sy
      .ticks(5)
      .map(
        (v) =>
          `<line x1="${margin.left}" x2="${width - margin.right}" y1="${sy(v)}" y2="${sy(v)}" stroke="#ddd"/>` +
          `<text x="${margin.left - 6}" y="${sy(v) + 4}" text-anchor="end">${tickText(sy, yLog)(v)}</text>`,
      ),
  ];
  const color = (s, i) => s.color ?? colors[i % colors.length];
  const drawn = series.map((s, i) => {
    const at = Array.from(s.x, (v, k) => [v, s.y[k]]).filter(
      ([a, b]) => Number.isFinite(sx(a)) && Number.isFinite(sy(b)),
    );
    if (s.points) {
      return at
        .map(
          ([a, b]) =>
            `<circle cx="${sx(a).toFixed(1)}" cy="${sy(b).toFixed(1)}" r="2.2" fill="${color(s, i)}" opacity="0.8"/>`,
        )
        .join('');
    }
    const path = line(
      (d) => +sx(d[0]).toFixed(1),
      (d) => +sy(d[1]).toFixed(1),
    )(at);
    return `<path d="${path}" fill="none" stroke="${color(s, i)}" stroke-width="1.6"${s.dashed ? ' stroke-dasharray="5 3"' : ''}/>`;
  });
  const named = series.map((s, i) => ({ ...s, stroke: color(s, i) })).filter((s) => s.name);
  const legend = named.map(
    ({ name, stroke }, i) =>
      `<text x="${margin.left + (i % 3) * 115}" y="${height - 22 + 13 * Math.floor(i / 3)}" fill="${stroke}">${name}</text>`,
  );
  const lines = marks.map(
    (mark) =>
      `<line x1="${sx(mark.x)}" x2="${sx(mark.x)}" y1="${margin.top}" y2="${height - margin.bottom}" stroke="#333" stroke-dasharray="2 3"/>` +
      `<text x="${sx(mark.x) + 3}" y="${margin.top + 10}">${mark.name}</text>`,
  );
  return `<g transform="translate(${index * width} 0)">
<text x="${margin.left}" y="18" font-size="13">${title}</text>
<text x="${(margin.left + width - margin.right) / 2}" y="${height - margin.bottom + 28}" text-anchor="middle">${x}</text>
<text transform="translate(12 ${(height - margin.bottom + margin.top) / 2}) rotate(-90)" text-anchor="middle">${y}</text>
${[...ticks, ...drawn, ...lines, ...legend].join('\n')}
</g>`;
}

/** Panels side by side as one SVG. Every panel: `title`, labels of `x` and `y`, `xLog`, `yLog`, `series`, `marks`. */
export function figure(panels) {
  const total = width * panels.length;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${total} ${height}" width="${total}" height="${height}" font-family="sans-serif" font-size="10" role="img"><title>${panels.map(({ title }) => title).join('; ')}</title><rect width="100%" height="100%" fill="white"/>
${panels.map(panel).join('\n')}
</svg>\n`;
}

/** Writes a {@link figure} as NAME.svg into a folder (a URL, created if necessary) and prints the path. */
export function saveFigure(folder, name, panels) {
  const path = fileURLToPath(folder);
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}${name}.svg`, figure(panels));
  console.log(`figure: ${path}${name}.svg`);
}
