//! Batch normalization of rows of channels, with the noise and the activation after it, in as few passes over memory as
//! possible in each direction. Noise is never stored: the backward pass draws it again. The derivative of the activation
//! follows from its output.

use crate::each_set::{fma, on_each_set};
use crate::heap::Heap;
use crate::noise::{draw, read, write, DRAWN, SHARED_NUMBERS};
use crate::pool;

/// Rows that are summed in float32 (more if rows are short). The sums of such blocks are added in float64.
const BLOCK: usize = 128;
/// Numbers in a unit of work without sums.
const UNIT: usize = 4096;

/// Whole rows, an even number of them: a pair of Gaussian numbers begins at every even position.
fn block_of(channels: usize) -> usize {
    BLOCK.max((UNIT / channels).next_multiple_of(2))
}

/// y = v above 0 and at most `most`, slope · v below 0 and at least `floor`: identity, ReLU, ReLU6, leaky ReLU.
#[derive(Clone, Copy, Debug)]
pub struct Activation {
    pub slope: f32,
    pub floor: f32,
    pub most: f32,
}

impl Activation {
    pub const NONE: Activation = Activation { slope: 1.0, floor: f32::NEG_INFINITY, most: f32::INFINITY };

    fn is_none(&self) -> bool {
        self.slope == 1.0 && self.floor == f32::NEG_INFINITY && self.most == f32::INFINITY
    }

    #[inline(always)]
    fn value(&self, v: f32) -> f32 {
        let low = v * self.slope;
        // −∞ · 0 is a NaN, which is not above the floor; one in v stays.
        let low = if low > self.floor { low } else { self.floor };
        let y = if v < 0.0 { low } else { v };
        if y > self.most {
            self.most
        } else {
            y
        }
    }

    /// The derivative where the output is y. It is 1 for a NaN.
    #[inline(always)]
    fn derivative(&self, y: f32) -> f32 {
        let low = if y <= 0.0 { self.slope } else { y };
        let d = if y > 0.0 { 1.0 } else { low };
        if y >= self.most {
            0.0
        } else {
            d
        }
    }
}

/// A stream of Gaussian numbers, and the address of their factors: one number, or one per channel.
#[derive(Clone, Copy, Debug)]
pub struct Drawn {
    pub scale: u32,
    pub scales: u32,
    pub k0: u32,
    pub k1: u32,
    /// Whether the second half of the rows has the numbers of the first half with the opposite sign.
    pub mirrored: bool,
}

/// Rows of `channels` numbers.
#[derive(Clone, Copy, Debug)]
pub struct Rows {
    pub rows: u32,
    pub channels: u32,
}

impl Rows {
    fn count(&self) -> u64 {
        u64::from(self.rows) * u64::from(self.channels)
    }
    fn checked(&self) -> Result<(usize, usize), String> {
        if self.rows == 0 || self.channels == 0 {
            return Err("There must be a row and a channel.".into());
        }
        Ok((self.rows as usize, self.channels as usize))
    }
    fn half(&self) -> Result<Rows, String> {
        if self.rows % 2 != 0 {
            return Err(format!("Mirrored noise takes an even number of rows, but there are {}.", self.rows));
        }
        Ok(Rows { rows: self.rows / 2, ..*self })
    }
    fn threads(&self, threads: usize) -> usize {
        if self.count() < SHARED_NUMBERS as u64 {
            1
        } else {
            threads
        }
    }
}

/// One number per channel, repeated so that `DRAWN` neighbours can be read from any channel on.
fn table(channels: usize, f: impl Fn(usize) -> f32) -> Vec<f32> {
    let mut table: Vec<f32> = (0..channels).map(f).collect();
    table.reserve(DRAWN);
    for i in 0..DRAWN {
        table.push(table[i]);
    }
    table
}

#[inline(always)]
unsafe fn at(table: &[f32], channel: usize) -> [f32; DRAWN] {
    table.as_ptr().add(channel).cast::<[f32; DRAWN]>().read_unaligned()
}

/// Adds `numbers` to sums that are laid out as a table, entry by entry.
#[inline(always)]
unsafe fn add(sums: *mut f32, channel: usize, numbers: [f32; DRAWN]) {
    let place = sums.add(channel).cast::<[f32; DRAWN]>();
    let mut sum = place.read_unaligned();
    for i in 0..DRAWN {
        sum[i] += numbers[i];
    }
    place.write_unaligned(sum);
}

