//! Depthwise convolution and maximum pooling, with random windows and on each instruction set of the processor, agree with
//! their definitions in float64. They give the same bits on one thread and on three, and reach nothing beyond the memory. The
//! check for finite numbers is tested in the same way.

mod common;

use crossreg_tfjs_native::finite::AllFinite;
use crossreg_tfjs_native::heap::Heap;
use crossreg_tfjs_native::windows::{Axis, Depthwise, DepthwiseFilter, MaxPool, MaxPoolGradient, Windows};
use common::{alone, heap, numbers, random_cases, within_walls};
use proptest::prelude::*;

/// Runs `f` on a memory of the inputs and, last, the output, which must be what is expected.
fn on_each_set(arrays: &[&[f32]], f: impl Fn(Heap, &[u32], usize), expected: &[f64]) {
    within_walls(arrays, f, |results| {
        let output = results.last().unwrap();
        assert_eq!(output.len(), expected.len());
        for (actual, expected) in output.iter().zip(expected) {
            assert!((f64::from(*actual) - expected).abs() <= 2e-5 * expected.abs().max(1.0), "{actual} for {expected}");
        }
    });
}

fn axis() -> impl Strategy<Value = Axis> {
    (1..=12u32, 1..=4u32, 1..=2u32, 1..=3u32, 0..=3u32)
        .prop_map(|(size, taps, dilation, stride, pad)| {
            let out = (size + 2 * pad).checked_sub((taps - 1) * dilation + 1).map_or(0, |n| n / stride + 1);
            Axis { size, out, taps, dilation, stride, pad }
        })
        .prop_filter("an empty output", |axis| axis.out > 0)
}

fn windows() -> impl Strategy<Value = Windows> {
    (1..=3u32, prop_oneof![1..=40u32, Just(64), Just(96)], axis(), axis())
        .prop_map(|(images, channels, y, x)| Windows { images, channels, y, x })
}

fn pixel(axis: Axis, out: u32, tap: u32) -> Option<u32> {
    (out * axis.stride + tap * axis.dilation).checked_sub(axis.pad).filter(|at| *at < axis.size)
}

/// Every (tap, number of the image, number of the result) that meet in a channel, in order.
fn meetings(w: Windows) -> Vec<(usize, usize, usize)> {
    let mut all = Vec::new();
    for n in 0..w.images {
        for oy in 0..w.y.out {
            for ox in 0..w.x.out {
                for i in 0..w.y.taps {
                    for j in 0..w.x.taps {
                        let (Some(y), Some(x)) = (pixel(w.y, oy, i), pixel(w.x, ox, j)) else { continue };
                        for c in 0..w.channels {
                            all.push((
                                ((i * w.x.taps + j) * w.channels + c) as usize,
                                (((n * w.y.size + y) * w.x.size + x) * w.channels + c) as usize,
                                (((n * w.y.out + oy) * w.x.out + ox) * w.channels + c) as usize,
                            ));
                        }
                    }
                }
            }
        }
    }
    all
}

fn sizes(w: Windows) -> [usize; 3] {
    [
        w.y.taps * w.x.taps * w.channels,
        w.images * w.y.size * w.x.size * w.channels,
        w.images * w.y.out * w.x.out * w.channels,
    ]
    .map(|n| n as usize)
}

fn pooling_takes_the_first_maximum_of(w: Windows, seed: u32) {
    let [_, image, result] = sizes(w);
    // Few different numbers, so that some are equal.
    let x: Vec<f32> = numbers(image, seed).iter().map(|x| (x * 3.0).round()).collect();
    let dy = numbers(result, seed ^ 1);
    let mut best = vec![(f64::NEG_INFINITY, None); result];
    for (_, from, to) in meetings(w) {
        if f64::from(x[from]) > best[to].0 {
            best[to] = (f64::from(x[from]), Some(from));
        }
    }
    let mut dx = vec![0.0; image];
    for ((_, place), g) in best.iter().zip(&dy) {
        if let Some(from) = place {
            dx[*from] += f64::from(*g);
        }
    }
    let y: Vec<f64> = best.iter().map(|(value, _)| *value).collect();
    on_each_set(
        &[&x, &vec![5.0; result]],
        |heap, at, threads| MaxPool { x: at[0], output: at[1], windows: w }.run(heap, threads).unwrap(),
        &y,
    );
    on_each_set(
        &[&x, &dy, &vec![5.0; image]],
        |heap, at, threads| MaxPoolGradient { x: at[0], dy: at[1], output: at[2], windows: w }.run(heap, threads).unwrap(),
        &dx,
    );
}

