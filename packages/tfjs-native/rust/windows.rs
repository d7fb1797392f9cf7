//! Depthwise convolution with one output channel per input channel, forward and both gradients, and maximum pooling, which
//! reads the same windows. A vector holds neighbouring channels. Strides, dilations and paddings only determine which pixels
//! meet.

use crate::each_set::{fma, on_each_set};
use crate::heap::{product, Heap};
use crate::pool;

/// Channels that are processed together: the largest of these numbers that divides the number of channels.
const WIDTHS: [usize; 3] = [32, 16, 8];

/// The first `count` numbers, and 0 for the others. Nothing else is read.
#[inline(always)]
unsafe fn read<const W: usize>(from: *const f32, count: usize) -> [f32; W] {
    if count == W {
        return from.cast::<[f32; W]>().read_unaligned();
    }
    let mut numbers = [0.0; W];
    std::ptr::copy_nonoverlapping(from, numbers.as_mut_ptr(), count);
    numbers
}

#[inline(always)]
unsafe fn write<const W: usize>(to: *mut f32, numbers: [f32; W], count: usize) {
    if count == W {
        to.cast::<[f32; W]>().write_unaligned(numbers);
    } else {
        std::ptr::copy_nonoverlapping(numbers.as_ptr(), to, count);
    }
}

/// Runs a method that is compiled for each number of channels processed together.
macro_rules! by_width {
    ($job:ident, $channels:expr, $name:ident, ($($arg:expr),*)) => {
        match WIDTHS.into_iter().find(|wide| $channels % wide == 0) {
            Some(16) => $job.$name::<FUSED, 16>($($arg),*),
            Some(8) => $job.$name::<FUSED, 8>($($arg),*),
            _ => $job.$name::<FUSED, 32>($($arg),*),
        }
    };
}
/// Multiplications below which waking another thread costs more than it saves.
const SHARED_WORK: u64 = 500_000;
/// Pixels whose products are summed in float32. The sums of such blocks are added in float64.
const BLOCK: usize = 256;
/// So many meetings of taps and pixels along an axis are always allowed, however small the memory is.
const FEW_MEETINGS: u64 = 1 << 16;

/// One axis of a window that moves over an image.
#[derive(Clone, Copy, Debug)]
pub struct Axis {
    /// Pixels of the image and of the result of the forward pass.
    pub size: u32,
    pub out: u32,
    /// Taps of the window, and the distance between them in pixels.
    pub taps: u32,
    pub dilation: u32,
    pub stride: u32,
    /// Pixels before the image.
    pub pad: u32,
}

/// For each target, the taps and the source pixels that they meet.
type Meetings = Vec<Vec<(usize, usize)>>;

impl Axis {
    /// The pixel of the image that a tap meets for an output.
    fn pixel(&self, out: u32, tap: u32) -> Option<usize> {
        let at = i64::from(out) * i64::from(self.stride) + i64::from(tap) * i64::from(self.dilation) - i64::from(self.pad);
        (at >= 0 && at < i64::from(self.size)).then_some(at as usize)
    }
    /// For each output, its taps and their pixels.
    fn forward(&self) -> Meetings {
        let of = |out| (0..self.taps).filter_map(|tap| Some((tap as usize, self.pixel(out, tap)?))).collect();
        (0..self.out).map(of).collect()
    }
    /// For each pixel, the taps that reach it and their outputs.
    fn backward(&self) -> Meetings {
        let mut meetings = vec![Vec::new(); self.size as usize];
        for out in 0..self.out {
            for tap in 0..self.taps {
                if let Some(pixel) = self.pixel(out, tap) {
                    meetings[pixel].push((tap as usize, out as usize));
                }
            }
        }
        meetings
    }
    /// The list of meetings takes additional memory, so a longer list than the heap has numbers is refused.
    fn checked(&self, heap: Heap) -> Result<(), String> {
        let meetings = product(&[u64::from(self.out), u64::from(self.taps)])?.max(u64::from(self.size));
        if meetings > FEW_MEETINGS {
            heap.numbers("window", 0, meetings)?;
        }
        Ok(())
    }
}

/// Addresses in bytes, sizes in pixels.
#[derive(Clone, Copy, Debug)]
pub struct Windows {
    pub images: u32,
    pub channels: u32,
    pub y: Axis,
    pub x: Axis,
}

