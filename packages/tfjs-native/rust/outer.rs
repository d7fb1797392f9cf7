//! Sums of outer products: the filter gradient of convolution, and Aᵀ·B.
//!
//! out[t] = Σ_p a[p · stride + tap t] ⊗ b[p], over the pixels p of b whose pixel of a lies inside the image.

use crate::heap::{product, Heap};
use crate::lanes::Lanes;
use crate::pool;
use crate::processor::{self, Set};
use crate::rows::SHARED_WORK;

/// Addresses in bytes, sizes in pixels and channels, as in outerProducts.ts of @crossreg/tfjs-wasm.
#[derive(Clone, Debug)]
pub struct OuterProducts {
    pub a: u32,
    pub b: u32,
    pub output: u32,
    pub images: u32,
    pub a_height: u32,
    pub a_width: u32,
    pub depth: u32,
    pub b_height: u32,
    pub b_width: u32,
    pub columns: u32,
    pub stride_y: u32,
    pub stride_x: u32,
    /// (y, x).
    pub taps: Vec<(i32, i32)>,
}

/// Numbers of a and b in one block, which stays in the first-level cache.
const BLOCK_NUMBERS: usize = 8192;
const BLOCK_PIXELS: usize = 64;

/// Neighbouring pixels: where they start in a and in b, and their number.
#[derive(Clone, Copy)]
struct Run {
    a: *const f32,
    b: *const f32,
    count: usize,
}

struct Job {
    a: *const f32,
    b: *const f32,
    output: *mut f32,
    depth: usize,
    columns: usize,
    /// Numbers from one pixel of a run to the next.
    a_step: usize,
    /// Row, first and last + 1 column of each piece of b, in blocks.
    pieces: Vec<Vec<(usize, usize, usize)>>,
    strips: usize,
    panels: usize,
    p: OuterProducts,
}
unsafe impl Sync for Job {}

struct Tiles {
    rows: usize,
    wide: usize,
    run: unsafe fn(&Job, usize, usize),
}

macro_rules! compiled {
    ($name:ident, $lanes:ty, $vectors:literal $(, $feature:literal)?) => {
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(job: &Job, from: usize, to: usize) {
            units::<$lanes, $vectors>(job, from, to)
        }
    };
}
#[cfg(target_arch = "x86_64")]
compiled!(avx512, crate::lanes::x86::Avx512, 2, "avx512f");
#[cfg(target_arch = "x86_64")]
compiled!(avx2, crate::lanes::x86::Avx2, 2, "avx2,fma");
#[cfg(target_arch = "aarch64")]
compiled!(neon, crate::lanes::arm::Neon, 2);
compiled!(portable, crate::lanes::Portable, 2);

/// Rows of the matrix of one tap that are summed together.
const fn strip(lanes: usize) -> usize {
    // AVX-512 has 32 registers, AVX2 16.
    if lanes == 16 {
        8
    } else {
        4
    }
}

fn tiles(set: Set) -> Tiles {
    match set {
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => Tiles { rows: strip(16), wide: 32, run: avx512 },
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => Tiles { rows: strip(8), wide: 16, run: avx2 },
        #[cfg(target_arch = "aarch64")]
        Set::Neon => Tiles { rows: strip(4), wide: 8, run: neon },
        _ => Tiles { rows: strip(4), wide: 8, run: portable },
    }
}

