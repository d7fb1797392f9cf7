//! Products of matrices, one or many.

use crate::heap::Heap;
use crate::outer::OuterProducts;
use crate::pool;
use crate::rows::{Epilogue, RowProduct, Tap};

/// out = op(A) · op(B) for each triple of addresses, with op(A) rows × inner and op(B) inner × columns.
#[derive(Clone, Debug)]
pub struct MatrixProducts {
    pub rows: u32,
    pub inner: u32,
    pub columns: u32,
    pub transpose_a: bool,
    pub transpose_b: bool,
    pub epilogue: Option<Epilogue>,
    /// (a, b, out), in bytes.
    pub addresses: Vec<[u32; 3]>,
}

impl MatrixProducts {
    /// Runs them on up to `threads` threads. Many small products run one per thread; a few large ones run on all threads
    /// together.
    pub fn run(&self, heap: Heap, threads: usize) -> Result<(), String> {
        let count = self.addresses.len();
        let small = u64::from(self.rows) * u64::from(self.inner) * u64::from(self.columns) < 4_000_000;
        if threads == 1 || count < 2 * threads || !small {
            return self.addresses.iter().try_for_each(|each| self.one(heap, each, threads));
        }
        let failed = std::sync::Mutex::new(None);
        pool::run(threads, count, (count / (threads * 8)).max(1), &|from, to| {
            for each in &self.addresses[from..to] {
                if let Err(message) = self.one(heap, each, 1) {
                    *failed.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = Some(message);
                }
            }
        })?;
        failed.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()).map_or(Ok(()), Err)
    }

    fn one(&self, heap: Heap, &[a, b, output]: &[u32; 3], threads: usize) -> Result<(), String> {
        let &MatrixProducts { rows, inner, columns, .. } = self;
        if self.transpose_a && !self.transpose_b && self.epilogue.is_none() {
            return OuterProducts {
                a,
                b,
                output,
                images: 1,
                a_height: 1,
                a_width: inner,
                depth: rows,
                b_height: 1,
                b_width: inner,
                columns,
                stride_y: 1,
                stride_x: 1,
                taps: vec![(0, 0)],
            }
            .run(heap, threads);
        }
        let a = if self.transpose_a { return Err("Transpose A first.".into()) } else { a };
        RowProduct {
            input: a,
            weights: b,
            output,
            images: 1,
            input_planes: 1,
            input_height: rows,
            input_width: 1,
            depth: inner,
            input_row: 1,
            input_plane: rows,
            columns,
            depth_stride: if self.transpose_b { 1 } else { columns },
            column_stride: if self.transpose_b { inner } else { 1 },
            grid_planes: 1,
            grid_height: rows,
            grid_width: 1,
            step_z: 1,
            step_y: 1,
            step_x: 1,
            output_origin: 0,
            output_column: 0,
            output_row: columns,
            output_plane: 0,
            output_image: 0,
            taps: vec![Tap { z: 0, y: 0, x: 0, weights: 0 }],
            epilogue: self.epilogue,
        }
        .run(heap, threads)
    }
}
