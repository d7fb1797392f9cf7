import { isDeepStrictEqual } from 'node:util';
import { ArgumentError } from '@crossreg/core';
import { show } from '@crossreg/core/internal';
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
 * @throws ArgumentError if the result belongs to another run with the same key, or cannot be read.
 */
export async function keptOutcome<R extends Run>(
  storage: Storage,
  run: R,
): Promise<Extract<Outcome<R, any>, { status: 'completed' }> | undefined> {
  const bytes = await storage.result(nameOf(run.key)).read();
  if (bytes === undefined) return undefined;
  const kept = readKept(bytes, run);
  checkSameRun(run, kept.run, 'has the result of');
  return { status: 'completed', run, result: kept.result, seconds: kept.seconds, cached: true };
}

/**
 * What {@link keepResult} wrote. A result that was damaged since then is refused, not repeated: it may be a copy that is not
 * complete, of a training that took hours.
 */
function readKept(bytes: Uint8Array, run: Run): { run: Run; seconds: number; result: unknown } {
  try {
    const kept = resultOfText(Buffer.from(bytes).toString()) as ReturnType<typeof readKept>;
    if (typeof kept?.run?.key === 'string') return kept;
  } catch {}
  throw new ArgumentError(
    'storage',
    `has a damaged result of the run ${show(run.key)}: ${bytes.length} bytes under the name ${nameOf(run.key)}. Restore it, or delete it to repeat the run.`,
  );
}

/** @throws ArgumentError if another run has the same key. */
export function checkSameRun(run: Run, known: Run, how: string): void {
  if (isDeepStrictEqual(known, resultOfText(textOfResult(run)))) return;
  throw new ArgumentError(
    'runs',
    `has ${textOfResult(run)}, but the storage ${how} ${textOfResult(known)} under the same key. Use another key, or another storage.`,
  );
}