impl OuterProducts {
    /// Runs it, on up to `threads` threads.
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let (depth, columns) = (self.depth as usize, self.columns as usize);
        let taps = self.taps.len();
        let size = |numbers: [u32; 4]| product(&numbers.map(u64::from));
        let a = heap.numbers("a", self.a, size([self.images, self.a_height, self.a_width, self.depth])?)?;
        let b = heap.numbers("b", self.b, size([self.images, self.b_height, self.b_width, self.columns])?)?;
        let count = product(&[taps as u64, depth as u64, columns as u64])?;
        let output = heap.numbers("output", self.output, count)?;
        if count == 0 {
            return Ok(());
        }
        if self.b_width == 0 {
            unsafe { output.write_bytes(0, count as usize) };
            return Ok(());
        }
        if self.stride_y == 0 || self.stride_x == 0 {
            return Err("The strides must be positive.".into());
        }
        let Tiles { rows, wide, run } = tiles(processor::chosen());
        let strips = depth.div_ceil(rows);
        let panels = columns.div_ceil(wide);
        let pixels = (BLOCK_NUMBERS / (depth + columns)).max(BLOCK_PIXELS);
        let job = Job {
            a,
            b,
            output,
            depth,
            columns,
            a_step: self.stride_x as usize * depth,
            pieces: pieces(self.images as usize * self.b_height as usize, self.b_width as usize, pixels),
            strips,
            panels,
            p: self,
        };
        unsafe { output.write_bytes(0, count as usize) };
        let work = job.pieces.iter().flatten().map(|(_, from, to)| (to - from) as u64).sum::<u64>() * count;
        let units = taps * strips * panels;
        let threads = if work < SHARED_WORK { 1 } else { threads };
        // All at once on one thread, so that a block is read once.
        let chunk = if threads == 1 { units } else { units.div_ceil(threads * 4) };
        pool::run(threads, units, chunk, &|from, to| unsafe { run(&job, from, to) })
    }
}

/// The rows of b in blocks of about `pixels`.
fn pieces(rows: usize, width: usize, pixels: usize) -> Vec<Vec<(usize, usize, usize)>> {
    let mut blocks = Vec::new();
    let mut block = Vec::new();
    let mut inside = 0;
    for row in 0..rows {
        let mut from = 0;
        while from < width {
            let to = width.min(from + pixels);
            block.push((row, from, to));
            inside += to - from;
            from = to;
            if inside >= pixels {
                blocks.push(std::mem::take(&mut block));
                inside = 0;
            }
        }
    }
    if !block.is_empty() {
        blocks.push(block);
    }
    blocks
}

/// The least i ≥ 0 with i · stride + d ≥ 0.
fn first_inside(d: i64, stride: i64) -> i64 {
    if d >= 0 {
        0
    } else {
        (stride - 1 - d) / stride
    }
}

/// One past the greatest i with i · stride + d < size.
fn end_inside(d: i64, stride: i64, size: i64) -> i64 {
    if d >= size {
        0
    } else {
        (size - 1 - d) / stride + 1
    }
}

/// The runs of one block for one tap.
unsafe fn fill(runs: &mut Vec<Run>, job: &Job, block: &[(usize, usize, usize)], tap: (i32, i32)) {
    runs.clear();
    let p = &job.p;
    let (dy, dx) = (i64::from(tap.0), i64::from(tap.1));
    let (b_height, b_width) = (p.b_height as usize, p.b_width as usize);
    let x0 = first_inside(dx, i64::from(p.stride_x)) as usize;
    let x1 = end_inside(dx, i64::from(p.stride_x), i64::from(p.a_width)) as usize;
    for &(row, from, to) in block {
        let (n, y) = (row / b_height, row % b_height);
        let iy = y as i64 * i64::from(p.stride_y) + dy;
        let (from, to) = (from.max(x0), to.min(x1));
        if iy < 0 || iy >= i64::from(p.a_height) || from >= to {
            continue;
        }
        let ix = (from as i64 * i64::from(p.stride_x) + dx) as usize;
        let pixel = (n * p.a_height as usize + iy as usize) * p.a_width as usize + ix;
        runs.push(Run {
            a: job.a.add(pixel * job.depth),
            b: job.b.add((row * b_width + from) * job.columns),
            count: to - from,
        });
    }
}

thread_local! {
    static RUNS: std::cell::RefCell<Vec<Run>> = const { std::cell::RefCell::new(Vec::new()) };
}