impl Windows {
    fn image(&self) -> Result<u64, String> {
        product(&[self.images, self.y.size, self.x.size, self.channels].map(u64::from))
    }
    fn result(&self) -> Result<u64, String> {
        product(&[self.images, self.y.out, self.x.out, self.channels].map(u64::from))
    }
    fn filter(&self) -> Result<u64, String> {
        product(&[self.y.taps, self.x.taps, self.channels].map(u64::from))
    }
    fn taps(&self) -> u64 {
        u64::from(self.y.taps) * u64::from(self.x.taps)
    }
    /// Threads for so many multiplications.
    fn threads(&self, work: u64, threads: usize) -> usize {
        if work.saturating_mul(self.taps()) < SHARED_WORK {
            1
        } else {
            threads
        }
    }
    fn checked(&self, heap: Heap) -> Result<(), String> {
        self.y.checked(heap)?;
        self.x.checked(heap)
    }
}

/// out = x ∗ w; or, if `transposed`, ∂L/∂x from dy, which takes the place of x.
#[derive(Clone, Copy, Debug)]
pub struct Depthwise {
    pub input: u32,
    pub filter: u32,
    pub output: u32,
    pub windows: Windows,
    pub transposed: bool,
}

struct ProductJob {
    input: *const f32,
    filter: *const f32,
    output: *mut f32,
    channels: usize,
    /// Of the target and of the source.
    height: usize,
    width: usize,
    source_height: usize,
    source_width: usize,
    filter_width: usize,
    y: Meetings,
    x: Meetings,
}
unsafe impl Sync for ProductJob {}

impl Depthwise {
    /// Runs it, on up to `threads` threads.
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let w = self.windows;
        w.checked(heap)?;
        let (source, target) = if self.transposed { (w.result()?, w.image()?) } else { (w.image()?, w.result()?) };
        let input = heap.numbers("input", self.input, source)?;
        let filter = heap.numbers("filter", self.filter, w.filter()?)?;
        let output = heap.numbers("output", self.output, target)?;
        if target == 0 {
            return Ok(());
        }
        let size = |axis: Axis| if self.transposed { (axis.size, axis.out) } else { (axis.out, axis.size) };
        let ((height, source_height), (width, source_width)) = (size(w.y), size(w.x));
        let meetings = |axis: Axis| if self.transposed { axis.backward() } else { axis.forward() };
        let job = ProductJob {
            input,
            filter,
            output,
            channels: w.channels as usize,
            height: height as usize,
            width: width as usize,
            source_height: source_height as usize,
            source_width: source_width as usize,
            filter_width: w.x.taps as usize,
            y: meetings(w.y),
            x: meetings(w.x),
        };
        let units = w.images as usize * job.height;
        let threads = w.threads(target, threads);
        pool::run(threads, units, units.div_ceil(threads * 8).max(1), &|from, to| unsafe { job.rows(from, to) })
    }
}

impl ProductJob {
    on_each_set!(ProductJob, rows, rows_of, (from: usize, to: usize));

    /// A unit is one row of one image of the target.
    #[inline(always)]
    unsafe fn rows_of<const FUSED: bool>(&self, from: usize, to: usize) {
        by_width!(self, self.channels, rows_in, (from, to))
    }

    #[inline(always)]
    unsafe fn rows_in<const FUSED: bool, const W: usize>(&self, from: usize, to: usize) {
        let channels = self.channels;
        for row in from..to {
            let (n, y) = (row / self.height, row % self.height);
            let taps = self.y.get_unchecked(y);
            for x in 0..self.width {
                let columns = self.x.get_unchecked(x);
                let out = self.output.add((row * self.width + x) * channels);
                let mut c = 0;
                while c < channels {
                    let count = W.min(channels - c);
                    let mut sum = [0.0f32; W];
                    for &(i, sy) in taps {
                        let line = self.input.add((n * self.source_height + sy) * self.source_width * channels + c);
                        let weights = self.filter.add(i * self.filter_width * channels + c);
                        for &(j, sx) in columns {
                            let (a, w) = (read::<W>(line.add(sx * channels), count), read::<W>(weights.add(j * channels), count));
                            for k in 0..W {
                                sum[k] = fma::<FUSED>(a[k], w[k], sum[k]);
                            }
                        }
                    }
                    write(out.add(c), sum, count);
                    c += W;
                }
            }
        }
    }
}

/// ∂L/∂w: for each tap, the sum over pixels of x · dy.
#[derive(Clone, Copy, Debug)]
pub struct DepthwiseFilter {
    pub x: u32,
    pub dy: u32,
    pub output: u32,
    pub windows: Windows,
}

struct FilterJob {
    x: *const f32,
    dy: *const f32,
    w: Windows,
    /// For each tap along x: the outputs for which it meets a pixel, and the first of those pixels.
    spans: Vec<(usize, usize, usize)>,
    block: usize,
    rows: usize,
    partial: *mut f32,
}
unsafe impl Sync for FilterJob {}

