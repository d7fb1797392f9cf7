// Installs Chromium from Debian where CI runs as root and has no browser, so that what is tested in one is not skipped there.
// A machine that is somebody's is left alone: there, `apt-get install chromium` is theirs to say.
import { spawnSync } from 'node:child_process';
import { chromiumPath, noChromium } from './findChromium.mjs';

const mayInstall = Boolean(process.env.CI) && process.getuid?.() === 0 && hasAptGet();
if (!chromiumPath && mayInstall) {
  const apt = (...args) => {
    const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
    const { status } = spawnSync('apt-get', ['-qq', ...args], {
      env,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    return status === 0;
  };
  const packages = ['chromium', 'fonts-dejavu-core'];
  if (apt('update') && apt('install', '--yes', '--no-install-recommends', ...packages)) {
    console.log('Chromium was installed from Debian');
  } else console.error('\n!!! CHROMIUM COULD NOT BE INSTALLED FROM DEBIAN !!!\n');
} else console.log(chromiumPath ?? `\n!!! ${noChromium} !!!\n`);

function hasAptGet() {
  return spawnSync('apt-get', ['--version'], { stdio: 'ignore' }).status === 0;
}