/// Folds the sums of a table into those of its channels, in float64.
fn fold(sums: &[f32], channels: usize, totals: &mut [f64]) {
    for row in sums.chunks(channels) {
        for (total, sum) in totals.iter_mut().zip(row) {
            *total += f64::from(*sum);
        }
    }
}

/// A walk through neighbouring numbers, `DRAWN` at a time, that knows the channel of the first.
#[derive(Clone, Copy)]
struct Walk {
    at: usize,
    end: usize,
    channel: usize,
    channels: usize,
    step: usize,
}

impl Walk {
    #[inline(always)]
    fn new(from: usize, end: usize, channels: usize) -> Walk {
        Walk { at: from, end, channel: from % channels, channels, step: DRAWN % channels }
    }
    #[inline(always)]
    fn next(&mut self) -> Option<(usize, usize, usize)> {
        if self.at >= self.end {
            return None;
        }
        let here = (self.at, self.channel, DRAWN.min(self.end - self.at));
        self.at += DRAWN;
        self.channel += self.step;
        if self.channel >= self.channels {
            self.channel -= self.channels;
        }
        Some(here)
    }
}

/// Mean and variance of every channel: of each block Σ (x − m) and Σ (x − m)², with m about the block's own mean, put together
/// in float64 (after Chan, Golub & LeVeque 1979). Nothing cancels, however far the mean is from 0.
#[derive(Clone, Copy, Debug)]
pub struct Moments {
    pub x: u32,
    pub mean: u32,
    pub variance: u32,
    pub rows: Rows,
}

struct MomentsJob {
    x: *const f32,
    rows: usize,
    block: usize,
    channels: usize,
    /// Tables of Σ x, Σ (x − m) and Σ (x − m)² for each block.
    partial: *mut f32,
}

impl Moments {
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let (rows, channels) = self.rows.checked()?;
        let x = heap.numbers("input", self.x, self.rows.count())?;
        let mean = heap.numbers("mean", self.mean, channels as u64)?;
        let variance = heap.numbers("variance", self.variance, channels as u64)?;
        let block = block_of(channels);
        let blocks = rows.div_ceil(block);
        let row = channels + DRAWN;
        let mut partial = vec![0.0f32; blocks * 3 * row];
        let job = MomentsJob { x, rows, block, channels, partial: partial.as_mut_ptr() };
        let threads = self.rows.threads(threads);
        pool::run(threads, blocks, blocks.div_ceil(threads * 4).max(1), &|from, to| unsafe {
            job.blocks(from, to)
        })?;
        let (mut used, mut left, mut squares) = (vec![0.0f64; channels], vec![0.0f64; channels], vec![0.0f64; channels]);
        let mut totals = vec![0.0f64; channels];
        for (b, tables) in partial.chunks_exact(3 * row).enumerate() {
            let count = block.min(rows - b * block) as f64;
            used.fill(0.0);
            fold(&tables[..row], channels, &mut used);
            fold(&tables[row..2 * row], channels, &mut totals);
            for (total, used) in totals.iter_mut().zip(&used) {
                *total += count * f64::from((used / count) as f32);
            }
        }
        let means: Vec<f64> = totals.iter().map(|total| total / rows as f64).collect();
        for (b, tables) in partial.chunks_exact(3 * row).enumerate() {
            let count = block.min(rows - b * block) as f64;
            used.fill(0.0);
            left.fill(0.0);
            fold(&tables[..row], channels, &mut used);
            fold(&tables[row..2 * row], channels, &mut left);
            fold(&tables[2 * row..], channels, &mut squares);
            for c in 0..channels {
                let shift = f64::from((used[c] / count) as f32) - means[c];
                squares[c] += shift * (2.0 * left[c] + count * shift);
            }
        }
        for c in 0..channels {
            unsafe {
                *mean.add(c) = means[c] as f32;
                *variance.add(c) = (squares[c] / rows as f64) as f32;
            }
        }
        Ok(())
    }
}

