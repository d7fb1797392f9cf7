import * as tf from '@tensorflow/tfjs-core';
import type { Inputs, Shader } from './shader';

/**
 * The two numbers of a pair: the kernel of `@crossreg/tfjs-wasm` (assembly/noise.ts) in WGSL. It uses the same integers and the
 * same series, so the numbers differ only by float32 rounding.
 */
const pair = `
  fn mixed(start : u32) -> u32 {
    var h = start;
    h = (h ^ (h >> 16u)) * 0x21f0aaadu;
    h = (h ^ (h >> 15u)) * 0x735a2d97u;
    return h ^ (h >> 15u);
  }

  fn radius(u : u32) -> f32 {
    let bits = bitcast<i32>(f32(i32(u >> 1u)) + 0.5);
    // The exponent that leaves a mantissa of at least the root of a half.
    let exponent = (bits - 0x3f3504f3) >> 23u;
    let mantissa = bitcast<f32>(bits - (exponent << 23u));
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let series = fma(z, fma(z, fma(z, -0.5714285714285714, -0.8), -1.3333333333333333), -4.0);
    let square = fma(s, series, f32(31 - exponent) * 1.3862943611198906);
    return sqrt(max(square, 0.0));
  }

  fn pairAt(position : i32) -> vec2<f32> {
    let state = mixed(u32(position) + u32(uniforms.k0)) ^ u32(uniforms.k1);
    let r = radius(mixed(state));
    let v = mixed(state ^ 0x9e3779b9u);
    // The angle is a number of right angles and a remainder of at most half of one.
    let quarter = i32(v + 0x20000000u) >> 30u;
    let rest = i32(v) - (quarter << 30u);
    let t = f32(rest) * 1.4629180792671596e-9;
    let z = t * t;
    let sine = fma(z * t, fma(z, fma(z, -1.9515295891e-4, 8.3321608736e-3), -1.6666654611e-1), t);
    let cosine = fma(z, fma(z, fma(z, fma(z, 2.443315711809948e-5, -1.388731625493765e-3), 4.166664568298827e-2), -0.5), 1.0);
    let odd = (quarter & 1) != 0;
    let c = select(cosine, sine, odd);
    let s = select(sine, cosine, odd);
    return r * vec2<f32>(
      select(c, -c, ((quarter + 1) & 2) != 0),
      select(s, -s, (quarter & 2) != 0));
  }
`;

/** One thread per pair; `put` is what becomes of the number `e` at place `p`. */
const program = (put: string) => `
  ${pair}
  fn put(p : i32, e : f32) {
    ${put}
  }
  fn main(index : i32) {
    let p = 2 * index;
    if (p < uniforms.size) {
      let both = pairAt(p);
      put(p, both.x);
      put(p + 1, both.y);
    }
  }
`;

interface Key {
  k0: number;
  k1: number;
}

/** The stream of a hashed key. */
export const gaussianShader = (_: Inputs, { k0, k1, shape }: Key & { shape: number[] }): Shader => ({
  name: 'crossregGaussian',
  outputShape: shape,
  inputs: [],
  integers: { k0, k1 },
  threads: tf.util.sizeFromShape(shape) / 2,
  code: program('if (p < uniforms.size) { result[p] = e; }'),
});

/** x + scale · ε, with one scale for all or one per channel. Mirrored, the second half has the ε of the first with the other sign. */
export const addNoiseShader = (
  { x, scale }: Inputs,
  { k0, k1, mirrored }: Key & { mirrored: boolean },
): Shader => {
  const drawn = tf.util.sizeFromShape(x.shape) / (mirrored ? 2 : 1);
  return {
    name: mirrored ? 'crossregAddMirroredNoise' : 'crossregAddNoise',
    outputShape: x.shape,
    inputs: ['x', 'scale'],
    integers: { k0, k1, channels: tf.util.sizeFromShape(scale.shape), drawn },
    threads: drawn / 2,
    code: program(`
      if (p < uniforms.drawn) {
        let s = scale[p % uniforms.channels];
        result[p] = fma(s, e, x[p]);
        ${mirrored ? 'result[p + uniforms.drawn] = fma(s, -e, x[p + uniforms.drawn]);' : ''}
      }
    `),
  };
};
