import type { Browser } from 'playwright-core';
export function openPage(options: { outDir: string; chromiumPath: string }): Promise<{
  readonly url: string;
  readonly browser: Browser;
  close(): Promise<void>;
}>;
