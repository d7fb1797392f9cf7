import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

/** The software GPU of Debian's chromium, with a Vulkan loader, for machines without a GPU. */
const chromium = '/usr/lib/chromium';

/** The path of the system's Vulkan loader, or undefined. */
function systemLoader() {
  try {
    const libraries = execFileSync('ldconfig', ['-p'], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    return /libvulkan\.so\.1 .*x86-64.*=> (\S+)/.exec(libraries)?.[1];
  } catch {
    return undefined;
  }
}

const existing = (file) => (existsSync(join(chromium, file)) ? join(chromium, file) : undefined);
/** Files of this machine, or undefined for each that is missing. */
export const vulkan = {
  loader: systemLoader() ?? existing('libvulkan.so.1'),
  driver: existing('libvk_swiftshader.so'),
  manifest: existing('vk_swiftshader_icd.json'),
};

/** The environment in which a program finds a GPU: that of the system, or else the one in software. */
export function gpuEnvironment(env = process.env) {
  const all = { ...env };
  if (!all.VK_DRIVER_FILES && vulkan.manifest) all.VK_DRIVER_FILES = vulkan.manifest;
  if (!systemLoader() && vulkan.loader) {
    all.LD_LIBRARY_PATH = [chromium, all.LD_LIBRARY_PATH].filter(Boolean).join(':');
  }
  return all;
}
