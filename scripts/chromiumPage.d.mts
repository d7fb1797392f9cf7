import type { Browser } from 'playwright-core';

export function launchChromium(args?: readonly string[]): Promise<Browser>;
export function openProgram(
  program: Uint8Array | string,
): Promise<{ browser: Browser; url: string; close(): Promise<void> }>;
