//! Every pass over channels, in random shapes and on each instruction set of the processor, agrees with its definition in
//! float64. It gives the same bits on one thread and on three, and writes nothing beyond the outputs.

mod common;

use crossreg_tfjs_native::channels::{
    Activation, ActivationGradient, Arriving, Drawn, Moments, Normalize, NormalizeInput, Rows, Sums,
};
use crossreg_tfjs_native::noise::Noise;
use common::{alone, heap, numbers, random_cases, walled, within_walls};
use proptest::prelude::*;

fn all_close(actual: &[f32], expected: &[f64], tolerance: f64) {
    for (actual, expected) in actual.iter().zip(expected) {
        let error = (f64::from(*actual) - expected).abs();
        assert!(error <= tolerance * expected.abs().max(1.0), "{actual} for {expected}");
    }
}

const RELU: Activation = Activation { slope: 0.0, floor: 0.0, most: f32::INFINITY };
const RELU6: Activation = Activation { slope: 0.0, floor: 0.0, most: 0.75 };
const LEAKY: Activation = Activation { slope: 0.25, floor: f32::NEG_INFINITY, most: f32::INFINITY };

fn activated(a: Activation, v: f64) -> f64 {
    let y = if v > 0.0 { v } else { f64::from(a.slope) * v };
    y.min(f64::from(a.most))
}

fn slope(a: Activation, y: f32) -> f64 {
    if y >= a.most {
        0.0
    } else if y > 0.0 {
        1.0
    } else {
        f64::from(a.slope)
    }
}

#[derive(Debug, Clone)]
struct Case {
    rows: usize,
    channels: usize,
    activation: Activation,
    seed: u32,
}

fn case() -> impl Strategy<Value = Case> {
    let channels = prop_oneof![1..=40usize, Just(64), Just(200)];
    let rows = prop_oneof![1..=40usize, 100..=300usize, Just(900)];
    let activation = prop_oneof![Just(Activation::NONE), Just(RELU), Just(RELU6), Just(LEAKY)];
    (rows, channels, activation, any::<u32>())
        .prop_map(|(rows, channels, activation, seed)| Case { rows, channels, activation, seed })
}

impl Case {
    fn count(&self) -> usize {
        self.rows * self.channels
    }
    fn rows(&self) -> Rows {
        Rows { rows: self.rows as u32, channels: self.channels as u32 }
    }
    /// An even number of rows where noise is mirrored.
    fn mirrorable(self, mirrored: bool) -> Case {
        let rows = if mirrored { self.rows.next_multiple_of(2) } else { self.rows };
        Case { rows, ..self }
    }
    fn noise(&self, mirrored: bool) -> Vec<f32> {
        let mut drawn = vec![0.0; self.count()];
        let count = drawn.len() as u32;
        let noise = Noise { output: 0, count, k0: self.seed, k1: 9 };
        noise.run(heap(&mut drawn), 1).unwrap();
        if mirrored {
            let half = drawn.len() / 2;
            (0..half).for_each(|i| drawn[half + i] = -drawn[i]);
        }
        drawn
    }
    /// g = dy · activation'(y).
    fn arriving(&self, dy: &[f32], y: &[f32]) -> Vec<f64> {
        dy.iter().zip(y).map(|(dy, y)| f64::from(*dy) * slope(self.activation, *y)).collect()
    }
    fn sum(&self, f: impl Fn(usize) -> f64) -> Vec<f64> {
        let mut sums = vec![0.0; self.channels];
        (0..self.count()).for_each(|i| sums[i % self.channels] += f(i));
        sums
    }
}

