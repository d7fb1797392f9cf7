import type { Examples } from './holdOut';

/** The sums over the examples that a fit to one target needs. The sums of parts add up. */
export interface Sums {
  count: number;
  /** Σ x, Σ y. */
  x: Float64Array;
  y: number;
  /** Σ x xᵀ, `[p, p]`, Σ x y and Σ y². */
  xx: Float64Array;
  xy: Float64Array;
  yy: number;
}

/** Rows of a block: its products stay in the cache while they are summed. */
const block = 64;

/** The sums over some examples, of columns shifted by `origin`, which keeps them accurate if means are large. */
export function sums({ x, y }: Examples, origin: Float64Array, targetOrigin: number): Sums {
  const [n, p] = x.shape;
  const total: Sums = {
    count: n,
    x: new Float64Array(p),
    y: 0,
    xx: new Float64Array(p * p),
    xy: new Float64Array(p),
    yy: 0,
  };
  // Columns of a block of rows, one after the other, so that inner products run along memory.
  const columns = new Float64Array(p * block);
  const targets = new Float64Array(block);
  const products = new Float64Array(8);
  for (let start = 0; start < n; start += block) {
    const rows = Math.min(block, n - start);
    for (let i = 0; i < rows; i++) {
      const from = (start + i) * p;
      for (let j = 0; j < p; j++) columns[j * block + i] = x.data[from + j] - origin[j];
      targets[i] = y.data[start + i] - targetOrigin;
      total.y += targets[i];
      total.yy += targets[i] ** 2;
    }
    for (let j = 0; j < p; j++) {
      const a = j * block;
      for (let i = 0; i < rows; i++) {
        total.x[j] += columns[a + i];
        total.xy[j] += columns[a + i] * targets[i];
      }
    }
    // Blocks of 2 × 4 products, for which six numbers are read: from the diagonal on, so that some are made twice.
    for (let j = 0; j < p; j += 2) {
      const a0 = j * block;
      const a1 = Math.min(j + 1, p - 1) * block;
      for (let k = j; k < p; k += 4) {
        // Columns past the last one repeat it, and their products are not kept.
        const b0 = k * block;
        const b1 = Math.min(k + 1, p - 1) * block;
        const b2 = Math.min(k + 2, p - 1) * block;
        const b3 = Math.min(k + 3, p - 1) * block;
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        let t0 = 0;
        let t1 = 0;
        let t2 = 0;
        let t3 = 0;
        for (let i = 0; i < rows; i++) {
          const u = columns[a0 + i];
          const v = columns[a1 + i];
          const w0 = columns[b0 + i];
          const w1 = columns[b1 + i];
          const w2 = columns[b2 + i];
          const w3 = columns[b3 + i];
          s0 += u * w0;
          s1 += u * w1;
          s2 += u * w2;
          s3 += u * w3;
          t0 += v * w0;
          t1 += v * w1;
          t2 += v * w2;
          t3 += v * w3;
        }
        products[0] = s0;
        products[1] = s1;
        products[2] = s2;
        products[3] = s3;
        products[4] = t0;
        products[5] = t1;
        products[6] = t2;
        products[7] = t3;
        for (let c = 0; c < Math.min(4, p - k); c++) {
          total.xx[j * p + k + c] += products[c];
          if (j + 1 < p) total.xx[(j + 1) * p + k + c] += products[4 + c];
        }
      }
    }
  }
  for (let j = 0; j < p; j++) for (let k = 0; k < j; k++) total.xx[j * p + k] = total.xx[k * p + j];
  return total;
}

/** a − b, or a + b, term by term. */
export function combine(a: Sums, b: Sums, sign: 1 | -1): Sums {
  const each = (x: Float64Array, y: Float64Array) => x.map((v, i) => v + sign * y[i]);
  return {
    count: a.count + sign * b.count,
    x: each(a.x, b.x),
    y: a.y + sign * b.y,
    xx: each(a.xx, b.xx),
    xy: each(a.xy, b.xy),
    yy: a.yy + sign * b.yy,
  };
}
