const TABLE_BITS = 12;
const TABLE_SIZE = 1 << TABLE_BITS;
const TABLE_SHIFT = 32 - TABLE_BITS;
// Written out, because V8 neither folds powers nor turns a division into a multiplication.
const UNIT = 2 ** -32;
const CELL = 1 / TABLE_SIZE;
const ANGLE_MASK = 2 ** TABLE_SHIFT - 1;
const ANGLE_UNIT = 2 * Math.PI * UNIT;
const THIRD = 1 / 3;
const SIXTH = 1 / 6;
/** cos(2πi/n) and sin(2πi/n): with the table, the angle needs one step of angle addition. */
const COS = Float64Array.from({ length: TABLE_SIZE }, (_, i) => Math.cos((2 * Math.PI * i) / TABLE_SIZE));
const SIN = Float64Array.from({ length: TABLE_SIZE }, (_, i) => Math.sin((2 * Math.PI * i) / TABLE_SIZE));
/** ln(1 + (i + ½)/n) with the reciprocal of its argument: with the table, the radius needs a short series. */
const LOG = Float64Array.from({ length: TABLE_SIZE }, (_, i) => Math.log1p((i + 0.5) / TABLE_SIZE));
const INVERSE = Float64Array.from({ length: TABLE_SIZE }, (_, i) => 1 / (1 + (i + 0.5) / TABLE_SIZE));

/**
 * Fills `out` with the stream of Gaussian numbers of a hashed key, in plain JavaScript. It is the reference for the kernels,
 * and it draws the numbers where an engine has no SIMD.
 *
 * A counter goes through two rounds of a 32-bit hash, keyed between them. The second round runs under two keys, and the two
 * uniform numbers become two normal ones by Box–Muller. Logarithm, cosine and sine come from tables of 4096 entries and a short
 * series, with an error far below that of float32. This is several times faster than `Math.log` and `Math.cos` and allocates
 * nothing. The radius uses all 32 bits: tails reach 6.6 σ.
 */
export function fillPortable(out: Float32Array, k0: number, k1: number): void {
  const n = out.length;
  for (let i = 0; i < n; i += 2) {
    // hash32, unrolled by hand: a function call per number would cost a third of the speed.
    let h = (i + k0) | 0;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    const state = h ^ (h >>> 15) ^ k1;
    h = state;
    h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
    h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
    const u = (h ^ (h >>> 15)) >>> 0;
    let a = state ^ 0x9e3779b9;
    a = Math.imul(a ^ (a >>> 16), 0x21f0aaad);
    a = Math.imul(a ^ (a >>> 15), 0x735a2d97);
    const v = (a ^ (a >>> 15)) >>> 0;

    // −ln((u + ½) 2⁻³²) = (1 + zeros) ln 2 − ln m, with the mantissa m in [1, 2) read off the leading bits.
    const zeros = Math.clz32(u);
    const shifted = zeros < 31 ? (u << (zeros + 1)) >>> 0 : 0;
    const cell = shifted >>> TABLE_SHIFT;
    const fine = (shifted * UNIT - (cell + 0.5) * CELL) * INVERSE[cell];
    const logarithm = LOG[cell] + fine * (1 - fine * (0.5 - fine * THIRD));
    const radius = Math.sqrt(Math.max(0, 2 * ((zeros + 1) * Math.LN2 - logarithm)));

    const turn = v >>> TABLE_SHIFT;
    const rest = (v & ANGLE_MASK) * ANGLE_UNIT;
    const cosRest = 1 - 0.5 * rest * rest;
    const sinRest = rest * (1 - rest * rest * SIXTH);
    out[i] = radius * (COS[turn] * cosRest - SIN[turn] * sinRest);
    if (i + 1 < n) out[i + 1] = radius * (SIN[turn] * cosRest + COS[turn] * sinRest);
  }
}
