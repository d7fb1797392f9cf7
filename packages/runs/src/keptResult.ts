import { isDeepStrictEqual } from 'node:util';
import { ArgumentError } from '@crossreg/core';
import { resultOfText, textOfResult } from './resultText';
import type { Outcome, Run } from './run';
import { nameOf, type Storage } from './storage';

/** Keeps the result of a run, and drops its checkpoint. */
export async function keepResult(storage: Storage, run: Run, text: string, seconds: number): Promise<void> {
  // The result first. If the process dies between the two, the result is found and the checkpoint is not read again.
  const name = nameOf(run.key);
  const kept = `{"run":${textOfResult(run)},"seconds":${seconds},"result":${text}}\n`;
  await storage.result(name).write(Buffer.from(kept));
  await storage.checkpoint(name).remove();
}

/**
 * The outcome of a run that has a result.
 *
 * @throws ArgumentError if the result belongs to another run with the same key.
 */
export async function keptOutcome<R extends Run>(
  storage: Storage,
  run: R,
): Promise<Extract<Outcome<R, any>, { status: 'completed' }> | undefined> {
  const bytes = await storage.result(nameOf(run.key)).read();
  if (bytes === undefined) return undefined;
  const kept = resultOfText(Buffer.from(bytes).toString()) as { run: Run; seconds: number; result: unknown };
  checkSameRun(run, kept.run, 'has the result of');
  return { status: 'completed', run, result: kept.result, seconds: kept.seconds, cached: true };
}

/** @throws ArgumentError if another run has the same key. */
export function checkSameRun(run: Run, known: Run, how: string): void {
  if (isDeepStrictEqual(known, resultOfText(textOfResult(run)))) return;
  throw new ArgumentError(
    'runs',
    `has ${textOfResult(run)}, but the storage ${how} ${textOfResult(known)} under the same key. Use another key, or another storage.`,
  );
}
