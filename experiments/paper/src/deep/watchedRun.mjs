// The task of killed.test.mjs: a paper run that logs what it does and pauses after each checkpoint, so that there is time to
// kill it.
import { appendFileSync } from 'node:fs';
import { setTimeout } from 'node:timers/promises';
import paperRun from './paperRun.mjs';

export default function watchedRun({ run: order, checkpoint, onProgress, ...rest }) {
  const note = (what) => appendFileSync(order.log, `${order.key} ${what} ${process.pid} ${process.ppid}\n`);
  const watched = {
    ...checkpoint,
    read() {
      note('looks');
      return checkpoint.read();
    },
    async write(bundle) {
      note('saves');
      await checkpoint.write(bundle);
      note('saved');
      await setTimeout(order.rest);
    },
  };
  return paperRun({
    ...rest,
    run: order,
    checkpoint: watched,
    onProgress(done, total) {
      note(done);
      onProgress(done, total);
    },
  });
}
