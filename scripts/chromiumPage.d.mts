import type { Browser } from 'playwright-core';

export function launchChromium(args?: readonly string[]): Promise<Browser>;
export const softwareWebGpu: readonly string[];
export function openProgram(
  program: Uint8Array | string,
  args?: readonly string[],
): Promise<{ browser: Browser; url: string; close(): Promise<void> }>;
