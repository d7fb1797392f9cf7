// Installs missing programs for the tests from Debian when CI runs as root, so that no test is skipped there. It changes
// nothing on other machines: their users decide about `apt-get install chromium redis-server`.
import { spawnSync } from 'node:child_process';
import { chromiumPath, noChromium } from './findChromium.mjs';
import { noRedis, redisVersion } from './findRedis.mjs';

const programs = [
  { name: 'Chromium', found: chromiumPath, missing: noChromium, packages: ['chromium', 'fonts-dejavu-core'] },
  {
    name: 'Redis',
    found: redisVersion && `redis-server ${redisVersion}`,
    missing: noRedis,
    packages: ['redis-server'],
  },
];

const mayInstall = Boolean(process.env.CI) && process.getuid?.() === 0 && hasAptGet();
for (const { name, found, missing, packages } of programs) {
  if (found) console.log(found);
  else if (!mayInstall) console.log(`\n!!! ${missing} !!!\n`);
  else if (apt('update') && apt('install', '--yes', '--no-install-recommends', ...packages)) {
    console.log(`${name} was installed from Debian`);
  } else console.error(`\n!!! ${name.toUpperCase()} COULD NOT BE INSTALLED FROM DEBIAN !!!\n`);
}

function apt(...args) {
  // Runlevel 1, so that no service starts.
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const { status } = spawnSync('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 'ignore', 'inherit'] });
  return status === 0;
}

function hasAptGet() {
  return spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}
