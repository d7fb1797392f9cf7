//! Every product, in random shapes, on each instruction set of the processor and on several threads, agrees with sums written
//! by the definition in float64. Random arguments may be refused, but must not change anything outside the memory. Build with
//! AddressSanitizer to find reads outside it too: `RUSTFLAGS=-Zsanitizer=address cargo +nightly test --no-default-features
//! --target x86_64-unknown-linux-gnu`.

mod common;

use crossreg_tfjs_native::outer::OuterProducts;
use crossreg_tfjs_native::rows::{Epilogue, RowProduct, Tap};
use common::{heap, numbers, on_each_set, random_cases};
use proptest::prelude::*;

/// Arrays one after the other at the start of a memory of exactly their size.
fn memory(arrays: &[&[f32]]) -> (Vec<f32>, Vec<u32>) {
    let mut all = Vec::new();
    let mut addresses = Vec::new();
    for array in arrays {
        addresses.push(all.len() as u32 * 4);
        all.extend_from_slice(array);
    }
    (all, addresses)
}

fn close(actual: f32, expected: f64, scale: f64) -> bool {
    (f64::from(actual) - expected).abs() <= 1e-5 * scale.max(1.0)
}

#[derive(Debug, Clone)]
struct Convolution {
    images: u32,
    size: (u32, u32),
    depth: u32,
    columns: u32,
    filter: (u32, u32),
    stride: (u32, u32),
    dilation: (u32, u32),
    pad: (u32, u32),
    seed: u32,
}

impl Convolution {
    fn out(&self) -> Option<(u32, u32)> {
        let along = |size: u32, filter: u32, stride: u32, dilation: u32, pad: u32| {
            (size + 2 * pad).checked_sub((filter - 1) * dilation + 1).map(|n| n / stride + 1)
        };
        Some((
            along(self.size.0, self.filter.0, self.stride.0, self.dilation.0, self.pad.0)?,
            along(self.size.1, self.filter.1, self.stride.1, self.dilation.1, self.pad.1)?,
        ))
    }
    fn taps(&self) -> Vec<(i32, i32)> {
        (0..self.filter.0)
            .flat_map(|i| (0..self.filter.1).map(move |j| (i, j)))
            .map(|(i, j)| {
                ((i * self.dilation.0) as i32 - self.pad.0 as i32, (j * self.dilation.1) as i32 - self.pad.1 as i32)
            })
            .collect()
    }
    /// Every (tap, input pixel, output pixel) that meet.
    fn meetings(&self) -> Vec<(usize, usize, usize)> {
        let (height, width) = self.out().unwrap();
        let mut all = Vec::new();
        for n in 0..self.images {
            for y in 0..height {
                for x in 0..width {
                    for (t, (dy, dx)) in self.taps().into_iter().enumerate() {
                        let (iy, ix) = ((y * self.stride.0) as i32 + dy, (x * self.stride.1) as i32 + dx);
                        if iy >= 0 && ix >= 0 && iy < self.size.0 as i32 && ix < self.size.1 as i32 {
                            let input = (n * self.size.0 + iy as u32) * self.size.1 + ix as u32;
                            all.push((t, input as usize, ((n * height + y) * width + x) as usize));
                        }
                    }
                }
            }
        }
        all
    }
}

fn convolution() -> impl Strategy<Value = Convolution> {
    let pair = |from: u32, to: u32| (from..=to, from..=to);
    (
        (1..=3u32, pair(1, 9), prop_oneof![1..=40u32, Just(64)], prop_oneof![1..=70u32, Just(32)]),
        (pair(1, 4), pair(1, 3), pair(1, 2), pair(0, 2), any::<u32>()),
    )
        .prop_map(|((images, size, depth, columns), (filter, stride, dilation, pad, seed))| Convolution {
            images,
            size,
            depth,
            columns,
            filter,
            stride,
            dilation,
            pad,
            seed,
        })
        .prop_filter("an empty output", |c| c.out().is_some())
}

fn row_product(c: &Convolution, input: u32, weights: u32, output: u32) -> RowProduct {
    let (height, width) = c.out().unwrap();
    RowProduct {
        input,
        weights,
        output,
        images: c.images,
        input_planes: 1,
        input_height: c.size.0,
        input_width: c.size.1,
        depth: c.depth,
        input_row: c.size.1,
        input_plane: c.size.0 * c.size.1,
        columns: c.columns,
        depth_stride: c.columns,
        column_stride: 1,
        grid_planes: 1,
        grid_height: height,
        grid_width: width,
        step_z: 1,
        step_y: c.stride.0,
        step_x: c.stride.1,
        output_origin: 0,
        output_column: c.columns,
        output_row: width * c.columns,
        output_plane: 0,
        output_image: height * width * c.columns,
        taps: c
            .taps()
            .into_iter()
            .enumerate()
            .map(|(t, (y, x))| Tap { z: 0, y, x, weights: t as u32 * c.depth * c.columns })
            .collect(),
        epilogue: None,
    }
}

/// On each instruction set, on one thread and on three.
fn on_each_set_and_threads(mut f: impl FnMut(usize)) {
    on_each_set(|| [1, 3].into_iter().for_each(&mut f));
}

