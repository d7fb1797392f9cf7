import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/**
 * A Chromium of the machine's, for tests in a browser: CHROMIUM_PATH, or one on the PATH. None is downloaded; without
 * one it says that they are skipped.
 */
export function findChromium(): string | undefined {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = [process.env.CHROMIUM_PATH, ...folders.flatMap((f) => names.map((name) => join(f, name)))];
  const found = paths.find((path) => {
    try {
      if (path) accessSync(path, constants.X_OK);
      return path !== undefined;
    } catch {
      return false;
    }
  });
  if (!found) {
    console.warn(
      'SKIPPED: no Chromium was found, so nothing is tested in a browser. Install one (Debian: apt-get install chromium) ' +
        'or name it in CHROMIUM_PATH.',
    );
  }
  return found;
}
