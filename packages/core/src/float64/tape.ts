import { Array64, size } from './array64';

/** One recorded operation: how a gradient of its output becomes gradients of its inputs. */
interface Operation {
  inputs: readonly Array64[];
  output: Array64;
  /** Vector–Jacobian product, asked only for inputs that lead back to what is differentiated. */
  pullback: (dy: Array64, input: number) => Array64;
}

/** The operations of the innermost differentiation under way, or none. */
let tape: Operation[] | undefined;

/** Notes an operation on the tape, if one is running, and returns its output. */
export function record(
  output: Array64,
  inputs: readonly Array64[],
  pullback: Operation['pullback'],
): Array64 {
  tape?.push({ inputs, output, pullback });
  return output;
}

/** Runs `f` with another tape, or with none. */
function withTape<R>(other: Operation[] | undefined, f: () => R): R {
  const outer = tape;
  tape = other;
  try {
    return f();
  } finally {
    tape = outer;
  }
}

const add = (a: Array64, b: Array64) => {
  const data = a.data.map((v, i) => v + b.data[i]);
  return new Array64(data, a.shape);
};

/** Reverse-mode differentiation of a scalar `f`: record forward, then walk back over what depends on `wrt`. */
export function valueAndGradients(
  f: () => Array64,
  wrt: readonly Array64[],
): { value: Array64; gradients: Array64[] } {
  const operations: Operation[] = [];
  const value = withTape(operations, f);
  if (size(value.shape) !== 1) throw new RangeError(`a gradient needs a scalar, not shape [${value.shape}]`);

  return withTape(undefined, () => {
    const reachable = new Set<Array64>(wrt);
    for (const { inputs, output } of operations) {
      if (inputs.some((input) => reachable.has(input))) reachable.add(output);
    }
    const gradients = new Map<Array64, Array64>([[value, new Array64(Float64Array.of(1), value.shape)]]);
    for (const { inputs, output, pullback } of operations.reverse()) {
      const dy = gradients.get(output);
      if (!dy || !reachable.has(output)) continue;
      inputs.forEach((input, i) => {
        if (!reachable.has(input)) return;
        const dx = pullback(dy, i);
        const sum = gradients.get(input);
        gradients.set(input, sum ? add(sum, dx) : dx);
      });
    }
    return {
      value,
      gradients: wrt.map((x) => gradients.get(x) ?? new Array64(new Float64Array(x.data.length), x.shape)),
    };
  });
}
