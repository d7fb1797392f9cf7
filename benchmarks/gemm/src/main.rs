//! Time of our convolution kernels relative to a matrix product of the same size by the `gemm` crate, whose operands are
//! prepared beforehand. Medians of alternating runs on one thread, in processor time. The shapes are those with stride 1 in
//! ../src/wasm/sweep.mjs.
//!
//! `cargo run --release --manifest-path benchmarks/gemm/Cargo.toml`

use cpu_time::ThreadTime;
use crossreg_tfjs_native::heap::Heap;
use crossreg_tfjs_native::outer::OuterProducts;
use crossreg_tfjs_native::rows::{RowProduct, Tap};
use std::time::{Duration, Instant};

/// [batch, pixels, channels in, channels out, filter, stride]
const SHAPES: [[u32; 6]; 27] = [
    [1, 32, 16, 16, 3, 1],
    [1, 64, 32, 32, 3, 1],
    [1, 16, 128, 128, 3, 1],
    [1, 8, 256, 256, 3, 1],
    [16, 64, 16, 16, 3, 1],
    [16, 32, 32, 32, 3, 1],
    [16, 16, 64, 64, 3, 1],
    [16, 8, 256, 256, 3, 1],
    [16, 4, 256, 256, 3, 1],
    [64, 32, 3, 32, 3, 1],
    [64, 32, 32, 32, 3, 1],
    [64, 16, 32, 64, 3, 1],
    [64, 16, 64, 64, 3, 1],
    [64, 8, 64, 128, 3, 1],
    [64, 8, 128, 128, 3, 1],
    [256, 4, 64, 64, 3, 1],
    [256, 8, 32, 32, 3, 1],
    [256, 16, 8, 8, 3, 1],
    [256, 28, 1, 16, 3, 1],
    [16, 32, 64, 64, 1, 1],
    [64, 16, 128, 128, 1, 1],
    [64, 8, 256, 64, 1, 1],
    [256, 4, 64, 256, 1, 1],
    [1, 64, 32, 64, 1, 1],
    [16, 32, 16, 32, 5, 1],
    [64, 16, 32, 32, 5, 1],
    [64, 8, 64, 64, 5, 1],
];

fn median(mut xs: Vec<f64>) -> f64 {
    xs.sort_by(f64::total_cmp);
    xs[xs.len() / 2]
}

/// The time of the second relative to the first. They run alternately.
fn ratio(mut ours: impl FnMut(), mut other: impl FnMut()) -> f64 {
    let timed = |f: &mut dyn FnMut()| {
        // Processor time, which on one thread does not depend on other programs.
        let started = ThreadTime::now();
        f();
        started.elapsed().as_secs_f64()
    };
    timed(&mut ours);
    timed(&mut other);
    let (mut a, mut b) = (Vec::new(), Vec::new());
    let started = Instant::now();
    while a.len() < 5 || (a.len() < 60 && started.elapsed() < Duration::from_millis(250)) {
        a.push(timed(&mut ours));
        b.push(timed(&mut other));
    }
    median(b) / median(a)
}

/// out [rows, columns] = lhs [rows, inner] · rhs [inner, columns], the left one stored as its transpose if requested.
unsafe fn product(out: *mut f32, lhs: *const f32, rhs: *const f32, [rows, inner, columns]: [usize; 3], transposed: bool) {
    let (column, row) = if transposed { (rows as isize, 1) } else { (1, inner as isize) };
    let wide = columns as isize;
    gemm::gemm(
        rows, columns, inner, out, 1, wide, false, lhs, column, row, rhs, 1, wide, 0.0f32, 1.0f32, false, false, false,
        gemm::Parallelism::None,
    );
}

fn main() {
    let mut all = [Vec::new(), Vec::new(), Vec::new()];
    println!("batch, pixels, channels in, out, filter, stride: forward, input gradient, filter gradient");
    for shape in SHAPES {
        let [images, size, depth, columns, filter, stride] = shape;
        let pixels = (images * size * size) as usize;
        let (d, c, taps) = (depth as usize, columns as usize, (filter * filter) as usize);
        // x, w, dy and space for any result, one after the other.
        let sizes = [pixels * d, taps * d * c, pixels * c, pixels * d.max(c) + taps * d * c];
        let mut memory: Vec<f32> = (0..sizes.iter().sum()).map(|i| (i % 1000) as f32 / 500.0 - 1.0).collect();
        let mut at = [0u32; 4];
        for i in 1..4 {
            at[i] = at[i - 1] + 4 * sizes[i - 1] as u32;
        }
        let heap = unsafe { Heap::new(memory.as_mut_ptr().cast(), memory.len() * 4) };
        let half = (filter / 2) as i32;
        let places: Vec<(i32, i32)> =
            (0..filter as i32).flat_map(|i| (0..filter as i32).map(move |j| (i - half, j - half))).collect();
        let rows = |input: u32, depth: u32, columns: u32, transposed: bool| RowProduct {
            input,
            weights: at[1],
            output: at[3],
            images,
            input_planes: 1,
            input_height: size,
            input_width: size,
            depth,
            input_row: size,
            input_plane: size * size,
            columns,
            depth_stride: if transposed { 1 } else { columns },
            column_stride: if transposed { depth } else { 1 },
            grid_planes: 1,
            grid_height: size,
            grid_width: size,
            step_z: 1,
            step_y: stride,
            step_x: stride,
            output_origin: 0,
            output_column: columns,
            output_row: size * columns,
            output_plane: 0,
            output_image: size * size * columns,
            taps: places
                .iter()
                .enumerate()
                .map(|(t, &(y, x))| {
                    let (y, x) = if transposed { (-y, -x) } else { (y, x) };
                    Tap { z: 0, y, x, weights: t as u32 * depth * columns }
                })
                .collect(),
            epilogue: None,
        };
        let outer = OuterProducts {
            a: at[0],
            b: at[2],
            output: at[3],
            images,
            a_height: size,
            a_width: size,
            depth,
            b_height: size,
            b_width: size,
            columns,
            stride_y: stride,
            stride_x: stride,
            taps: places.clone(),
        };
        // The size of an im2col copy of the images.
        let unfolded = vec![0.5f32; pixels * taps * d.max(c)];
        let mut out = vec![0.0f32; (pixels * d.max(c)).max(taps * d * c)];
        let weights = vec![0.5f32; taps * d * c];
        let dy = vec![0.5f32; pixels * c];
        let (from, to) = (unfolded.as_ptr(), out.as_mut_ptr());
        let (forward, backward) = (rows(at[0], depth, columns, false), rows(at[2], columns, depth, true));
        let ratios = [
            ratio(
                || forward.clone().run(heap, 1).unwrap(),
                || unsafe { product(to, from, weights.as_ptr(), [pixels, taps * d, c], false) },
            ),
            ratio(
                || backward.clone().run(heap, 1).unwrap(),
                || unsafe { product(to, from, weights.as_ptr(), [pixels, taps * c, d], false) },
            ),
            ratio(
                || outer.clone().run(heap, 1).unwrap(),
                || unsafe { product(to, from, dy.as_ptr(), [taps * d, pixels, c], true) },
            ),
        ];
        println!("{shape:?}: {:.2}, {:.2}, {:.2}", ratios[0], ratios[1], ratios[2]);
        for (each, ratio) in all.iter_mut().zip(ratios) {
            each.push(ratio);
        }
    }
    let medians = all.map(median);
    println!("medians: forward {:.2}, input gradient {:.2}, filter gradient {:.2}", medians[0], medians[1], medians[2]);
}
