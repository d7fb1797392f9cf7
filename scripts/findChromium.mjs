import { accessSync, constants } from 'node:fs';
import { delimiter, join } from 'node:path';

/** A Chromium of the machine's: CHROMIUM_PATH, or one on the PATH. None is downloaded. */
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

/** The program; undefined where there is none. */
export const chromiumPath = findChromium();
/** What to say then. */
export const noChromium =
  'no Chromium was found, so nothing is tested in a browser. Install one (Debian: apt-get install chromium) or name it in ' +
  'CHROMIUM_PATH.';