/// A unit is one panel of columns of one strip of the matrix of one tap: [tap][panel][strip]. Its order of summation does not
/// depend on how units are divided among threads.
#[inline(always)]
unsafe fn units<L: Lanes, const W: usize>(job: &Job, from: usize, to: usize) {
    let mut runs = RUNS.with(|cell| cell.take());
    let wide = L::N * W;
    let rows = strip(L::N);
    let per_tap = job.strips * job.panels;
    for block in &job.pieces {
        let mut filled = usize::MAX;
        for unit in from..to {
            let t = unit / per_tap;
            if t != filled {
                fill(&mut runs, job, block, job.p.taps[t]);
                filled = t;
            }
            let (panel, strip) = (unit % per_tap / job.strips, unit % job.strips);
            let (i, j) = (strip * rows, panel * wide);
            let part = Part {
                runs: &runs,
                i,
                j,
                to: job.output.add((t * job.depth + i) * job.columns + j),
                left: job.columns - j,
            };
            let height = (job.depth - i).min(rows);
            if part.left >= wide {
                by_height::<L, W, true>(job, &part, height);
            } else if part.left > L::N {
                by_height::<L, W, false>(job, &part, height);
            } else {
                by_height::<L, 1, false>(job, &part, height);
            }
        }
    }
    RUNS.with(|cell| cell.replace(runs));
}

struct Part<'a> {
    runs: &'a [Run],
    i: usize,
    j: usize,
    to: *mut f32,
    left: usize,
}

#[inline(always)]
unsafe fn by_height<L: Lanes, const W: usize, const FULL: bool>(job: &Job, part: &Part, height: usize) {
    match height {
        8 => sum::<L, 8, W, FULL>(job, part),
        7 => sum::<L, 7, W, FULL>(job, part),
        6 => sum::<L, 6, W, FULL>(job, part),
        5 => sum::<L, 5, W, FULL>(job, part),
        4 => sum::<L, 4, W, FULL>(job, part),
        3 => sum::<L, 3, W, FULL>(job, part),
        2 => sum::<L, 2, W, FULL>(job, part),
        _ => sum::<L, 1, W, FULL>(job, part),
    }
}

#[inline(always)]
unsafe fn load<L: Lanes, const FULL: bool>(from: *const f32, left: usize) -> L::V {
    if FULL || left >= L::N {
        L::load(from)
    } else {
        L::load_part(from, left)
    }
}

/// `R` rows × `W` vectors of columns. FULL: all columns of all vectors are there.
#[inline(always)]
unsafe fn sum<L: Lanes, const R: usize, const W: usize, const FULL: bool>(job: &Job, part: &Part) {
    // The number of columns in each vector. All but the last are full.
    let tail = if FULL { L::N } else { part.left - (W - 1) * L::N };
    let mut sums = [[L::zero(); W]; R];
    for run in part.runs {
        let mut a = run.a.add(part.i);
        let mut b = run.b.add(part.j);
        for _ in 0..run.count {
            let columns: [L::V; W] = std::array::from_fn(|j| {
                if FULL || j + 1 < W {
                    L::load(b.add(j * L::N))
                } else {
                    L::load_part(b.add(j * L::N), tail.min(L::N))
                }
            });
            for r in 0..R {
                let value = L::splat(*a.add(r));
                for j in 0..W {
                    sums[r][j] = L::fma(value, columns[j], sums[r][j]);
                }
            }
            a = a.add(job.a_step);
            b = b.add(job.columns);
        }
    }
    for r in 0..R {
        for j in 0..W {
            let at = part.to.add(r * job.columns + j * L::N);
            let here = if j + 1 < W { L::N } else { tail.min(L::N) };
            let sum = L::add(load::<L, FULL>(at, here), sums[r][j]);
            if FULL || here == L::N {
                L::store(at, sum);
            } else {
                L::store_part(at, sum, here);
            }
        }
    }
}
