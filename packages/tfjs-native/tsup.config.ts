import { defineConfig } from 'tsup';
import { packageBuild } from '../../tsup.shared';

// Shims: the CommonJS build has no import.meta, from which the binary is found.
export default defineConfig({ ...packageBuild(), platform: 'node', shims: true });