unsafe impl Sync for MomentsJob {}
impl MomentsJob {
    on_each_set!(MomentsJob, blocks, blocks_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn blocks_of<const FUSED: bool>(&self, from: usize, to: usize) {
        let row = self.channels + DRAWN;
        let mut totals = vec![0.0f64; self.channels];
        let mut means = vec![0.0f32; row];
        for block in from..to {
            let sums = self.partial.add(block * 3 * row);
            let (left, squares) = (sums.add(row), sums.add(2 * row));
            let begin = block * self.block;
            let end = self.rows.min(begin + self.block);
            let walk = Walk::new(begin * self.channels, end * self.channels, self.channels);
            let mut each = walk;
            while let Some((at, channel, count)) = each.next() {
                add(sums, channel, read(self.x.add(at), count));
            }
            totals.fill(0.0);
            fold(std::slice::from_raw_parts(sums, row), self.channels, &mut totals);
            let count = (end - begin) as f64;
            for means in means.chunks_mut(self.channels) {
                for (mean, total) in means.iter_mut().zip(&totals) {
                    *mean = (total / count) as f32;
                }
            }
            let mut each = walk;
            while let Some((from, channel, count)) = each.next() {
                let (mut x, mean) = (read(self.x.add(from), count), at(&means, channel));
                for i in 0..DRAWN {
                    x[i] = if i < count { x[i] - mean[i] } else { 0.0 };
                }
                add(left, channel, x);
                for d in &mut x {
                    *d *= *d;
                }
                add(squares, channel, x);
            }
        }
    }
}

/// out = activation((x − mean) · scale / √(variance + ε) + offset + noise).
#[derive(Clone, Copy, Debug)]
pub struct Normalize {
    pub x: u32,
    /// 0: x is not normalized.
    pub mean: u32,
    pub variance: u32,
    /// 0: none. So is the offset.
    pub scale: u32,
    pub offset: u32,
    pub out: u32,
    pub rows: Rows,
    pub epsilon: f32,
    pub noise: Option<Drawn>,
    pub activation: Activation,
}

/// scale / √(variance + ε), as in the wasm kernels: computed in float64 and rounded once.
unsafe fn factor(variance: *const f32, scale: Option<*const f32>, epsilon: f32, c: usize) -> f64 {
    let rstd = 1.0 / (f64::from(*variance.add(c)) + f64::from(epsilon)).sqrt();
    scale.map_or(rstd, |scale| rstd * f64::from(*scale.add(c)))
}

fn optional(heap: Heap, what: &str, address: u32, count: usize) -> Result<Option<*const f32>, String> {
    if address == 0 {
        return Ok(None);
    }
    Ok(Some(heap.numbers(what, address, count as u64)?.cast_const()))
}

struct NormalizeJob {
    x: *const f32,
    out: *mut f32,
    channels: usize,
    mean: Vec<f32>,
    factor: Vec<f32>,
    offset: Vec<f32>,
    /// Empty where there is no noise.
    noise: Vec<f32>,
    k0: u32,
    k1: u32,
    /// How far a number is from its mirror image; 0: there is none.
    mirror: usize,
    activation: Activation,
}
unsafe impl Sync for NormalizeJob {}

impl Normalize {
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let (_, channels) = self.rows.checked()?;
        let x = heap.numbers("input", self.x, self.rows.count())?;
        let out = heap.numbers("output", self.out, self.rows.count())?;
        let statistics = match self.mean {
            0 => None,
            mean => Some((
                heap.numbers("mean", mean, channels as u64)?,
                heap.numbers("variance", self.variance, channels as u64)?,
            )),
        };
        let scale = optional(heap, "scale", self.scale, channels)?;
        let offset = optional(heap, "offset", self.offset, channels)?;
        let mut noise = Vec::new();
        if let Some(drawn) = self.noise {
            noise = noise_scales(heap, drawn, channels)?;
        }
        let (k0, k1) = self.noise.map_or((0, 0), |drawn| (drawn.k0, drawn.k1));
        let is_mirrored = self.noise.is_some_and(|drawn| drawn.mirrored);
        let rows = if is_mirrored { self.rows.half()? } else { self.rows };
        let mirror = if is_mirrored { rows.count() as usize } else { 0 };
        let job = unsafe {
            NormalizeJob {
                x,
                out,
                channels,
                mean: table(channels, |c| statistics.map_or(0.0, |(mean, _)| *mean.add(c))),
                factor: table(channels, |c| {
                    statistics.map_or(1.0, |(_, variance)| factor(variance, scale, self.epsilon, c) as f32)
                }),
                offset: table(channels, |c| offset.map_or(0.0, |offset| *offset.add(c))),
                noise,
                k0,
                k1,
                mirror,
                activation: self.activation,
            }
        };
        flat(rows, threads, &|from, to| unsafe {
            if job.noise.is_empty() {
                job.plain(from, to)
            } else {
                job.noisy(from, to)
            }
        })
    }
}

