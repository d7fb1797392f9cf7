import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.shared';

// `child` is the program of a worker process and `command` is what npx runs. Both are separate files because they are loaded by path.
export default defineConfig({
  ...packageBuild({ index: 'src/index.ts', child: 'src/child.ts', command: 'src/command.ts' }),
  platform: 'node',
  // Gives the CommonJS build an `import.meta.url`.
  shims: true,
});
