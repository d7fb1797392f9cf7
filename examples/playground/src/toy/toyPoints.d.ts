export interface ToyPoints {
  /** Two numbers per point. */
  readonly xs: Float32Array;
  /** 0 or 1 per point. */
  readonly labels: Float32Array;
}
export function toyPoints(
  shape: 'moons' | 'circles' | 'spirals' | 'blobs',
  count: number,
  flipped: number,
  seed: number,
): ToyPoints;
