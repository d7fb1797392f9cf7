import { setTimeout } from 'node:timers/promises';

/** A run that takes a known time, however busy the machine is. */
export default async function wait({ run }) {
  await setTimeout(1000 * run.seconds);
  return run.seconds;
}
