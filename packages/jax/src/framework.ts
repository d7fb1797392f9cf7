import { ArgumentError, type Framework } from '@crossreg/core';
import { refuse } from '@crossreg/core/internal';
import { type Array as JaxArray, lax, numpy as np, random, valueAndGrad } from '@jax-js/jax';
import { Handle, handle, handlesIn, tidy } from './handle';

const unary = (f: (x: JaxArray) => JaxArray) => (x: Handle) => handle(f(x.ref));
const binary = (f: (a: JaxArray, b: JaxArray) => JaxArray) => (a: Handle, b: Handle) =>
  handle(f(a.ref, b.ref));
const axesOf = (axes?: readonly number[]) => (axes ? [...axes] : null);
const sameShape = (a: readonly number[], b: readonly number[]) =>
  a.length === b.length && a.every((n, i) => n === b[i]);

/** A number as an array. `literal` numbers become part of a compiled kernel; the others are buffers. */
function scalar(value: number, literal: boolean): JaxArray {
  if (literal) return np.array(value);
  const made = np.array(Float32Array.of(value), { shape: [] });
  made._realizeSource();
  return made;
}

const variables = new WeakSet<Handle>();

/** The values of variables before they were assigned inside the current differentiation, if there is one. */
let assigned: Map<Handle, JaxArray> | undefined;

/**
 * {@link Framework} on jax-js, as far as core's rules need it: the operations work on arrays and, inside `jit` and `grad`,
 * on their tracers alike.
 *
 * @param literals - whether numbers become part of the compiled kernels, which is right inside `jit`. In eager mode jax-js
 * would compile a kernel for every value of a number, so there they are buffers.
 */
function framework(literals: boolean): Framework<Handle> {
  return {
    name: 'jax',

    array(values, shape) {
      if (typeof values === 'number') return handle(scalar(values, literals));
      return handle(np.array(Float32Array.from(values), { shape: [...(shape ?? [values.length])] }));
    },
    variable(initial) {
      const made = new Handle(initial.ref);
      variables.add(made);
      return made;
    },
    assign(variable, value) {
      if (!variables.has(variable)) {
        refuse('variable', variable, 'what variable() made', 'An array cannot be assigned to.');
      }
      const [now, next] = [variable.array.shape, value.array.shape];
      if (!sameShape(now, next)) {
        throw new ArgumentError(
          'value',
          `has shape [${next}], but the variable has shape [${now}]. Reshape it first.`,
        );
      }
      // Arrays are immutable: assignment shares one, and nothing is copied.
      const before = variable.swap(value.ref);
      if (assigned && before && !assigned.has(variable)) assigned.set(variable, before);
      else before?.dispose();
    },
    shape: (x) => x.array.shape,

    add: binary((a, b) => a.add(b)),
    sub: binary((a, b) => a.sub(b)),
    mul: binary((a, b) => a.mul(b)),
    div: binary((a, b) => a.div(b)),
    maximum: binary((a, b) => np.maximum(a, b)),
    exp: unary((x) => np.exp(x)),
    log: unary((x) => np.log(x)),
    sqrt: unary((x) => np.sqrt(x)),
    abs: unary((x) => np.absolute(x)),
    sign: unary((x) => np.sign(x)),
    // Not nn.softplus, which overflows.
    softplus: unary((x) => np.maximum(x.ref, 0).add(np.log1p(np.exp(np.negative(np.absolute(x)))))),
    where: (condition, a, b) =>
      handle(np.where(np.notEqual(lax.stopGradient(condition.ref), 0), a.ref, b.ref)),

    sum: (x, axes, keepdims) => handle(np.sum(x.ref, axesOf(axes), { keepdims })),
    max: (x, axes, keepdims) => handle(np.max(x.ref, axesOf(axes), { keepdims })),
    matMul: binary((a, b) => np.matmul(a, b)),
    reshape: (x, shape) => handle(x.ref.reshape([...shape])),
    stack: (xs) => handle(np.stack(xs.map((x) => x.ref))),

    allFinite: (xs) => handle(allFinite(xs.map((x) => x.ref)).astype(np.float32)),
    normal(shape, seed) {
      // random.key(seed), made from data, because that function compiles a kernel for every seed.
      const key = np.array(Uint32Array.of(0, seed));
      return handle(random.normal(key, [...shape]));
    },
    stopGradient: unary((x) => lax.stopGradient(x)),

    valueAndGradients(f, wrt) {
      const outer = assigned;
      const changed: Handle[] = [];
      // What f assigns is a tracer and must leave with the results, next to the value.
      const traced = (...tracers: JaxArray[]): [JaxArray, JaxArray[]] => {
        const held = wrt.map((x, i) => x.swap(tracers[i]));
        const own = new Map<Handle, JaxArray>();
        assigned = own;
        try {
          return tidy(() => {
            const value = f().ref;
            changed.push(...own.keys());
            return [value, changed.map((variable) => variable.ref)];
          });
        } finally {
          assigned = outer;
          for (const [variable, before] of own) variable.swap(before)?.dispose();
          wrt.forEach((x, i) => {
            x.swap(held[i])?.dispose();
          });
        }
      };
      const differentiate = valueAndGrad(traced as any, { argnums: wrt.map((_, i) => i), hasAux: true });
      const [[value, contents], gradients] = differentiate(...wrt.map((x) => x.ref)) as unknown as [
        [JaxArray, JaxArray[]],
        JaxArray[],
      ];
      changed.forEach((variable, i) => {
        const next = handle(contents[i]);
        this.assign(variable, next);
        next.dispose();
      });
      return { value: handle(value), gradients: gradients.map(handle) };
    },
    tidy,
    dispose(xs) {
      for (const x of handlesIn(xs)) x.dispose();
    },
    read: async (x) => Float64Array.from(await x.ref.data()),
  };
}

/**
 * Whether all numbers of all arrays are finite, a boolean scalar. Consumes them. A sum is finite if its terms are, and takes a
 * fraction of the time of `np.isfinite` on each. Their scale keeps the sum of any number of them from overflowing.
 */
export const allFinite = (xs: readonly JaxArray[]): JaxArray =>
  np.isfinite(
    xs
      .map((x) => np.sum(np.absolute(x.astype(np.float32)).mul(1e-12)))
      .reduce((a, b) => a.add(b), np.array(0)),
  );

/** For core's rules inside `jit`. */
export const traced = framework(true);
/** For core in eager mode, as its contract suite runs it. It leaks within jax-js: see the tests. */
export const eager = framework(false);
