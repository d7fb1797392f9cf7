import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.shared';

// `child` is the program of a worker process: a file of its own, because it is started by its path.
export default defineConfig({
  ...packageBuild({ index: 'src/index.ts', child: 'src/child.ts' }),
  platform: 'node',
  // Gives the CommonJS build an `import.meta.url`.
  shims: true,
});
