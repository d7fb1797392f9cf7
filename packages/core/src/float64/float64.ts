import type { Framework } from '../framework';
import { fillNormal } from '../random';
import { Array64, broadcastOffsets, broadcastShape, size } from './array64';
import { record, valueAndGradients } from './tape';

const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((n, axis) => n === b[axis]);

const fill = (shape: readonly number[], value: (i: number) => number): Array64 => {
  const data = new Float64Array(size(shape));
  for (let i = 0; i < data.length; i++) data[i] = value(i);
  return new Array64(data, shape);
};

/** Sums a gradient of the broadcast shape back to the shape it was broadcast from. */
function sumTo(dy: Array64, shape: readonly number[]): Array64 {
  if (sameShape(dy.shape, shape)) return dy;
  const out = new Float64Array(size(shape));
  const offsets = broadcastOffsets(shape, dy.shape);
  for (let i = 0; i < offsets.length; i++) out[offsets[i]] += dy.data[i];
  return new Array64(out, shape);
}

/** An elementwise function of one array, with its derivative from the input x and the output y. */
const unary =
  (f: (x: number) => number, derivative: (x: number, y: number) => number) =>
  (x: Array64): Array64 => {
    const { data } = x;
    const y = new Array64(data.map(f), x.shape);
    return record(y, [x], (dy) => fill(x.shape, (i) => dy.data[i] * derivative(data[i], y.data[i])));
  };

/** An elementwise function of two broadcast arrays, with its two partial derivatives. */
const binary =
  (f: (a: number, b: number) => number, ...partials: readonly ((a: number, b: number) => number)[]) =>
  (a: Array64, b: Array64): Array64 => {
    const shape = broadcastShape(a.shape, b.shape);
    const [p, q] = [a, b].map((x) => {
      if (sameShape(x.shape, shape)) return x.data;
      const offsets = broadcastOffsets(x.shape, shape);
      return fill(shape, (i) => x.data[offsets[i]]).data;
    });
    const y = fill(shape, (i) => f(p[i], q[i]));
    return record(y, [a, b], (dy, input) =>
      sumTo(
        fill(shape, (i) => dy.data[i] * partials[input](p[i], q[i])),
        [a, b][input].shape,
      ),
    );
  };

// Partial derivatives of a + b, a − b and a · b.
const [one, minusOne] = [() => 1, () => -1];
const [first, second] = [(a: number) => a, (_: number, b: number) => b];

/** The shape of `x` without `axes` (all of them by default), and the same with those axes kept as 1. */
function reducedShapes(x: Array64, axes: readonly number[] = x.shape.map((_, axis) => axis)) {
  const removed = new Set(axes.map((axis) => (axis < 0 ? axis + x.shape.length : axis)));
  return {
    reduced: x.shape.filter((_, axis) => !removed.has(axis)),
    kept: x.shape.map((n, axis) => (removed.has(axis) ? 1 : n)),
  };
}

const sigmoid = (x: number) => (x >= 0 ? 1 / (1 + Math.exp(-x)) : Math.exp(x) / (1 + Math.exp(x)));

/**
 * The reference framework: float64 arrays in plain JavaScript with a small reverse-mode tape. Made to be read and
 * to be right; `@crossreg/linear` computes on it, and every other framework is tested against it.
 */
