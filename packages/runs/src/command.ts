import { parseArgs } from 'node:util';
import { ArgumentError } from '@crossreg/core';
import { refuse } from '@crossreg/core/internal';
import { startWorker } from './startWorker';

const usage = `npx @crossreg/runs work --redis URL --task FILE [options]

Takes runs that runAll({ connection, … }) put on a queue, until it is told to end (SIGTERM, Ctrl-C).

  --redis URL          redis://[user:password@]host[:port][/database], or rediss:// with TLS.
                       Default: the environment variable REDIS_URL, which other users of the machine do not see.
  --task FILE          the module whose default export does one run
  --concurrency N      runs at a time, each in a process. Default: one a core
  --storage PLACE      where this machine sees results and checkpoints: a folder, a module (.js, .mjs, .ts) whose
                       default export is a storage of unstorage, or a redis: URL. Default: in the Redis of the queue
  --queue NAME         Default: the name of the task's file without its ending
  --stalled-after S    seconds after which a worker that was not heard of is taken for dead. Default: 30
`;

/** What `npx @crossreg/runs` does: a worker on this machine. */
export async function command(args: string[]): Promise<void> {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        redis: { type: 'string' },
        task: { type: 'string' },
        concurrency: { type: 'string' },
        storage: { type: 'string' },
        queue: { type: 'string' },
        'stalled-after': { type: 'string' },
        help: { type: 'boolean', short: 'h' },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    if (positionals.join(' ') !== 'work')
      refuse('command', positionals.join(' '), 'work', 'It is the only one.');
    const { task, storage, queue } = values;
    const connection = values.redis ?? process.env.REDIS_URL;
    if (connection === undefined) {
      throw new ArgumentError('--redis', 'is missing, and REDIS_URL is not set. Give redis://host:port.');
    }
    if (task === undefined) throw new ArgumentError('--task', 'is missing. Give the path of a module.');
    const number = (text: string | undefined) => (text === undefined ? undefined : Number(text));
    const worker = await startWorker({
      ...{ connection, task, storage, queue },
      concurrency: number(values.concurrency),
      stalledAfter: number(values['stalled-after']),
      log: (line) => console.error(line),
    });
    for (const signal of ['SIGINT', 'SIGTERM'] as const) {
      // Only once: a second signal does not wait.
      process.once(signal, () => {
        worker.close().then(
          () => process.exit(0),
          (error: Error) => {
            console.error(error.message);
            process.exit(1);
          },
        );
      });
    }
  } catch (error) {
    console.error(`✖ ${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}
