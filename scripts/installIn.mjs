import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Makes `place` a folder in which npm has installed `dependencies`. Does nothing if it already is one.
 *
 * @param overrides - versions of indirect dependencies.
 */
export function installIn(place, dependencies, { flags = ['--ignore-scripts'], overrides = {} } = {}) {
  const manifest = JSON.stringify({ private: true, type: 'module', dependencies, overrides });
  const file = join(place, 'package.json');
  const done = join(place, 'node_modules', '.package-lock.json');
  if (existsSync(done) && existsSync(file) && readFileSync(file, 'utf8') === manifest) return;
  rmSync(place, { recursive: true, force: true });
  mkdirSync(place, { recursive: true });
  writeFileSync(file, manifest);
  execFileSync(
    process.platform === 'win32' ? 'npm.cmd' : 'npm',
    ['install', ...flags, '--no-audit', '--no-fund', '--loglevel=error'],
    { cwd: place, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] },
  );
}