/// A window with more taps than the memory holds numbers. Pooling stores no taps there.
#[test]
fn pooling_of_one_pixel_in_a_memory_of_six_numbers() {
    let y = Axis { size: 1, out: 1, taps: 2, dilation: 1, stride: 2, pad: 1 };
    let x = Axis { size: 1, out: 2, taps: 4, dilation: 1, stride: 1, pad: 2 };
    pooling_takes_the_first_maximum_of(Windows { images: 1, channels: 1, y, x }, 0);
}

proptest! {
    #![proptest_config(random_cases(60))]

    #[test]
    fn depthwise_products_are_the_sums_that_define_them(w in windows(), seed in any::<u32>()) {
        let [filter, image, result] = sizes(w);
        let [weights, x, dy] = [(filter, 1), (image, 2), (result, 3)].map(|(size, i)| numbers(size, seed ^ i));
        let (mut y, mut dx, mut dw) = (vec![0.0; result], vec![0.0; image], vec![0.0; filter]);
        for (tap, from, to) in meetings(w) {
            let [a, b, g] = [weights[tap], x[from], dy[to]].map(f64::from);
            y[to] += a * b;
            dx[from] += a * g;
            dw[tap] += b * g;
        }
        let product = |transposed: bool| {
            move |heap: Heap, at: &[u32], threads: usize| {
                let product = Depthwise { input: at[0], filter: at[1], output: at[2], windows: w, transposed };
                product.run(heap, threads).unwrap()
            }
        };
        on_each_set(&[&x, &weights, &vec![5.0; result]], product(false), &y);
        on_each_set(&[&dy, &weights, &vec![5.0; image]], product(true), &dx);
        on_each_set(
            &[&x, &dy, &vec![5.0; filter]],
            |heap, at, threads| DepthwiseFilter { x: at[0], dy: at[1], output: at[2], windows: w }.run(heap, threads).unwrap(),
            &dw,
        );
    }

    #[test]
    fn pooling_takes_the_first_maximum(w in windows(), seed in any::<u32>()) {
        let [_, _, result] = sizes(w);
        let mut met = vec![false; result];
        meetings(w).into_iter().for_each(|(_, _, to)| met[to] = true);
        // A window that lies in the padding has no maximum.
        prop_assume!(met.into_iter().all(|met| met));
        pooling_takes_the_first_maximum_of(w, seed);
    }

    #[test]
    fn no_arguments_reach_beyond_the_memory(
        w in windows(),
        at in prop::array::uniform3(prop_oneof![0..16_384u32, any::<u32>()]),
        changes in prop::collection::vec((0usize..14, prop_oneof![0..50u32, any::<u32>()]), 0..4),
    ) {
        let mut windows = w;
        for (field, value) in changes {
            let fields = [
                &mut windows.images, &mut windows.channels,
                &mut windows.y.size, &mut windows.y.out, &mut windows.y.taps, &mut windows.y.dilation, &mut windows.y.stride, &mut windows.y.pad,
                &mut windows.x.size, &mut windows.x.out, &mut windows.x.taps, &mut windows.x.dilation, &mut windows.x.stride, &mut windows.x.pad,
            ];
            *fields.into_iter().nth(field).unwrap() = value;
        }
        let _guard = alone();
        let mut all = vec![1.0f32; 64 + 8192 + 64];
        let end = all.len() - 64;
        for kernel in 0..5 {
            let heap = heap(&mut all[64..end]);
            let _ = match kernel {
                0 | 1 => {
                    Depthwise { input: at[0], filter: at[1], output: at[2], windows, transposed: kernel == 1 }.run(heap, 3)
                }
                2 => DepthwiseFilter { x: at[0], dy: at[1], output: at[2], windows }.run(heap, 3),
                3 => MaxPool { x: at[0], output: at[1], windows }.run(heap, 3),
                _ => MaxPoolGradient { x: at[0], dy: at[1], output: at[2], windows }.run(heap, 3),
            };
        }
        assert!(all[..64].iter().chain(&all[end..]).all(|each| *each == 1.0));
    }

    #[test]
    fn one_number_that_is_not_finite_is_found(size in 1..200usize, place in 0..400usize, which in 0..3usize) {
        let mut x = numbers(size, 1);
        if place < size {
            x[place] = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY][which];
        }
        on_each_set(
            &[&[1.0, 2.0], &x, &[5.0]],
            |heap, at, _| AllFinite { output: at[2], arrays: vec![(at[0], 2), (at[1], size as u32)] }.run(heap).unwrap(),
            &[if place < size { 0.0 } else { 1.0 }],
        );
    }
}
