import { mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { apiOf, entriesOf } from './publicApi.mjs';
import { root } from './workspace.mjs';

test.each(readdirSync(join(root, 'packages')))(
  'the public API of %s is as in its api.txt, which vitest -u writes after a build',
  async (name) => {
    const text = entriesOf(name).map(([path, file]: [string, string]) => `// ${path}\n\n${apiOf(file)}\n`);
    await expect(text.join('\n')).toMatchFileSnapshot(`../packages/${name}/api.txt`);
  },
);

test('private parts are left out: comments, private and internal members, and declarations that no export needs', () => {
  const folder = mkdtempSync(join(tmpdir(), 'api-'));
  writeFileSync(
    join(folder, 'chunk-4XyZ.d.ts'),
    'interface Size { width: number }\ninterface Unused { x: 1 }\nexport { type Size as S, type Unused as U };\n',
  );
  const entry = `import { S as Size } from './chunk-4XyZ.js';
/** A box. */
declare class Box {
  private secret;
  /** @internal */
  state(): number;
  grow(by: Size): Box;
}
declare const unit: Box;
export { Box, unit };
`;
  writeFileSync(join(folder, 'index.d.ts'), entry);
  expect(apiOf(join(folder, 'index.d.ts'))).toBe(
    'export class Box {\n    grow(by: Size): Box;\n}\n\ninterface Size {\n    width: number;\n}\n\nexport const unit: Box;',
  );
});
