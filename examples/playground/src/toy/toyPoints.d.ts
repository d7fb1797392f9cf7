export interface ToyPoints {
  /** Two numbers a point. */
  readonly xs: Float32Array;
  /** 0 or 1 a point. */
  readonly labels: Float32Array;
}
export function toyPoints(
  shape: 'moons' | 'circles' | 'spirals' | 'blobs',
  count: number,
  flipped: number,
  seed: number,
): ToyPoints;
