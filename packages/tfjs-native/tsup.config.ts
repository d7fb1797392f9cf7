import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.shared';

// Shims, because the CommonJS build has no import.meta, which the search for the binary needs.
export default defineConfig({ ...packageBuild(), platform: 'node', shims: true });