proptest! {
    #![proptest_config(random_cases(100))]

    #[test]
    fn moments_are_those_of_the_channels(c in case(), shift in prop_oneof![Just(0.0f32), Just(100.0), Just(-3000.0)]) {
        let x: Vec<f32> = numbers(c.count(), c.seed).iter().map(|x| x + shift).collect();
        let out = vec![0.0; c.channels];
        let n = c.rows as f64;
        let means: Vec<f64> = c.sum(|i| f64::from(x[i])).iter().map(|sum| sum / n).collect();
        let squares = c.sum(|i| (f64::from(x[i]) - means[i % c.channels]).powi(2));
        let variances: Vec<f64> = squares.iter().map(|sum| sum / n).collect();
        within_walls(
            &[&x, &out, &out],
            |heap, at, threads| Moments { x: at[0], mean: at[1], variance: at[2], rows: c.rows() }.run(heap, threads).unwrap(),
            |after| {
                all_close(&after[1], &means, 1e-6);
                all_close(&after[2], &variances, 1e-5);
            },
        );
    }

    #[test]
    fn normalization_noise_and_activation_in_one_pass(
        c in case(),
        noisy in 0..3usize,
        as_it_is in any::<bool>(),
        mirrored in any::<bool>(),
    ) {
        let c = c.mirrorable(mirrored);
        let x = numbers(c.count(), c.seed);
        let [mean, scale, offset, sigma] = [1, 2, 3, 4].map(|i| numbers(c.channels, c.seed ^ i));
        let variance: Vec<f32> = numbers(c.channels, c.seed ^ 5).iter().map(|v| v.abs()).collect();
        let scales = if noisy == 1 { 1 } else { c.channels };
        let drawn = c.noise(mirrored);
        let expected: Vec<f64> = (0..c.count())
            .map(|i| {
                let j = i % c.channels;
                let spread = (f64::from(variance[j]) + 1e-2).sqrt();
                let normal = (f64::from(x[i]) - f64::from(mean[j])) / spread * f64::from(scale[j]);
                let normal = if as_it_is { f64::from(x[i]) } else { normal };
                let sigma = if noisy == 0 { 0.0 } else { f64::from(sigma[j % scales]) };
                activated(c.activation, normal + f64::from(offset[j]) + sigma * f64::from(drawn[i]))
            })
            .collect();
        let out = vec![0.0; c.count()];
        within_walls(
            &[&x, &mean, &variance, &scale, &offset, &sigma, &out],
            |heap, at, threads| {
                let noise = Drawn { scale: at[5], scales: scales as u32, k0: c.seed, k1: 9, mirrored };
                Normalize {
                    x: at[0], mean: if as_it_is { 0 } else { at[1] }, variance: at[2], scale: at[3], offset: at[4], out: at[6],
                    rows: c.rows(), epsilon: 1e-2, noise: (noisy > 0).then_some(noise), activation: c.activation,
                }
                .run(heap, threads)
                .unwrap()
            },
            |after| all_close(&after[6], &expected, 2e-5),
        );
    }

    #[test]
    fn sums_of_gradients(c in case()) {
        let [dy, y, x] = [1, 2, 3].map(|i| numbers(c.count(), c.seed ^ i));
        let mean = numbers(c.channels, c.seed ^ 4);
        let drawn = c.noise(false);
        let g = c.arriving(&dy, &y);
        let expected = [
            c.sum(|i| g[i]),
            c.sum(|i| g[i] * (f64::from(x[i]) - f64::from(mean[i % c.channels]))),
            c.sum(|i| g[i] * f64::from(drawn[i])),
        ];
        let out = vec![0.0; c.channels];
        within_walls(
            &[&dy, &y, &x, &mean, &out, &out, &out],
            |heap, at, threads| {
                Sums {
                    arriving: Arriving { dy: at[0], y: at[1], activation: c.activation }, x: at[2], mean: at[3],
                    sum: at[4], product: at[5], noise: at[6], rows: c.rows(), k0: c.seed, k1: 9, mirrored: false,
                }
                .run(heap, threads)
                .unwrap()
            },
            |after| (0..3).for_each(|k| all_close(&after[4 + k], &expected[k], 1e-4)),
        );
    }

    #[test]
    fn the_sum_of_gradients_with_mirrored_noise(c in case()) {
        let c = c.mirrorable(true);
        let [dy, y] = [1, 2].map(|i| numbers(c.count(), c.seed ^ i));
        let (drawn, g) = (c.noise(true), c.arriving(&dy, &y));
        let expected = c.sum(|i| g[i] * f64::from(drawn[i]));
        let out = vec![0.0; c.channels];
        within_walls(
            &[&dy, &y, &out],
            |heap, at, threads| {
                Sums {
                    arriving: Arriving { dy: at[0], y: at[1], activation: c.activation }, x: 0, mean: 0,
                    sum: 0, product: 0, noise: at[2], rows: c.rows(), k0: c.seed, k1: 9, mirrored: true,
                }
                .run(heap, threads)
                .unwrap()
            },
            |after| all_close(&after[2], &expected, 1e-4),
        );
    }

    #[test]
    fn the_gradient_before_a_normalization(c in case(), given in any::<bool>()) {
        let [dy, y, x] = [1, 2, 3].map(|i| numbers(c.count(), c.seed ^ i));
        let [mean, scale, sum, product] = [4, 5, 6, 7].map(|i| numbers(c.channels, c.seed ^ i));
        let variance: Vec<f32> = numbers(c.channels, c.seed ^ 8).iter().map(|v| v.abs()).collect();
        let g = c.arriving(&dy, &y);
        let expected: Vec<f64> = (0..c.count())
            .map(|i| {
                let j = i % c.channels;
                let spread = f64::from(variance[j]) + 1e-2;
                let factor = f64::from(scale[j]) / spread.sqrt();
                let centred = f64::from(x[i]) - f64::from(mean[j]);
                let own = centred * f64::from(product[j]) / spread + f64::from(sum[j]);
                factor * (g[i] - if given { 0.0 } else { own / c.rows as f64 })
            })
            .collect();
        let out = vec![0.0; c.count()];
        within_walls(
            &[&dy, &y, &x, &mean, &variance, &scale, &sum, &product, &out],
            |heap, at, threads| {
                NormalizeInput {
                    arriving: Arriving { dy: at[0], y: at[1], activation: c.activation }, x: at[2], mean: at[3],
                    variance: at[4], scale: at[5], sum: if given { 0 } else { at[6] }, product: at[7], out: at[8],
                    rows: c.rows(), epsilon: 1e-2,
                }
                .run(heap, threads)
                .unwrap()
            },
            |after| all_close(&after[8], &expected, 1e-4),
        );
    }

    #[test]
    fn the_gradient_before_an_activation(c in case()) {
        let [dy, y] = [1, 2].map(|i| numbers(c.count(), c.seed ^ i));
        let expected = c.arriving(&dy, &y);
        let out = vec![0.0; c.count()];
        within_walls(
            &[&dy, &y, &out],
            |heap, at, threads| {
                let arriving = Arriving { dy: at[0], y: at[1], activation: c.activation };
                ActivationGradient { arriving, out: at[2], count: c.count() as u32 }.run(heap, threads).unwrap()
            },
            |after| all_close(&after[2], &expected, 1e-6),
        );
    }

    #[test]
    fn no_arguments_reach_beyond_the_memory(
        c in case(),
        at in prop::array::uniform9(prop_oneof![0..16_384u32, any::<u32>()]),
        size in prop_oneof![(1..300u32, 1..70u32), any::<(u32, u32)>()],
    ) {
        let rows = Rows { rows: size.0, channels: size.1 };
        let arriving = Arriving { dy: at[0], y: at[1], activation: c.activation };
        let mirrored = at[8] % 4 < 2;
        let scales = if at[8] % 2 == 0 { 1 } else { size.1 };
        let noise = Some(Drawn { scale: at[5], scales, k0: 1, k1: 2, mirrored });
        let sum = if mirrored { 0 } else { at[4] };
        let product = if mirrored { 0 } else { at[5] };
        let _guard = alone();
        let mut all = vec![1.0f32; 64 + 8192 + 64];
        let end = all.len() - 64;
        for kernel in 0..5 {
            let heap = heap(&mut all[64..end]);
            let _ = match kernel {
                0 => Moments { x: at[0], mean: at[1], variance: at[2], rows }.run(heap, 3),
                1 => Normalize {
                    x: at[0], mean: at[1], variance: at[2], scale: at[3], offset: at[4], out: at[6],
                    rows, epsilon: 1.0,
                    noise, activation: c.activation,
                }
                .run(heap, 3),
                2 => Sums { arriving, x: at[2], mean: at[3], sum, product, noise: at[6], rows, k0: 1, k1: 2, mirrored }
                    .run(heap, 3),
                3 => NormalizeInput {
                    arriving, x: at[2], mean: at[3], variance: at[4], scale: at[5], sum: at[6], product: at[7], out: at[8],
                    rows, epsilon: 1.0,
                }
                .run(heap, 3),
                _ => ActivationGradient { arriving, out: at[2], count: size.0 }.run(heap, 3),
            };
        }
        assert!(all[..64].iter().chain(&all[end..]).all(|each| *each == 1.0));
    }
}

#[test]
fn what_is_not_a_number_stays_one() {
    for activation in [Activation::NONE, RELU, RELU6, LEAKY] {
        let (mut all, at) = walled(&[&[f32::NAN, 1.0], &[0.0], &[1.0], &[0.0, 0.0]]);
        let rows = Rows { rows: 2, channels: 1 };
        let normalize = Normalize {
            x: at[0], mean: at[1], variance: at[2], scale: 0, offset: 0, out: at[3], rows, epsilon: 0.0, noise: None, activation,
        };
        normalize.run(heap(&mut all), 1).unwrap();
        let out = at[3] as usize / 4;
        assert!(all[out].is_nan() && !all[out + 1].is_nan());
        let arriving = Arriving { dy: at[2], y: at[0], activation };
        if activation.slope != 1.0 {
            ActivationGradient { arriving, out: at[3], count: 1 }.run(heap(&mut all), 1).unwrap();
            assert!(all[out].is_nan());
        }
    }
}