impl DepthwiseFilter {
    /// Runs it on up to `threads` threads. The sums do not depend on their number.
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let w = self.windows;
        w.checked(heap)?;
        let x = heap.numbers("input", self.x, w.image()?)?;
        let dy = heap.numbers("gradient", self.dy, w.result()?)?;
        let size = w.filter()?;
        let output = heap.numbers("output", self.output, size)?;
        let rows = product(&[w.images, w.y.out].map(u64::from))?;
        if size == 0 || w.result()? == 0 {
            unsafe { output.write_bytes(0, size as usize) };
            return Ok(());
        }
        let rows = rows as usize;
        let block = (BLOCK / w.x.out as usize).max(1);
        let blocks = rows.div_ceil(block);
        let spans = (0..w.x.taps).map(|tap| span(w.x, tap)).collect();
        let size = size as usize;
        let mut partial = vec![0.0f32; blocks * size];
        let job = FilterJob { x, dy, w, spans, block, rows, partial: partial.as_mut_ptr() };
        let threads = w.threads(w.result()?, threads);
        pool::run(threads, blocks, blocks.div_ceil(threads * 4).max(1), &|from, to| unsafe {
            job.blocks(from, to)
        })?;
        let mut totals = vec![0.0f64; size];
        for sums in partial.chunks_exact(size) {
            for (total, sum) in totals.iter_mut().zip(sums) {
                *total += f64::from(*sum);
            }
        }
        for (i, total) in totals.iter().enumerate() {
            unsafe { *output.add(i) = *total as f32 };
        }
        Ok(())
    }
}

/// The outputs from..to for which a tap meets a pixel, and the first of those pixels.
fn span(axis: Axis, tap: u32) -> (usize, usize, usize) {
    let inside: Vec<u32> = (0..axis.out).filter(|out| axis.pixel(*out, tap).is_some()).collect();
    match (inside.first(), inside.last()) {
        (Some(first), Some(last)) => {
            (*first as usize, *last as usize + 1, axis.pixel(*first, tap).unwrap_or(0))
        }
        _ => (0, 0, 0),
    }
}

impl FilterJob {
    on_each_set!(FilterJob, blocks, blocks_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn blocks_of<const FUSED: bool>(&self, from: usize, to: usize) {
        by_width!(self, self.w.channels as usize, blocks_in, (from, to))
    }

    #[inline(always)]
    unsafe fn blocks_in<const FUSED: bool, const W: usize>(&self, from: usize, to: usize) {
        let w = &self.w;
        let (channels, height, out) = (w.channels as usize, w.y.out as usize, w.x.out as usize);
        let (size, width) = (w.y.size as usize, w.x.size as usize);
        let step = w.x.stride as usize * channels;
        let taps = w.y.taps as usize * w.x.taps as usize;
        for block in from..to {
            let sums = self.partial.add(block * taps * channels);
            let mut c = 0;
            while c < channels {
                let count = W.min(channels - c);
                for i in 0..w.y.taps {
                    for (j, &(first, last, pixel)) in self.spans.iter().enumerate() {
                        let mut sum = [0.0f32; W];
                        for row in block * self.block..self.rows.min((block + 1) * self.block) {
                            let Some(y) = w.y.pixel((row % height) as u32, i) else { continue };
                            let mut a = self.x.add(((row / height * size + y) * width + pixel) * channels + c);
                            let mut b = self.dy.add((row * out + first) * channels + c);
                            for _ in first..last {
                                let (x, dy) = (read::<W>(a, count), read::<W>(b, count));
                                for k in 0..W {
                                    sum[k] = fma::<FUSED>(x[k], dy[k], sum[k]);
                                }
                                // Not beyond the last one, which may lie outside the memory.
                                a = a.wrapping_add(step);
                                b = b.wrapping_add(channels);
                            }
                        }
                        let tap = i as usize * w.x.taps as usize + j;
                        write(sums.add(tap * channels + c), sum, count);
                    }
                }
                c += W;
            }
        }
    }
}

/// out = the maximum of each window.
#[derive(Clone, Copy, Debug)]
pub struct MaxPool {
    pub x: u32,
    pub output: u32,
    pub windows: Windows,
}

/// dx: dy at the first maximum of each window, added up.
#[derive(Clone, Copy, Debug)]
pub struct MaxPoolGradient {
    pub x: u32,
    pub dy: u32,
    pub output: u32,
    pub windows: Windows,
}

struct PoolJob {
    x: *const f32,
    dy: *const f32,
    output: *mut f32,
    w: Windows,
    rows: Meetings,
    columns: Meetings,
}
unsafe impl Sync for PoolJob {}

impl MaxPool {
    /// Runs it, on up to `threads` threads.
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let w = self.windows;
        w.checked(heap)?;
        let x = heap.numbers("input", self.x, w.image()?)?.cast_const();
        let output = heap.numbers("output", self.output, w.result()?)?;
        if w.result()? == 0 {
            return Ok(());
        }
        let job = PoolJob { x, dy: x, output, w, rows: w.y.forward(), columns: w.x.forward() };
        let units = w.images as usize * w.y.out as usize;
        let threads = w.threads(w.result()?, threads);
        pool::run(threads, units, units.div_ceil(threads * 8).max(1), &|from, to| unsafe { job.maxima(from, to) })
    }
}