/// The scale of the noise of every channel, as a table.
fn noise_scales(heap: Heap, drawn: Drawn, channels: usize) -> Result<Vec<f32>, String> {
    let count = drawn.scales as usize;
    if count != 1 && count != channels {
        return Err(format!("Noise has 1 scale or {channels}, but got {count}."));
    }
    let scales = heap.numbers("noise scale", drawn.scale, count as u64)?;
    Ok(table(channels, |c| unsafe { *scales.add(if count == 1 { 0 } else { c }) }))
}

/// Divides all numbers into units that begin at an even position.
fn flat(rows: Rows, threads: usize, work: &(dyn Fn(usize, usize) + Sync)) -> Result<(), String> {
    let count = rows.count() as usize;
    let units = count.div_ceil(UNIT);
    let threads = rows.threads(threads);
    pool::run(threads, units, units.div_ceil(threads * 4).max(1), &|from, to| {
        work(from * UNIT, count.min(to * UNIT))
    })
}

impl NormalizeJob {
    on_each_set!(NormalizeJob, plain, plain_of, (from: usize, to: usize));
    on_each_set!(NormalizeJob, noisy, noisy_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn plain_of<const FUSED: bool>(&self, from: usize, to: usize) {
        self.numbers::<FUSED, false>(from, to)
    }

    #[inline(always)]
    unsafe fn noisy_of<const FUSED: bool>(&self, from: usize, to: usize) {
        self.numbers::<FUSED, true>(from, to)
    }

    #[inline(always)]
    unsafe fn numbers<const FUSED: bool, const NOISY: bool>(&self, from: usize, to: usize) {
        let mut walk = Walk::new(from, to, self.channels);
        while let Some((position, channel, count)) = walk.next() {
            let mut drawn = [0.0; DRAWN];
            if NOISY {
                drawn = draw::<FUSED>(position as u32, self.k0, self.k1);
            }
            self.put::<FUSED, NOISY>(position, channel, count, &drawn);
            if NOISY && self.mirror != 0 {
                for number in &mut drawn {
                    *number = -*number;
                }
                self.put::<FUSED, true>(position + self.mirror, channel, count, &drawn);
            }
        }
    }

    #[inline(always)]
    unsafe fn put<const FUSED: bool, const NOISY: bool>(
        &self,
        position: usize,
        channel: usize,
        count: usize,
        drawn: &[f32; DRAWN],
    ) {
        let mut x = read(self.x.add(position), count);
        let (mean, factor, offset) = (at(&self.mean, channel), at(&self.factor, channel), at(&self.offset, channel));
        for i in 0..DRAWN {
            x[i] = fma::<FUSED>(x[i] - mean[i], factor[i], offset[i]);
        }
        if NOISY {
            let scale = at(&self.noise, channel);
            for i in 0..DRAWN {
                x[i] = fma::<FUSED>(drawn[i], scale[i], x[i]);
            }
        }
        let activation = self.activation;
        for value in &mut x {
            *value = activation.value(*value);
        }
        write(self.out.add(position), x, count);
    }
}

/// g = dy · activation'(y): the gradient before an activation. It is not stored if a sum or a gradient is computed from it.
#[derive(Clone, Copy, Debug)]
pub struct Arriving {
    pub dy: u32,
    /// The activation's output; not read where there is none.
    pub y: u32,
    pub activation: Activation,
}

#[derive(Clone, Copy)]
struct Source {
    dy: *const f32,
    y: *const f32,
    activation: Activation,
    active: bool,
}

impl Arriving {
    fn checked(&self, heap: Heap, count: u64) -> Result<Source, String> {
        let dy = heap.numbers("gradient", self.dy, count)?.cast_const();
        let active = !self.activation.is_none();
        let y = if active { heap.numbers("activations", self.y, count)?.cast_const() } else { dy };
        Ok(Source { dy, y, activation: self.activation, active })
    }
}

impl Source {
    #[inline(always)]
    unsafe fn read(&self, at: usize, count: usize) -> [f32; DRAWN] {
        let mut g = read(self.dy.add(at), count);
        if self.active {
            let y = read(self.y.add(at), count);
            for i in 0..DRAWN {
                g[i] *= self.activation.derivative(y[i]);
            }
        }
        g
    }
}

/// out = g.
#[derive(Clone, Copy, Debug)]
pub struct ActivationGradient {
    pub arriving: Arriving,
    pub out: u32,
    pub count: u32,
}

struct ActivationJob {
    source: Source,
    out: *mut f32,
}
unsafe impl Sync for ActivationJob {}

impl ActivationGradient {
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let source = self.arriving.checked(heap, u64::from(self.count))?;
        let out = heap.numbers("output", self.out, u64::from(self.count))?;
        let job = ActivationJob { source, out };
        flat(Rows { rows: self.count, channels: 1 }, threads, &|from, to| unsafe { job.numbers(from, to) })
    }
}

