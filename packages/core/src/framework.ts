/**
 * The operations that cross-regularization needs from an array framework, on the framework's own array
 * type `T`. Everything else in this package is written against this interface and knows no tensor type.
 *
 * {@link float64} in this package is the readable reference; `tfjs` in `@crossreg/tfjs` works on tensors. Another framework is
 * complete when it passes the suite of `@crossreg/core/testing`: docs/another-framework.md writes one. Rules that use only the arithmetic
 * (optimizers' rules, norms, averages, bijectors) can be traced and compiled, as `@crossreg/jax` does.
 *
 * Conventions
 * - Binary operations broadcast like NumPy. Reductions take the axes to remove; without axes they remove all.
 * - A *variable* is a `T` whose contents {@link Framework.assign} replaces; every operation accepts it as an
 *   array. Everything else is immutable.
 * - Scalars are arrays of shape `[]`. They stay on the device until {@link Framework.read} is awaited.
 * - Arrays made inside {@link Framework.tidy} and not returned from it are freed when it ends.
 */
export interface Framework<T> {
  /** For messages: `float64`, `tfjs`. */
  readonly name: string;

  /** An array of the given shape (default: `[values.length]`) from row-major values, or a scalar from a number. */
  array(values: number | ArrayLike<number>, shape?: readonly number[]): T;
  /** A new variable with a copy of `initial`'s contents. The caller owns it: `tidy` never frees a variable. */
  variable(initial: T, name?: string): T;
  /** Replaces the contents of a variable; shapes must agree. `value` itself stays the caller's. */
  assign(variable: T, value: T): void;
  /** The shape; `[]` for a scalar. */
  shape(x: T): readonly number[];

  add(a: T, b: T): T;
  sub(a: T, b: T): T;
  mul(a: T, b: T): T;
  div(a: T, b: T): T;
  maximum(a: T, b: T): T;
  exp(x: T): T;
  log(x: T): T;
  sqrt(x: T): T;
  abs(x: T): T;
  /** −1, 0 or 1. Its gradient is zero. */
  sign(x: T): T;
  /** log(1 + eˣ), without overflow. */
  softplus(x: T): T;
  /** `a` where `condition` is not zero (NaN is not), else `b`. No gradient to the condition. */
  where(condition: T, a: T, b: T): T;

  sum(x: T, axes?: readonly number[], keepDims?: boolean): T;
  max(x: T, axes?: readonly number[], keepDims?: boolean): T;
  /** Matrix product of two arrays of rank 2. */
  matMul(a: T, b: T): T;
  reshape(x: T, shape: readonly number[]): T;
  /** Joins arrays of equal shape along a new leading axis. */
  stack(xs: readonly T[]): T;

  /** Scalar 1 if every number of every array is finite, else 0. Not differentiable. */
  allFinite(xs: readonly T[]): T;
  /** Standard normal numbers; the same `seed` and shape give the same numbers. Not differentiable. */
  normal(shape: readonly number[], seed: number): T;
  /** The same numbers, cut off from differentiation. */
  stopGradient(x: T): T;

  /**
   * Value and gradient of a scalar-valued `f` with respect to `wrt` (variables or arrays that `f` reads).
   * An entry that `f` does not depend on gets a zero gradient. Nothing outside `wrt` is differentiated.
   */
  valueAndGradients(f: () => T, wrt: readonly T[]): { value: T; gradients: T[] };

  /** Runs `f` and frees every array made in it but those in what it returns. */
  tidy<R>(f: () => R): R;
  /** Frees arrays or variables. Freeing twice does nothing. */
  dispose(xs: T | readonly T[]): void;
  /** The numbers of `x`, row-major. The only way off the device, and the only wait. */
  read(x: T): Promise<Float64Array>;

  /**
   * Optional: an optimizer of the framework's own that takes the same steps as core's, to rounding, in fewer passes over the
   * arrays. `createTrainer` asks for it for θ.
   *
   * @param settings - of the factory, such as `{ name: 'adam', learningRate, beta1, … }`.
   * @returns undefined for settings that the framework has no optimizer for. Core's is used then.
   */
  fusedOptimizer?(settings: object | undefined, variables: readonly T[]): Optimizer<T> | undefined;
}

/** Moves a fixed list of variables against their gradients. Made by a factory such as `adam`. */
export interface Optimizer<T> {
  /**
   * One step. If `enabled`, a scalar on the device, is 0, variables and state stay as they are, so that a non-finite loss is refused
   * without waiting for the device. A step whose new values are not finite, because a gradient is not or because it overflows, is
   * refused too. Elements that were not finite before, such as the raw value −∞ of a scale that is off, stay.
   */
  step(gradients: readonly T[], enabled?: T): void;
  /** Steps taken, refused ones included. A checkpoint saves this and `slots`, and assigns both to continue. */
  iterations: number;
  /** State variables in a fixed order: none for `sgd` without momentum, the two moments of every variable for `adam`. */
  readonly slots: readonly T[];
  dispose(): void;
}
