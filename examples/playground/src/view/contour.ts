/** A line from [x0, y0] to [x1, y1], in cells: a cell's centre is at a half. */
export type Segment = readonly [number, number, number, number];

/**
 * Where a map of size × size values crosses a level, by marching squares with linear interpolation.
 *
 * @param map - rows from the top.
 */
export function contour(map: ArrayLike<number>, size: number, level: number): Segment[] {
  const segments: Segment[] = [];
  for (let row = 0; row + 1 < size; row++) {
    for (let column = 0; column + 1 < size; column++) {
      const at = row * size + column;
      // The corners of a square of four centres, clockwise from the top left.
      const corners = [
        [column, row, map[at]],
        [column + 1, row, map[at + 1]],
        [column + 1, row + 1, map[at + size + 1]],
        [column, row + 1, map[at + size]],
      ] as const;
      const crossings: [number, number][] = [];
      for (let i = 0; i < 4; i++) {
        const [x0, y0, v0] = corners[i];
        const [x1, y1, v1] = corners[(i + 1) % 4];
        if (v0 >= level === v1 >= level) continue;
        const share = (level - v0) / (v1 - v0);
        crossings.push([x0 + 0.5 + share * (x1 - x0), y0 + 0.5 + share * (y1 - y0)]);
      }
      // Two crossings, or four at a saddle, which are paired in order.
      for (let i = 0; i + 1 < crossings.length; i += 2) segments.push([...crossings[i], ...crossings[i + 1]]);
    }
  }
  return segments;
}
