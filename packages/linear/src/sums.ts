import type { Examples } from './heldOut';

/** The sums that a fit to one target needs of its examples: they add up over parts of the data. */
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

/** The sums over some examples, of columns shifted by `origin`, which keeps them accurate where means are large. */
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
      let [sum, product] = [0, 0];
      for (let i = 0; i < rows; i++) {
        sum += columns[a + i];
        product += columns[a + i] * targets[i];
      }
      total.x[j] += sum;
      total.xy[j] += product;
      // Four columns at a time: each number of column j is read once for four products.
      let k = j;
      for (; k + 3 < p; k += 4) {
        const [b0, b1, b2, b3] = [k * block, (k + 1) * block, (k + 2) * block, (k + 3) * block];
        let s0 = 0;
        let s1 = 0;
        let s2 = 0;
        let s3 = 0;
        for (let i = 0; i < rows; i++) {
          const v = columns[a + i];
          s0 += v * columns[b0 + i];
          s1 += v * columns[b1 + i];
          s2 += v * columns[b2 + i];
          s3 += v * columns[b3 + i];
        }
        const out = j * p + k;
        total.xx[out] += s0;
        total.xx[out + 1] += s1;
        total.xx[out + 2] += s2;
        total.xx[out + 3] += s3;
      }
      for (; k < p; k++) {
        let s = 0;
        for (let i = 0; i < rows; i++) s += columns[a + i] * columns[k * block + i];
        total.xx[j * p + k] += s;
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
