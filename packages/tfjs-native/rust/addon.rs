//! What JavaScript calls. Every function gets the whole heap and the arguments as 32-bit integers, in the order of the
//! structures' fields. A panic becomes an error.

use crate::channels::{Activation, ActivationGradient, Arriving, Drawn, Moments, Normalize, NormalizeInput, Rows, Sums};
use crate::finite::AllFinite;
use crate::heap::Heap;
use crate::matrices::MatrixProducts;
use crate::noise::Noise;
use crate::outer::OuterProducts;
use crate::processor;
use crate::rows::{Epilogue, RowProduct, Tap};
use crate::windows::{Axis, Depthwise, DepthwiseFilter, MaxPool, MaxPoolGradient, Windows};
use napi::bindgen_prelude::{Error, Int32ArraySlice, Result, Uint8ArraySlice};
use napi_derive::napi;
use std::panic::{catch_unwind, AssertUnwindSafe};

/// Instruction sets that this processor has, the fastest first.
#[napi]
pub fn instruction_sets() -> Vec<String> {
    processor::available().iter().map(|set| set.name().into()).collect()
}

/// The instruction set in use.
#[napi]
pub fn instruction_set() -> String {
    processor::chosen().name().into()
}

/// Uses the instruction set of that name from now on.
#[napi]
pub fn use_instruction_set(name: String) -> Result<()> {
    processor::choose(&name).map(|_| ()).map_err(Error::from_reason)
}

/// Integers, one after the other.
struct Words<'a>(&'a [i32]);

impl Words<'_> {
    fn next(&mut self) -> std::result::Result<i32, String> {
        let (first, rest) = self.0.split_first().ok_or("The argument block is too short.")?;
        self.0 = rest;
        Ok(*first)
    }
    fn size(&mut self) -> std::result::Result<u32, String> {
        Ok(self.next()? as u32)
    }
    fn number(&mut self) -> std::result::Result<f32, String> {
        Ok(f32::from_bits(self.size()?))
    }
    fn rows(&mut self) -> std::result::Result<Rows, String> {
        Ok(Rows { rows: self.size()?, channels: self.size()? })
    }
    fn activation(&mut self) -> std::result::Result<Activation, String> {
        Ok(Activation { slope: self.number()?, floor: self.number()?, most: self.number()? })
    }
    fn arriving(&mut self) -> std::result::Result<Arriving, String> {
        Ok(Arriving { dy: self.size()?, y: self.size()?, activation: self.activation()? })
    }
    fn axis(&mut self) -> std::result::Result<Axis, String> {
        Ok(Axis {
            size: self.size()?,
            out: self.size()?,
            taps: self.size()?,
            dilation: self.size()?,
            stride: self.size()?,
            pad: self.size()?,
        })
    }
    fn windows(&mut self) -> std::result::Result<Windows, String> {
        Ok(Windows { images: self.size()?, channels: self.size()?, y: self.axis()?, x: self.axis()? })
    }
    fn drawn(&mut self) -> std::result::Result<Option<Drawn>, String> {
        let drawn = Drawn {
            scale: self.size()?,
            scales: self.size()?,
            k0: self.size()?,
            k1: self.size()?,
            mirrored: self.next()? != 0,
        };
        Ok((drawn.scale != 0).then_some(drawn))
    }
    fn epilogue(&mut self) -> std::result::Result<Option<Epilogue>, String> {
        let (there, bias, bias_size) = (self.next()?, self.size()?, self.size()?);
        let (least, most) = (self.number()?, self.number()?);
        Ok((there != 0).then_some(Epilogue { bias, bias_size, least, most }))
    }
}

fn call(
    mut heap: Uint8ArraySlice<'_>,
    args: Int32ArraySlice<'_>,
    run: impl FnOnce(Heap, Words) -> std::result::Result<(), String>,
) -> Result<()> {
    // JavaScript waits meanwhile, so the memory stays where it is.
    let heap = unsafe {
        let bytes = heap.as_mut();
        Heap::new(bytes.as_mut_ptr(), bytes.len())
    };
    catch_unwind(AssertUnwindSafe(|| run(heap, Words(&args))))
        .unwrap_or_else(|_| Err("A native kernel failed; please report it with the shapes used.".into()))
        .map_err(Error::from_reason)
}

