import { expect, test } from 'vitest';
import { reliabilityDiagram } from './reliabilityDiagram';

const probabilities = [
  [0.9, 0.1],
  [0.3, 0.7],
  [0.55, 0.45],
];
const labels = [0, 1, 1];

test('a well-formed drawing with three shapes per bin and the error in words', () => {
  const svg = reliabilityDiagram(probabilities, labels, { title: 'a < b & "c"', bins: 10 });
  expect(svg).toContain('a &lt; b &amp; &quot;c&quot;');
  expect(svg).toContain('expected calibration error 0.3167');
  expect(svg.match(/<rect /g)).toHaveLength(2 + 3 * 3);
  expect(svg).not.toMatch(/NaN|undefined|Infinity|="-/);
  expect(svg.match(/<(rect|text|path|title|svg)\b/g)!.length).toBe(
    svg.match(/\/>|<\/(text|title|svg)>/g)!.length,
  );
});

test('the bar is as high as the accuracy', () => {
  const svg = reliabilityDiagram(
    [
      [0.8, 0.2],
      [0.8, 0.2],
    ],
    [0, 1],
    { bins: 2, size: 200 },
  );
  expect(svg).toContain('width="100" height="100" fill="#4477aa"');
});

test('a size or a title that cannot be drawn is refused', () => {
  for (const size of [0, -5, Number.NaN, '300']) {
    expect(() => reliabilityDiagram([[0.8, 0.2]], [0], { size: size as number })).toThrow(
      'size: must be a finite number above 0',
    );
  }
  expect(() => reliabilityDiagram([[0.8, 0.2]], [0], { title: 3 as never })).toThrow('title: must be a text');
});
