export default function poisoned({ run, checkpoint }) {
  if (run.how === 'throws') throw new RangeError('no such batch');
  if (run.how === 'exits') process.exit(3);
  if (run.how === 'hangs') for (;;);
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