export const float64: Framework<Array64> = {
  name: 'float64',

  array(values, shape) {
    const data = typeof values === 'number' ? Float64Array.of(values) : Float64Array.from(values);
    const dims = shape ?? (typeof values === 'number' ? [] : [data.length]);
    if (size(dims) !== data.length) throw new RangeError(`${data.length} values do not fill shape [${dims}]`);
    return new Array64(data, dims);
  },
  variable: (initial) => new Array64(initial.data.slice(), initial.shape),
  assign(variable, value) {
    if (!sameShape(variable.shape, value.shape)) {
      throw new RangeError(`cannot assign shape [${value.shape}] to a variable of shape [${variable.shape}]`);
    }
    // New numbers, not new contents: a gradient that runs may need the old ones.
    variable.data = value.data.slice();
  },
  shape: (x) => x.shape,

  add: binary((a, b) => a + b, one, one),
  sub: binary((a, b) => a - b, one, minusOne),
  mul: binary((a, b) => a * b, second, first),
  div: binary(
    (a, b) => a / b,
    (_, b) => 1 / b,
    (a, b) => -a / (b * b),
  ),
  maximum: binary(
    Math.max,
    (a, b) => (a >= b ? 1 : 0),
    (a, b) => (a < b ? 1 : 0),
  ),
  exp: unary(Math.exp, (_, y) => y),
  log: unary(Math.log, (x) => 1 / x),
  sqrt: unary(Math.sqrt, (_, y) => 0.5 / y),
  abs: unary(Math.abs, Math.sign),
  sign: unary(Math.sign, () => 0),
  softplus: unary((x) => Math.max(x, 0) + Math.log1p(Math.exp(-Math.abs(x))), sigmoid),

  where(condition, a, b) {
    const shape = broadcastShape(condition.shape, broadcastShape(a.shape, b.shape));
    const [c, p, q] = [condition, a, b].map((x) => broadcastOffsets(x.shape, shape));
    const { data } = condition;
    const y = fill(shape, (i) => (data[c[i]] !== 0 ? a.data[p[i]] : b.data[q[i]]));
    return record(y, [a, b], (dy, input) =>
      sumTo(
        fill(shape, (i) => ((data[c[i]] !== 0) === (input === 0) ? dy.data[i] : 0)),
        [a, b][input].shape,
      ),
    );
  },

  sum(x, axes, keepDims = false) {
    const { reduced, kept } = reducedShapes(x, axes);
    const y = new Array64(sumTo(x, kept).data, keepDims ? kept : reduced);
    const offsets = broadcastOffsets(kept, x.shape);
    return record(y, [x], (dy) => fill(x.shape, (i) => dy.data[offsets[i]]));
  },
  max(x, axes, keepDims = false) {
    const { reduced, kept } = reducedShapes(x, axes);
    const offsets = broadcastOffsets(kept, x.shape);
    const first = new Int32Array(size(kept)).fill(-1);
    offsets.forEach((to, i) => {
      if (first[to] < 0 || x.data[i] > x.data[first[to]]) first[to] = i;
    });
    const y = new Array64(
      Float64Array.from(first, (i) => x.data[i]),
      keepDims ? kept : reduced,
    );
    // All the gradient to the first maximum: a subgradient, where two are equal.
    return record(y, [x], (dy) => fill(x.shape, (i) => (first[offsets[i]] === i ? dy.data[offsets[i]] : 0)));
  },
  matMul(a, b) {
    const [left, right] = [a, b].map((x) => new Array64(x.data, x.shape));
    return record(matMul(a, b), [a, b], (dy, input) =>
      input === 0 ? matMul(dy, transpose(right)) : matMul(transpose(left), dy),
    );
  },
  reshape(x, shape) {
    if (size(shape) !== x.data.length) throw new RangeError(`cannot reshape [${x.shape}] to [${shape}]`);
    return record(new Array64(x.data.slice(), shape), [x], (dy) => new Array64(dy.data, x.shape));
  },
  stack(xs) {
    const n = xs[0].data.length;
    const data = new Float64Array(n * xs.length);
    xs.forEach((x, i) => {
      data.set(x.data, i * n);
    });
    return record(
      new Array64(data, [xs.length, ...xs[0].shape]),
      xs,
      (dy, input) => new Array64(dy.data.slice(input * n, (input + 1) * n), xs[0].shape),
    );
  },

  allFinite: (xs) => float64.array(Number(xs.every((x) => x.data.every(Number.isFinite)))),
  normal: (shape, seed) => new Array64(fillNormal(new Float64Array(size(shape)), seed), shape),
  stopGradient: (x) => new Array64(x.data.slice(), x.shape),

  valueAndGradients,
  tidy: (f) => f(),
  dispose() {}, // The garbage collector does it.
  read: async (x) => x.data.slice(),
};

function matMul(a: Array64, b: Array64): Array64 {
  const [m, k] = a.shape;
  const [rows, n] = b.shape;
  if (a.shape.length !== 2 || b.shape.length !== 2 || k !== rows) {
    throw new RangeError(`cannot multiply matrices of shapes [${a.shape}] and [${b.shape}]`);
  }
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < k; j++) {
      const factor = a.data[i * k + j];
      for (let l = 0; l < n; l++) out[i * n + l] += factor * b.data[j * n + l];
    }
  }
  return new Array64(out, [m, n]);
}

function transpose(a: Array64): Array64 {
  const [m, n] = a.shape;
  return fill([n, m], (i) => a.data[(i % m) * n + Math.floor(i / m)]);
}