impl MaxPoolGradient {
    /// Runs it, on up to `threads` threads.
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let w = self.windows;
        w.checked(heap)?;
        let x = heap.numbers("input", self.x, w.image()?)?.cast_const();
        let dy = heap.numbers("gradient", self.dy, w.result()?)?.cast_const();
        let output = heap.numbers("output", self.output, w.image()?)?;
        if w.image()? == 0 {
            return Ok(());
        }
        let job = PoolJob { x, dy, output, w, rows: w.y.forward(), columns: w.x.forward() };
        // Windows of one image may overlap.
        let units = w.images as usize;
        let threads = w.threads(w.result()?, threads);
        pool::run(threads, units, units.div_ceil(threads * 8).max(1), &|from, to| unsafe { job.gradients(from, to) })
    }
}

impl PoolJob {
    on_each_set!(PoolJob, maxima, maxima_of, (from: usize, to: usize));
    on_each_set!(PoolJob, gradients, gradients_of, (from: usize, to: usize));

    /// A unit is one row of one image of the output.
    #[inline(always)]
    unsafe fn maxima_of<const FUSED: bool>(&self, from: usize, to: usize) {
        by_width!(self, self.w.channels as usize, maxima_in, (from, to))
    }

    #[inline(always)]
    unsafe fn maxima_in<const FUSED: bool, const W: usize>(&self, from: usize, to: usize) {
        let w = &self.w;
        let (channels, height, width) = (w.channels as usize, w.y.out as usize, w.x.out as usize);
        for row in from..to {
            let image = self.x.add(row / height * (w.y.size as usize * w.x.size as usize * channels));
            for x in 0..width {
                let mut c = 0;
                while c < channels {
                    let count = W.min(channels - c);
                    let mut best = [f32::NEG_INFINITY; W];
                    for &(_, sy) in self.rows.get_unchecked(row % height) {
                        for &(_, sx) in self.columns.get_unchecked(x) {
                            let here = read::<W>(image.add((sy * w.x.size as usize + sx) * channels + c), count);
                            for k in 0..W {
                                best[k] = if here[k] > best[k] { here[k] } else { best[k] };
                            }
                        }
                    }
                    write(self.output.add((row * width + x) * channels + c), best, count);
                    c += W;
                }
            }
        }
    }

    /// A unit is one image.
    #[inline(always)]
    unsafe fn gradients_of<const FUSED: bool>(&self, from: usize, to: usize) {
        by_width!(self, self.w.channels as usize, gradients_in, (from, to))
    }

    #[inline(always)]
    unsafe fn gradients_in<const FUSED: bool, const W: usize>(&self, from: usize, to: usize) {
        let w = &self.w;
        let (channels, height, width) = (w.channels as usize, w.y.out as usize, w.x.out as usize);
        let size = w.y.size as usize * w.x.size as usize * channels;
        for n in from..to {
            let (image, out) = (self.x.add(n * size), self.output.add(n * size));
            out.write_bytes(0, size);
            for y in 0..height {
                for x in 0..width {
                    let (rows, columns) = (self.rows.get_unchecked(y), self.columns.get_unchecked(x));
                    let dy = self.dy.add(((n * height + y) * width + x) * channels);
                    let mut c = 0;
                    while c < channels {
                        let count = W.min(channels - c);
                        let mut best = [f32::NEG_INFINITY; W];
                        let mut place = [u32::MAX; W];
                        let mut window = 0u32;
                        for &(_, sy) in rows {
                            for &(_, sx) in columns {
                                let here = read::<W>(image.add((sy * w.x.size as usize + sx) * channels + c), count);
                                for k in 0..W {
                                    let more = here[k] > best[k];
                                    best[k] = if more { here[k] } else { best[k] };
                                    place[k] = if more { window } else { place[k] };
                                }
                                window += 1;
                            }
                        }
                        let g = read::<W>(dy.add(c), count);
                        window = 0;
                        for &(_, sy) in rows {
                            for &(_, sx) in columns {
                                let to = out.add((sy * w.x.size as usize + sx) * channels + c);
                                let mut sum = read::<W>(to, count);
                                for k in 0..W {
                                    sum[k] += if place[k] == window { g[k] } else { 0.0 };
                                }
                                write(to, sum, count);
                                window += 1;
                            }
                        }
                        c += W;
                    }
                }
            }
        }
    }
}
