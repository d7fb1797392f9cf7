import { ArgumentError, type Bijector, type BijectorName, bijectors, bounded } from '@crossreg/core';
import { checkAbove, checkOptions, show } from '@crossreg/core/internal';

interface Kind {
  unit: string;
  /**
   * The initial values for `true`. For movements they are large: ranges decrease during training, and until then the network
   * trains with more augmentation than it keeps (docs/augmentation.md).
   */
  initial: number;
  /** The upper bound unless another is given. */
  max: number;
  /** The draws that the range scales: columns of the array that a call draws. */
  draws: readonly Draw[];
}

/**
 * The random numbers of one example, always in this order, whichever kinds are in use. So a seed gives each kind the same draw.
 */
export const draws = [
  'translateX',
  'translateY',
  'rotate',
  'shear',
  'scale',
  'brightness',
  'contrast',
  'saturation',
] as const;
export type Draw = (typeof draws)[number];

/**
 * What can be learned, and in which unit. A factor of 0.2 means up to 1.2 times as much or as little. A share of 0.05 is a
 * twentieth of the distance from black to white, for images in [0, 1] as for those in [0, 255].
 */
export const kinds = {
  translate: { unit: 'pixels', initial: 4, max: 16, draws: ['translateX', 'translateY'] },
  translateX: { unit: 'pixels', initial: 4, max: 16, draws: ['translateX'] },
  translateY: { unit: 'pixels', initial: 4, max: 16, draws: ['translateY'] },
  rotate: { unit: 'degrees', initial: 30, max: 180, draws: ['rotate'] },
  shear: { unit: 'degrees', initial: 15, max: 60, draws: ['shear'] },
  scale: { unit: 'factor', initial: 0.2, max: 1, draws: ['scale'] },
  brightness: { unit: 'share of the pixel range', initial: 0.05, max: 1, draws: ['brightness'] },
  contrast: { unit: 'factor', initial: 0.05, max: 3, draws: ['contrast'] },
  saturation: { unit: 'factor', initial: 0.05, max: 3, draws: ['saturation'] },
  noise: { unit: 'share of the pixel range', initial: 0.05, max: 1, draws: [] },
} as const satisfies Record<string, Kind>;
export type RangeKind = keyof typeof kinds;
export const rangeKinds = Object.keys(kinds) as RangeKind[];

export interface RangeOptions {
  /** The initial range, in its unit. 0 (with `min` 0) switches it off for good. */
  initial?: number;
  /** Lower bound, with the bijector `'bounded'`. Default 0. */
  min?: number;
  /** Upper bound, with the bijector `'bounded'`. Default: far beyond use, such as 60 degrees of shear. */
  max?: number;
  /** How the range is made from the raw weight. Default `'bounded'`: between `min` and `max`, by a sigmoid. */
  bijector?: 'bounded' | BijectorName;
  /** `false` keeps the range at `initial`. Default true. */
  trainable?: boolean;
}

/** The initial range, `true` for the default one, or an object with details. */
export type RangeOption = true | number | RangeOptions;

/** A range with all defaults filled in. `min` and `max` exist only with the bijector `'bounded'`. */
export interface Range {
  initial: number;
  min?: number;
  max?: number;
  bijector: 'bounded' | BijectorName;
  trainable: boolean;
}

/** @throws ArgumentError for numbers out of range and an unknown bijector. */
export function parseRange(kind: RangeKind, option: RangeOption): Range {
  const { unit, initial: usual, max: most } = kinds[kind];
  const given: RangeOptions =
    option === true ? {} : typeof option === 'number' ? { initial: option } : option;
  if (typeof given !== 'object' || given === null) {
    throw new ArgumentError(
      kind,
      `must be true, a number (${unit}) or { initial, min, max, bijector, trainable }, but is ${show(option)}. Use true for the default range, or leave it out.`,
    );
  }
  checkOptions(kind, given, { initial: 1, min: 1, max: 1, bijector: 1, trainable: 1 });
  const { initial = usual, bijector = 'bounded', trainable = true } = given;
  checkAbove(`${kind}.initial`, initial, 0, `Give the range to start from (${unit}).`, true);
  for (const [name, value] of Object.entries({ initial, max: given.max })) {
    if (unit !== 'share of the pixel range' || value === undefined || !(value > 1)) continue;
    throw new ArgumentError(
      `${kind}.${name}`,
      `must be a share of the pixel range, from 0 to 1, but is ${value}. Give a share of the difference between black and white, ` +
        'such as 0.1; the option valueRange says what black and white are.',
    );
  }
  if (bijector !== 'bounded') {
    if (!(bijector in bijectors)) {
      const names = ['bounded', ...Object.keys(bijectors)].join(' or ');
      throw new ArgumentError(
        `${kind}.bijector`,
        `must be ${names}, but is ${show(bijector)}. Leave it out for the default.`,
      );
    }
    if (given.min !== undefined || given.max !== undefined) {
      throw new ArgumentError(
        `${kind}.bijector`,
        `'${bijector}' has no bounds. Leave out min and max, or use 'bounded'.`,
      );
    }
    return { initial, bijector, trainable };
  }
  const { min = 0, max = most } = given;
  checkAbove(`${kind}.min`, min, 0, 'Use 0.', true);
  checkAbove(`${kind}.max`, max, min, `Use a number above min (${min}).`);
  const off = initial === 0 && min === 0;
  if (!off && !(initial > min && initial < max)) {
    throw new ArgumentError(
      `${kind}.initial`,
      `must lie between min (${min}) and max (${max}), bounds excluded, but is ${initial}. Change it, min or max.`,
    );
  }
  return { initial, min, max, bijector, trainable };
}

export function bijectorOf({ bijector, min, max }: Range): Bijector {
  return bijector === 'bounded' ? bounded(min as number, max as number) : bijectors[bijector];
}

/** The raw weight at which a range starts. If the range is off it is −∞, a fixed point of every optimizer. */
export function rawOf(range: Range): number {
  return range.initial === 0 ? Number.NEGATIVE_INFINITY : bijectorOf(range).inverse(range.initial);
}
