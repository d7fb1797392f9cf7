// Only type-checked, by `tsc --noEmit`: what a user writes against runs has the types that the user expects.
import {
  type Outcome,
  type ResultOf,
  type RunOf,
  runAll,
  startWorker,
  type TaskContext,
} from '@crossreg/runs';
import { expectTypeOf, test } from 'vitest';

interface Seeded {
  key: string;
  seed: number;
}
const task = async ({ run, checkpoint, onProgress, signal }: TaskContext<Seeded>) => {
  expectTypeOf(run).toEqualTypeOf<Seeded>();
  expectTypeOf(await checkpoint.read()).toEqualTypeOf<Uint8Array | undefined>();
  expectTypeOf(onProgress).toBeCallableWith(1, 10);
  expectTypeOf(signal).toEqualTypeOf<AbortSignal>();
  return { nll: run.seed };
};

test('the type of a task says what its runs and results are', async () => {
  expectTypeOf<RunOf<typeof task>>().toEqualTypeOf<Seeded>();
  expectTypeOf<ResultOf<typeof task>>().toEqualTypeOf<{ nll: number }>();
  const outcomes = await runAll<typeof task>({
    task: new URL('./task.mjs', import.meta.url),
    runs: [{ key: 'a', seed: 1 }],
    onOutcome: (outcome) => expectTypeOf(outcome.run).toEqualTypeOf<Seeded>(),
  });
  expectTypeOf(outcomes).toEqualTypeOf<Outcome<Seeded, { nll: number }>[]>();
  // @ts-expect-error: a run without its seed
  runAll<typeof task>({ task: 'task.mjs', runs: [{ key: 'a' }] });
});

test('an outcome is a result or an error', async () => {
  const [outcome] = await runAll<typeof task>({ task: 'task.mjs', runs: [] });
  expectTypeOf(outcome.result).toEqualTypeOf<{ nll: number } | undefined>();
  if (outcome.status === 'completed') expectTypeOf(outcome.result.nll).toEqualTypeOf<number>();
  else expectTypeOf(outcome.error.message).toEqualTypeOf<string>();
});

test('options', async () => {
  const worker = await startWorker({ connection: 'redis://localhost', task: 'task.mjs', concurrency: 2 });
  expectTypeOf(worker.close()).toEqualTypeOf<Promise<void>>();
  // @ts-expect-error: a worker needs a connection
  startWorker({ task: 'task.mjs' });
  // @ts-expect-error: the task is a module, which processes load, and no function
  runAll<typeof task>({ task, runs: [] });
  // @ts-expect-error: the option is `concurrency`
  runAll<typeof task>({ task: 'task.mjs', runs: [], processes: 2 });
  // @ts-expect-error: every run has a key
  runAll({ task: 'task.mjs', runs: [{ seed: 1 }] satisfies readonly { key: string }[] });
});