impl ActivationJob {
    on_each_set!(ActivationJob, numbers, numbers_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn numbers_of<const FUSED: bool>(&self, from: usize, to: usize) {
        let mut walk = Walk::new(from, to, 1);
        while let Some((position, _, count)) = walk.next() {
            write(self.out.add(position), self.source.read(position, count), count);
        }
    }
}

/// Σ g, Σ g · (x − mean) and Σ g · ε of every channel. Each is computed if its address is not 0.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    pub arriving: Arriving,
    pub x: u32,
    pub mean: u32,
    pub sum: u32,
    pub product: u32,
    pub noise: u32,
    pub rows: Rows,
    pub k0: u32,
    pub k1: u32,
    /// As in [`Drawn`]; only for the sum with noise.
    pub mirrored: bool,
}

struct SumsJob {
    source: Source,
    x: *const f32,
    mean: Vec<f32>,
    rows: usize,
    block: usize,
    channels: usize,
    summed: bool,
    centred: bool,
    noisy: bool,
    k0: u32,
    k1: u32,
    /// How far a number is from its mirror image; 0: there is none.
    mirror: usize,
    partial: *mut f32,
}
unsafe impl Sync for SumsJob {}

impl Sums {
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        self.rows.checked()?;
        let source = self.arriving.checked(heap, self.rows.count())?;
        let (summed, centred) = (self.sum != 0, self.product != 0);
        if self.mirrored && (summed || centred) {
            return Err("Mirrored noise needs a separate sum.".into());
        }
        let walked = if self.mirrored { self.rows.half()? } else { self.rows };
        let mirror = if self.mirrored { walked.count() as usize } else { 0 };
        let (rows, channels) = walked.checked()?;
        let (mut x, mut mean) = (source.dy, Vec::new());
        if centred {
            x = heap.numbers("input", self.x, self.rows.count())?;
            let from = heap.numbers("mean", self.mean, channels as u64)?;
            mean = table(channels, |c| unsafe { *from.add(c) });
        }
        let mut outputs = [None; 3];
        for (output, address) in outputs.iter_mut().zip([self.sum, self.product, self.noise]) {
            if address != 0 {
                *output = Some(heap.numbers("sums", address, channels as u64)?);
            }
        }
        let block = block_of(channels);
        let blocks = rows.div_ceil(block);
        let row = channels + DRAWN;
        let mut partial = vec![0.0f32; blocks * 3 * row];
        let job = SumsJob {
            source,
            x,
            mean,
            rows,
            block,
            channels,
            summed,
            centred,
            noisy: self.noise != 0,
            k0: self.k0,
            k1: self.k1,
            mirror,
            partial: partial.as_mut_ptr(),
        };
        let threads = self.rows.threads(threads);
        pool::run(threads, blocks, blocks.div_ceil(threads * 4).max(1), &|from, to| unsafe {
            job.blocks(from, to)
        })?;
        let mut totals = vec![0.0f64; channels];
        for (k, output) in outputs.iter().enumerate() {
            let Some(output) = output else { continue };
            totals.fill(0.0);
            for block in partial.chunks_exact(3 * row) {
                fold(&block[k * row..(k + 1) * row], channels, &mut totals);
            }
            for (c, total) in totals.iter().enumerate() {
                unsafe { *output.add(c) = *total as f32 };
            }
        }
        Ok(())
    }
}

