import { setTimeout as delay } from 'node:timers/promises';

const fail = () => {
  throw new RangeError('no such batch');
};

export default function poisoned({ run, checkpoint }) {
  if (run.how === 'throws') throw new RangeError('no such batch');
  if (run.how === 'exits') process.exit(3);
  if (run.how === 'hangs') for (;;);
  // Where no one waits for it. The run either goes on or has a result by then.
  if (run.how === 'throws aside') setTimeout(fail, 50);
  if (run.how === 'rejects aside') Promise.resolve().then(fail);
  if (run.how.endsWith('aside')) return new Promise((resolve) => setTimeout(resolve, 1e9));
  if (run.how === 'throws late') setTimeout(fail, 50);
  if (run.how === 'rejects late') delay(50).then(fail);
  if (run.how === 'slow') return delay(1000, 'slow');
  if (run.how === 'waits') return new Promise((resolve) => setTimeout(resolve, 1e9));
  if (run.how === 'killed') process.kill(process.pid, 'SIGKILL');
  if (run.how === 'NaN') return { losses: [1, Number.NaN] };
  if (run.how === 'second') {
    return checkpoint.read().then(async (kept) => {
      if (kept) return 'second attempt';
      await checkpoint.write(Buffer.from('1'));
      process.exit(1);
    });
  }
  return run.how;
}
