/** A picture shows [−EDGE, EDGE]² as GRID × GRID cells, the first row at the top. */
export const EDGE = 1.95;
export const GRID = 40;
