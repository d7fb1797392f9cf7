// Clocks and medians.
import { availableParallelism, cpus } from 'node:os';

export const quick = process.argv.includes('--quick');

export const median = (xs) => [...xs].sort((a, b) => a - b)[Math.floor(xs.length / 2)];
/** Seconds of processor time since the process began. On one thread, other programs do not change it. */
export const processorSeconds = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};
const seconds = (f) => {
  const started = processorSeconds();
  f();
  return processorSeconds() - started;
};
/** Seconds of each of several functions, which run alternately until each has run long enough. */
export function interleaved(functions, budget = quick ? 0.1 : 0.3) {
  const times = functions.map(() => []);
  for (const f of functions) f();
  for (let round = 0, spent = 0; round < 5 || (spent < budget && round < 100); round++) {
    functions.forEach((f, i) => {
      const time = seconds(f);
      times[i].push(time);
      spent += time;
    });
  }
  return times.map(median);
}

export const wallSeconds = () => performance.now() / 1e3;

const idleSeconds = () => cpus().reduce((sum, { times }) => sum + times.idle / 1e3, 0);

/** Returns a function that gives the share of all processors that other processes have used since now. */
export function watchOthers() {
  const before = { idle: idleSeconds(), wall: wallSeconds(), own: processorSeconds() };
  return () => {
    const all = (wallSeconds() - before.wall) * availableParallelism();
    return Math.max(0, 1 - (idleSeconds() - before.idle + processorSeconds() - before.own) / all);
  };
}
