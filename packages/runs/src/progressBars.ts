import cliProgress from 'cli-progress';

/** A bar for all runs and one for each active run, with the time left, on standard error. */
export function progressBars(show: boolean, runs: number, done: number) {
  if (!show) {
    return { begin: () => ({ update() {}, end() {} }), oneMore() {}, stop() {} };
  }
  const bars = new cliProgress.MultiBar({
    format: '{key} [{bar}] {value}/{total}, {eta_formatted} left',
    hideCursor: true,
    etaBuffer: 100,
    // If it is not a terminal: a line now and then.
    noTTYOutput: true,
    notTTYSchedule: 30_000,
  });
  const all = bars.create(runs, done, { key: 'runs' });
  return {
    begin(key: string) {
      const bar = bars.create(1, 0, { key });
      return {
        update(value: number, total: number) {
          bar.setTotal(total);
          bar.update(value);
        },
        end: () => void bars.remove(bar),
      };
    },
    oneMore: () => all.increment(),
    stop: () => bars.stop(),
  };
}
