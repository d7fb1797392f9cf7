import type { ToySettings } from '../settings';
import { toyPoints } from './toyPoints.js';

/** The share of the points that is held out. */
const HELD_OUT = 0.3;
/** The number of points that no network learns from. */
export const UNSEEN = 500;

/** For each set of points, the offset that is added to three times the seed. */
const streams = { train: 0, heldOut: 1, test: 2 };

/** How the points of a run are drawn: the arguments of {@link toyPoints}. */
export function toyDraws({
  data,
  points,
  flipped,
  seed,
}: Pick<ToySettings, 'data' | 'points' | 'flipped' | 'seed'>) {
  const held = Math.round(HELD_OUT * points);
  const draw = (count: number, set: keyof typeof streams) =>
    [data, count, flipped / 100, 3 * seed + streams[set]] as const;
  return { train: draw(points - held, 'train'), heldOut: draw(held, 'heldOut'), test: draw(UNSEEN, 'test') };
}

/** The points for θ, the points for ρ, and the points that no network learns from. */
export function toyData(settings: ToySettings) {
  const { train, heldOut, test } = toyDraws(settings);
  return { train: toyPoints(...train), heldOut: toyPoints(...heldOut), test: toyPoints(...test) };
}
