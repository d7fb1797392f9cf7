// A step of an optimizer on one array. args: the value, the arrays of its optimizer state, the gradient; the new value, and the
// new state; size; rates. A unit is BLOCK numbers. The operations and their order are those of TensorFlow.js, so the results
// agree with it to the last bit.
import { arg, loadLanes, real, storeLanes } from './simd';

/** Numbers per unit. */
const BLOCK: i32 = 1024;

// @ts-ignore: decorator
@inline
function read(args: usize, array: i32, i: i32, count: i32): v128 {
  return loadLanes(<usize>arg(args, array) + (<usize>i << 2), count);
}

// @ts-ignore: decorator
@inline
function write(args: usize, array: i32, i: i32, numbers: v128, count: i32): void {
  storeLanes(<usize>arg(args, array) + (<usize>i << 2), numbers, count);
}

// @ts-ignore: decorator
@inline
function rate(args: usize, i: i32): v128 {
  return f32x4.splat(real(args, i));
}

/** A decaying mean, updated with one number: mean · decay + number · (1 − decay). */
// @ts-ignore: decorator
@inline
function decayingMean(mean: v128, decay: v128, number: v128, rest: v128): v128 {
  return f32x4.add(f32x4.mul(mean, decay), f32x4.mul(number, rest));
}

/** The momentum of RMSProp, updated with one step: the gradient times the rate, over the root. */
// @ts-ignore: decorator
@inline
function rmsPropMoment(moment: v128, inertia: v128, gradient: v128, step: v128, root: v128): v128 {
  return f32x4.add(f32x4.mul(moment, inertia), f32x4.div(f32x4.mul(gradient, step), root));
}

/** Rates: −rate. */
export function sgd(args: usize, from: i32, to: i32): void {
  const end = min(arg(args, 3), to * BLOCK);
  const step = rate(args, 4);
  for (let i = from * BLOCK; i < end; i += 4) {
    const count = end - i;
    const moved = f32x4.add(f32x4.mul(step, read(args, 1, i, count)), read(args, 0, i, count));
    write(args, 2, i, moved, count);
  }
}

/** State: a decaying sum of gradients. Rates: −rate, momentum. */
export function momentum(args: usize, from: i32, to: i32): void {
  const end = min(arg(args, 5), to * BLOCK);
  const step = rate(args, 6), decay = rate(args, 7);
  for (let i = from * BLOCK; i < end; i += 4) {
    const count = end - i;
    const sum = f32x4.add(f32x4.mul(decay, read(args, 1, i, count)), read(args, 2, i, count));
    write(args, 3, i, f32x4.add(f32x4.mul(step, sum), read(args, 0, i, count)), count);
    write(args, 4, i, sum, count);
  }
}

/**
 * Nesterov's momentum: the step uses the sum after the present gradient has been added once more. Arguments as for {@link
 * momentum}.
 */
export function nesterov(args: usize, from: i32, to: i32): void {
  const end = min(arg(args, 5), to * BLOCK);
  const step = rate(args, 6), decay = rate(args, 7);
  for (let i = from * BLOCK; i < end; i += 4) {
    const count = end - i;
    const gradient = read(args, 2, i, count);
    const sum = f32x4.add(f32x4.mul(decay, read(args, 1, i, count)), gradient);
    const ahead = f32x4.add(gradient, f32x4.mul(sum, decay));
    write(args, 3, i, f32x4.add(f32x4.mul(step, ahead), read(args, 0, i, count)), count);
    write(args, 4, i, sum, count);
  }
}

/** State: mean square of the gradient, momentum. Rates: rate, decay, 1 − decay, momentum, ε. */
export function rmsProp(args: usize, from: i32, to: i32): void {
  const end = min(arg(args, 7), to * BLOCK);
  const step = rate(args, 8), decay = rate(args, 9), rest = rate(args, 10);
  const inertia = rate(args, 11), epsilon = rate(args, 12);
  for (let i = from * BLOCK; i < end; i += 4) {
    const count = end - i;
    const gradient = read(args, 3, i, count);
    const square = decayingMean(read(args, 1, i, count), decay, f32x4.mul(gradient, gradient), rest);
    const root = f32x4.sqrt(f32x4.add(square, epsilon));
    const moment = rmsPropMoment(read(args, 2, i, count), inertia, gradient, step, root);
    write(args, 4, i, f32x4.sub(read(args, 0, i, count), moment), count);
    write(args, 5, i, square, count);
    write(args, 6, i, moment, count);
  }
}

/** State: mean square of the gradient, momentum, mean of the gradient. Rates as for {@link rmsProp}. */
export function centeredRmsProp(args: usize, from: i32, to: i32): void {
  const end = min(arg(args, 9), to * BLOCK);
  const step = rate(args, 10), decay = rate(args, 11), rest = rate(args, 12);
  const inertia = rate(args, 13), epsilon = rate(args, 14);
  for (let i = from * BLOCK; i < end; i += 4) {
    const count = end - i;
    const gradient = read(args, 4, i, count);
    const square = decayingMean(read(args, 1, i, count), decay, f32x4.mul(gradient, gradient), rest);
    const mean = decayingMean(read(args, 3, i, count), decay, gradient, rest);
    // TensorFlow.js subtracts ε as well, so the root is NaN where a gradient hardly varies.
    const spread = f32x4.sqrt(f32x4.sub(square, f32x4.add(f32x4.mul(mean, mean), epsilon)));
    const moment = rmsPropMoment(read(args, 2, i, count), inertia, gradient, step, spread);
    write(args, 5, i, f32x4.sub(read(args, 0, i, count), moment), count);
    write(args, 6, i, square, count);
    write(args, 7, i, moment, count);
    write(args, 8, i, mean, count);
  }
}

/** State: first and second moment. Rates: β₁, 1 − β₁, β₂, 1 − β₂, 1 − β₁ᵗ, 1 − β₂ᵗ, ε, −rate. */
export function adam(args: usize, from: i32, to: i32): void {
  const end = min(arg(args, 7), to * BLOCK);
  const b1 = rate(args, 8), r1 = rate(args, 9), b2 = rate(args, 10), r2 = rate(args, 11);
  const c1 = rate(args, 12), c2 = rate(args, 13), epsilon = rate(args, 14), step = rate(args, 15);
  for (let i = from * BLOCK; i < end; i += 4) {
    const count = end - i;
    const gradient = read(args, 3, i, count);
    const first = decayingMean(read(args, 1, i, count), b1, gradient, r1);
    const second = decayingMean(read(args, 2, i, count), b2, f32x4.mul(gradient, gradient), r2);
    const root = f32x4.add(f32x4.sqrt(f32x4.div(second, c2)), epsilon);
    const moved = f32x4.add(f32x4.mul(f32x4.div(f32x4.div(first, c1), root), step), read(args, 0, i, count));
    write(args, 4, i, moved, count);
    write(args, 5, i, first, count);
    write(args, 6, i, second, count);
  }
}