impl SumsJob {
    on_each_set!(SumsJob, blocks, blocks_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn blocks_of<const FUSED: bool>(&self, from: usize, to: usize) {
        let row = self.channels + DRAWN;
        for block in from..to {
            let sums = self.partial.add(block * 3 * row);
            let begin = block * self.block;
            let end = self.rows.min(begin + self.block);
            let mut walk = Walk::new(begin * self.channels, end * self.channels, self.channels);
            while let Some((position, channel, count)) = walk.next() {
                let mut g = self.source.read(position, count);
                if self.summed {
                    add(sums, channel, g);
                }
                if self.centred {
                    let (mut x, mean) = (read(self.x.add(position), count), at(&self.mean, channel));
                    for i in 0..DRAWN {
                        x[i] = (x[i] - mean[i]) * g[i];
                    }
                    add(sums.add(row), channel, x);
                }
                if self.mirror != 0 {
                    let mirrored = self.source.read(position + self.mirror, count);
                    for i in 0..DRAWN {
                        g[i] -= mirrored[i];
                    }
                }
                if self.noisy {
                    let mut drawn = draw::<FUSED>(position as u32, self.k0, self.k1);
                    for i in 0..DRAWN {
                        drawn[i] *= g[i];
                    }
                    add(sums.add(2 * row), channel, drawn);
                }
            }
        }
    }
}

/// out = g · factor + (x − mean) · slope + shift, the gradient of a normalization by its input. The factor is that of the
/// normalization. Slope and shift follow from the sums if the statistics are those of the rows, and are 0 if the statistics are
/// given.
#[derive(Clone, Copy, Debug)]
pub struct NormalizeInput {
    pub arriving: Arriving,
    pub x: u32,
    pub mean: u32,
    /// 0: the factor is `scale`.
    pub variance: u32,
    pub scale: u32,
    /// 0: statistics were given.
    pub sum: u32,
    pub product: u32,
    pub out: u32,
    pub rows: Rows,
    pub epsilon: f32,
}

struct InputJob {
    source: Source,
    x: *const f32,
    out: *mut f32,
    channels: usize,
    factor: Vec<f32>,
    mean: Vec<f32>,
    /// Empty where statistics were given.
    slope: Vec<f32>,
    shift: Vec<f32>,
}
unsafe impl Sync for InputJob {}

impl NormalizeInput {
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let (rows, channels) = self.rows.checked()?;
        let count = channels as u64;
        let source = self.arriving.checked(heap, self.rows.count())?;
        let out = heap.numbers("output", self.out, self.rows.count())?;
        let scale = optional(heap, "scale", self.scale, channels)?;
        let variance = optional(heap, "variance", self.variance, channels)?;
        let factors = |c: usize| unsafe {
            match variance {
                Some(variance) => factor(variance, scale, self.epsilon, c),
                None => scale.map_or(1.0, |scale| f64::from(*scale.add(c))),
            }
        };
        let mut job = InputJob {
            source,
            x: source.dy,
            out,
            channels,
            factor: table(channels, |c| factors(c) as f32),
            mean: Vec::new(),
            slope: Vec::new(),
            shift: Vec::new(),
        };
        if self.sum != 0 {
            let variance = variance.ok_or("The variance is missing.")?;
            let mean = heap.numbers("mean", self.mean, count)?;
            let (sum, product) = (heap.numbers("sum", self.sum, count)?, heap.numbers("product", self.product, count)?);
            job.x = heap.numbers("input", self.x, self.rows.count())?;
            unsafe {
                job.mean = table(channels, |c| *mean.add(c));
                job.slope = table(channels, |c| {
                    let spread = f64::from(*variance.add(c)) + f64::from(self.epsilon);
                    (-factors(c) / rows as f64 * f64::from(*product.add(c)) / spread) as f32
                });
                job.shift = table(channels, |c| (-factors(c) / rows as f64 * f64::from(*sum.add(c))) as f32);
            }
        }
        flat(self.rows, threads, &|from, to| unsafe { job.numbers(from, to) })
    }
}

impl InputJob {
    on_each_set!(InputJob, numbers, numbers_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn numbers_of<const FUSED: bool>(&self, from: usize, to: usize) {
        let mut walk = Walk::new(from, to, self.channels);
        while let Some((position, channel, count)) = walk.next() {
            let (mut g, factor) = (self.source.read(position, count), at(&self.factor, channel));
            if self.slope.is_empty() {
                for i in 0..DRAWN {
                    g[i] *= factor[i];
                }
            } else {
                let x = read(self.x.add(position), count);
                let (mean, slope, shift) = (at(&self.mean, channel), at(&self.slope, channel), at(&self.shift, channel));
                for i in 0..DRAWN {
                    let own = fma::<FUSED>(g[i], factor[i], shift[i]);
                    g[i] = fma::<FUSED>(x[i] - mean[i], slope[i], own);
                }
            }
            write(self.out.add(position), g, count);
        }
    }
}
