import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** The Chromium of this machine: CHROMIUM_PATH, or one on the PATH. Nothing is downloaded. */
function findChromium() {
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'chrome'];
  const folders = (process.env.PATH ?? '').split(delimiter);
  const paths = [process.env.CHROMIUM_PATH, ...folders.flatMap((f) => names.map((name) => join(f, name)))];
  return paths.filter(Boolean).find((path) => {
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

/** The program, or undefined. */
export const chromiumPath = findChromium();
/** The message if there is none. */
export const noChromium =
  'no Chromium was found, so nothing is tested in a browser. Install one (Debian: apt-get install chromium) or name it in ' +
  'CHROMIUM_PATH.';
