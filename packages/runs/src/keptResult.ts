import { isDeepStrictEqual } from 'node:util';
import { ArgumentError } from '@crossreg/core';
import { resultOfText, textOfResult } from './resultText';
import type { Outcome, Run } from './run';
import { nameOf, type State } from './state';

/** Keeps the result of a run, and drops its checkpoint. */
export async function keepResult(state: State, run: Run, text: string, seconds: number): Promise<void> {
  // The result first. If the process dies between the two, the result is found and the checkpoint is not read again.
  const name = nameOf(run.key);
  const kept = `{"run":${textOfResult(run)},"seconds":${seconds},"result":${text}}\n`;
  await state.result(name).write(Buffer.from(kept));
  await state.checkpoint(name).remove();
}

/**
 * The outcome of a run that has a result.
 *
 * @throws ArgumentError if the result belongs to another run with the same key.
 */
export async function keptOutcome<R extends Run>(
  state: State,
  run: R,
): Promise<Extract<Outcome<R, any>, { status: 'done' }> | undefined> {
  const bytes = await state.result(nameOf(run.key)).read();
  if (bytes === undefined) return undefined;
  const kept = resultOfText(Buffer.from(bytes).toString()) as { run: Run; seconds: number; result: unknown };
  checkSameRun(run, kept.run, 'has the result of');
  return { status: 'done', run, result: kept.result, seconds: kept.seconds, resumed: true };
}

/** @throws ArgumentError if another run has the same key. */
export function checkSameRun(run: Run, known: Run, how: string): void {
  if (isDeepStrictEqual(known, resultOfText(textOfResult(run)))) return;
  throw new ArgumentError(
    'runs',
    `has ${textOfResult(run)}, but the state ${how} ${textOfResult(known)} under the same key. Use another key, or another state.`,
  );
}
