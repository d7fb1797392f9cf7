import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { diagram, withDiagram } from './diagram.mjs';

test('docs/architecture.md shows the arrows of the imports (node scripts/diagram.mjs --write updates it)', () => {
  const document = readFileSync(new URL('../docs/architecture.md', import.meta.url), 'utf8');
  expect(document).toContain('<!-- diagram -->');
  expect(withDiagram(document)).toBe(document);
});

test('an arrow is drawn for an import, a dashed one to an optional peer', () => {
  const lines = diagram().split('\n');
  expect(lines).toContain('  tfjs-layers --> tfjs');
  expect(lines).toContain('  tfjs-wasm -.-> tfjs-native');
  // core and calibration import nothing.
  expect(lines.filter((line) => /^ {2}(core|calibration) -/.test(line))).toEqual([]);
});