proptest! {
    #![proptest_config(random_cases(60))]

    #[test]
    fn convolution_is_the_sum_that_defines_it(c in convolution()) {
        let (height, width) = c.out().unwrap();
        let (depth, columns) = (c.depth as usize, c.columns as usize);
        let x = numbers((c.images * c.size.0 * c.size.1) as usize * depth, c.seed);
        let w = numbers((c.filter.0 * c.filter.1) as usize * depth * columns, c.seed ^ 1);
        let bias = numbers(columns, c.seed ^ 2);
        let mut expected: Vec<f64> = (0..(c.images * height * width) as usize * columns).map(|i| f64::from(bias[i % columns])).collect();
        for (t, input, output) in c.meetings() {
            for k in 0..depth {
                for j in 0..columns {
                    expected[output * columns + j] +=
                        f64::from(x[input * depth + k]) * f64::from(w[(t * depth + k) * columns + j]);
                }
            }
        }
        let scale = (depth as f64).sqrt() * 4.0;
        on_each_set_and_threads(|threads| {
            let out = vec![7.0; expected.len()];
            let (mut all, at) = memory(&[&x, &w, &bias, &out]);
            let mut product = row_product(&c, at[0], at[1], at[3]);
            product.epilogue = Some(Epilogue { bias: at[2], bias_size: c.columns, least: -2.0, most: f32::INFINITY });
            product.run(heap(&mut all), threads).unwrap();
            for (actual, expected) in all[at[3] as usize / 4..].iter().zip(&expected) {
                assert!(close(*actual, expected.max(-2.0), scale), "{actual} for {expected}");
            }
            assert_eq!(&all[..x.len()], &x[..]);
        });
    }

    #[test]
    fn the_filter_gradient_is_the_sum_that_defines_it(c in convolution()) {
        let (height, width) = c.out().unwrap();
        let (depth, columns) = (c.depth as usize, c.columns as usize);
        let x = numbers((c.images * c.size.0 * c.size.1) as usize * depth, c.seed);
        let dy = numbers((c.images * height * width) as usize * columns, c.seed ^ 1);
        let mut expected = vec![0.0f64; (c.filter.0 * c.filter.1) as usize * depth * columns];
        for (t, input, output) in c.meetings() {
            for k in 0..depth {
                for j in 0..columns {
                    expected[(t * depth + k) * columns + j] +=
                        f64::from(x[input * depth + k]) * f64::from(dy[output * columns + j]);
                }
            }
        }
        on_each_set_and_threads(|threads| {
            let out = vec![7.0; expected.len()];
            let (mut all, at) = memory(&[&x, &dy, &out]);
            let product = OuterProducts {
                a: at[0], b: at[1], output: at[2],
                images: c.images, a_height: c.size.0, a_width: c.size.1, depth: c.depth,
                b_height: height, b_width: width, columns: c.columns,
                stride_y: c.stride.0, stride_x: c.stride.1, taps: c.taps(),
            };
            product.run(heap(&mut all), threads).unwrap();
            for (actual, expected) in all[at[2] as usize / 4..].iter().zip(&expected) {
                assert!(close(*actual, *expected, 30.0), "{actual} for {expected}");
            }
        });
    }

    #[test]
    fn no_arguments_reach_beyond_the_memory(
        c in convolution(),
        changes in prop::collection::vec((0usize..24, prop_oneof![0..200u32, any::<u32>()]), 0..4),
        tap in prop_oneof![Just((0, 0, 0, 0)), any::<(i32, i32, i32, u32)>()],
    ) {
        let mut p = row_product(&c, 0, 4096, 8192);
        for (field, value) in changes {
            let fields = [
                &mut p.input, &mut p.weights, &mut p.output, &mut p.images, &mut p.input_planes, &mut p.input_height,
                &mut p.input_width, &mut p.depth, &mut p.input_row, &mut p.input_plane, &mut p.columns,
                &mut p.depth_stride, &mut p.column_stride, &mut p.grid_planes, &mut p.grid_height, &mut p.grid_width,
                &mut p.step_z, &mut p.step_y, &mut p.step_x, &mut p.output_origin, &mut p.output_column,
                &mut p.output_row, &mut p.output_plane, &mut p.output_image,
            ];
            *fields.into_iter().nth(field).unwrap() = value;
        }
        p.taps.push(Tap { z: tap.0, y: tap.1, x: tap.2, weights: tap.3 });
        on_each_set_and_threads(|threads| {
            let mut all = vec![1.0f32; 64 + 16_384 + 64];
            let end = all.len() - 64;
            let _ = p.clone().run(heap(&mut all[64..end]), threads);
            assert!(all[..64].iter().chain(&all[end..]).all(|each| *each == 1.0));
        });
    }
}

/// It could run for any length of time.
#[test]
fn a_grid_written_over_itself_is_refused() {
    let c = Convolution {
        images: 1, size: (3, 3), depth: 2, columns: 5, filter: (1, 1), stride: (1, 1), dilation: (1, 1), pad: (0, 0), seed: 1,
    };
    let mut all = vec![1.0f32; 4096];
    let whole = row_product(&c, 0, 4096, 8192);
    whole.clone().run(heap(&mut all), 1).unwrap();
    let large = RowProduct { grid_width: u32::MAX, output_column: 0, step_x: 0, ..whole.clone() };
    assert!(large.run(heap(&mut all), 1).unwrap_err().contains("output"));
    let many = RowProduct { columns: u32::MAX / 8, column_stride: 0, output_column: 0, grid_width: 1, grid_height: 1, ..whole };
    assert!(many.run(heap(&mut all), 1).is_err());
    let empty = OuterProducts {
        a: 0, b: 0, output: 0, images: u32::MAX, a_height: 0, a_width: 0, depth: 1, b_height: u32::MAX, b_width: 0, columns: 1,
        stride_y: 1, stride_x: 1, taps: vec![(0, 0)],
    };
    empty.run(heap(&mut all), 1).unwrap();
    assert_eq!(all[0], 0.0);
}