#[napi]
pub fn row_product(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let mut p = RowProduct {
            input: w.size()?,
            weights: w.size()?,
            output: w.size()?,
            images: w.size()?,
            input_planes: w.size()?,
            input_height: w.size()?,
            input_width: w.size()?,
            depth: w.size()?,
            input_row: w.size()?,
            input_plane: w.size()?,
            columns: w.size()?,
            depth_stride: w.size()?,
            column_stride: w.size()?,
            grid_planes: w.size()?,
            grid_height: w.size()?,
            grid_width: w.size()?,
            step_z: w.size()?,
            step_y: w.size()?,
            step_x: w.size()?,
            output_origin: w.size()?,
            output_column: w.size()?,
            output_row: w.size()?,
            output_plane: w.size()?,
            output_image: w.size()?,
            epilogue: w.epilogue()?,
            taps: Vec::new(),
        };
        while !w.0.is_empty() {
            p.taps.push(Tap { z: w.next()?, y: w.next()?, x: w.next()?, weights: w.size()? });
        }
        p.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn outer_products(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let mut p = OuterProducts {
            a: w.size()?,
            b: w.size()?,
            output: w.size()?,
            images: w.size()?,
            a_height: w.size()?,
            a_width: w.size()?,
            depth: w.size()?,
            b_height: w.size()?,
            b_width: w.size()?,
            columns: w.size()?,
            stride_y: w.size()?,
            stride_x: w.size()?,
            taps: Vec::new(),
        };
        while !w.0.is_empty() {
            p.taps.push((w.next()?, w.next()?));
        }
        p.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn matrix_products(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let mut p = MatrixProducts {
            rows: w.size()?,
            inner: w.size()?,
            columns: w.size()?,
            transpose_a: w.next()? != 0,
            transpose_b: w.next()? != 0,
            epilogue: w.epilogue()?,
            addresses: Vec::new(),
        };
        while !w.0.is_empty() {
            p.addresses.push([w.size()?, w.size()?, w.size()?]);
        }
        p.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn noise(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let noise = Noise { output: w.size()?, count: w.size()?, k0: w.size()?, k1: w.size()? };
        noise.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn moments(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let moments = Moments { x: w.size()?, mean: w.size()?, variance: w.size()?, rows: w.rows()? };
        moments.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn normalize(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let normalize = Normalize {
            x: w.size()?,
            mean: w.size()?,
            variance: w.size()?,
            scale: w.size()?,
            offset: w.size()?,
            out: w.size()?,
            rows: w.rows()?,
            epsilon: w.number()?,
            noise: w.drawn()?,
            activation: w.activation()?,
        };
        normalize.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn channel_sums(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let sums = Sums {
            arriving: w.arriving()?,
            x: w.size()?,
            mean: w.size()?,
            sum: w.size()?,
            product: w.size()?,
            noise: w.size()?,
            rows: w.rows()?,
            k0: w.size()?,
            k1: w.size()?,
            mirrored: w.next()? != 0,
        };
        sums.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn normalize_input(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let input = NormalizeInput {
            arriving: w.arriving()?,
            x: w.size()?,
            mean: w.size()?,
            variance: w.size()?,
            scale: w.size()?,
            sum: w.size()?,
            product: w.size()?,
            out: w.size()?,
            rows: w.rows()?,
            epsilon: w.number()?,
        };
        input.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn activation_gradient(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let gradient = ActivationGradient { arriving: w.arriving()?, out: w.size()?, count: w.size()? };
        gradient.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn depthwise(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let product = Depthwise {
            input: w.size()?,
            filter: w.size()?,
            output: w.size()?,
            transposed: w.next()? != 0,
            windows: w.windows()?,
        };
        product.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn depthwise_filter(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let sums = DepthwiseFilter { x: w.size()?, dy: w.size()?, output: w.size()?, windows: w.windows()? };
        sums.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn max_pool(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let pool = MaxPool { x: w.size()?, output: w.size()?, windows: w.windows()? };
        pool.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn max_pool_gradient(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let gradient = MaxPoolGradient { x: w.size()?, dy: w.size()?, output: w.size()?, windows: w.windows()? };
        gradient.run(heap, threads.max(1) as usize)
    })
}

#[napi]
pub fn all_finite(heap: Uint8ArraySlice<'_>, args: Int32ArraySlice<'_>, _threads: u32) -> Result<()> {
    call(heap, args, |heap, mut words| {
        let w = &mut words;
        let mut finite = AllFinite { output: w.size()?, arrays: Vec::new() };
        while !w.0.is_empty() {
            finite.arrays.push((w.size()?, w.size()?));
        }
        finite.run(heap)
    })
}
