import { expect, test } from 'vitest';
import { codeLines, complexities, sizes, total } from './sourceSize.mjs';

test('core reads in one sitting: 1,800 lines at most without tests, tables of contents and comments', () => {
  const files = sizes('packages/core/src');
  expect(files.length).toBeGreaterThan(20);
  expect(total(files)).toBeLessThanOrEqual(1800);
});

test('no function of core has a cyclomatic complexity above 15', () => {
  const functions = sizes('packages/core/src').flatMap((file) => file.functions);
  expect(functions.length).toBeGreaterThan(200);
  expect(functions.filter(({ complexity }) => complexity > 15)).toEqual([]);
});

test('a line counts if it has code', () => {
  const text = `/** Not code. */
// Nor this.

const a = \`two
lines\`; /* and a comment */
/* one
more */ const b = 1;
`;
  expect(codeLines(text)).toBe(3);
});

test('complexity is one more than the branches of a function, without those of the functions in it', () => {
  const text = `
function outer(x) {
  if (x > 0 && x < 9) return x ? 1 : 2;
  for (const y of x) console.log(y ?? 0);
  const inner = () => { while (x) x--; };
  return inner;
}
const flat = () => 1;`;
  expect(complexities(text)).toEqual([
    { name: 'outer', complexity: 6 },
    { name: 'inner', complexity: 2 },
    { name: 'flat', complexity: 1 },
  ]);
});
