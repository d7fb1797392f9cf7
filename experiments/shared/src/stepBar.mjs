import progress from 'cli-progress';

/** A progress bar for training steps. Call `increment()` after every step and `stop()` at the end. */
export function stepBar(name, steps) {
  const bar = new progress.SingleBar({
    format: '{name} [{bar}] {value}/{total} steps, {eta_formatted} left',
    noTTYOutput: true,
    notTTYSchedule: 10_000,
  });
  bar.start(steps, 0, { name });
  return bar;
}
