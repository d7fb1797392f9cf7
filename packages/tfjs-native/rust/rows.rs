//! One kernel for every product of rows with a matrix: convolution, its input gradient, matrix product.
//!
//! out[p, :] = Σ_t in[row(p, t), :] · W_t for a grid of positions p. Rows outside the input are rows of zeros. Strides,
//! dilations and paddings exist only in the table of rows, not in the arithmetic.

use crate::heap::{product, Heap};
use crate::lanes::Lanes;
use crate::pool;
use crate::processor::{self, Set};

/// The input pixel that a tap reads for the grid's origin, and the start of its weights, in numbers.
#[derive(Clone, Copy, Debug)]
pub struct Tap {
    pub z: i32,
    pub y: i32,
    pub x: i32,
    pub weights: u32,
}

/// Applied to sums before they are stored: add a bias, then clamp.
#[derive(Clone, Copy, Debug)]
pub struct Epilogue {
    pub bias: u32,
    /// 0, 1, or one a column.
    pub bias_size: u32,
    pub least: f32,
    pub most: f32,
}

/// Addresses in bytes; everything else in pixels or numbers, as in rowProduct.ts of @crossreg/tfjs-wasm.
#[derive(Clone, Debug)]
pub struct RowProduct {
    pub input: u32,
    pub weights: u32,
    pub output: u32,
    pub images: u32,
    pub input_planes: u32,
    pub input_height: u32,
    pub input_width: u32,
    pub depth: u32,
    /// Pixels from one row, and from one plane, to the next.
    pub input_row: u32,
    pub input_plane: u32,
    pub columns: u32,
    pub depth_stride: u32,
    pub column_stride: u32,
    pub grid_planes: u32,
    pub grid_height: u32,
    pub grid_width: u32,
    pub step_z: u32,
    pub step_y: u32,
    pub step_x: u32,
    pub output_origin: u32,
    pub output_column: u32,
    pub output_row: u32,
    pub output_plane: u32,
    pub output_image: u32,
    pub taps: Vec<Tap>,
    pub epilogue: Option<Epilogue>,
}

/// Tiles of rows that use one panel of weights before the next panel, so that it stays in the cache.
const BLOCK: usize = 8;
/// Numbers along depth that are multiplied at a time. A panel of them fits into the second-level cache.
const DEPTH_BLOCK: usize = 2048;

/// A call whose addresses have been checked.
struct Job {
    input: *const f32,
    output: *mut f32,
    /// [panel][tap][depth][panel's columns], padded with zeros.
    panels: *const f32,
    zeros: *const f32,
    /// One per column, padded to whole panels.
    biases: Vec<f32>,
    limits: Option<(f32, f32)>,
    /// Numbers from the pixel of a grid position to that of each tap.
    offsets: Vec<isize>,
    /// The grid positions whose taps all lie inside the image: from and to, along z, y and x.
    inside: [(usize, usize); 3],
    rows: usize,
    depth: usize,
    columns: usize,
    input_row: usize,
    input_plane: usize,
    input_image: usize,
    p: RowProduct,
}
unsafe impl Sync for Job {}

/// The size of the tiles of an instruction set.
struct Tiles {
    rows: usize,
    /// Columns of a panel.
    wide: usize,
    run: unsafe fn(&Job, usize, usize),
}

macro_rules! compiled {
    ($name:ident, $lanes:ty, $rows:literal, $vectors:literal $(, $feature:literal)?) => {
        $(#[target_feature(enable = $feature)])?
        unsafe fn $name(job: &Job, from: usize, to: usize) {
            blocks::<$lanes, $rows, $vectors>(job, from, to)
        }
    };
}
#[cfg(target_arch = "x86_64")]
compiled!(avx512, crate::lanes::x86::Avx512, 12, 2, "avx512f");
#[cfg(target_arch = "x86_64")]
compiled!(avx2, crate::lanes::x86::Avx2, 6, 2, "avx2,fma");
#[cfg(target_arch = "aarch64")]
compiled!(neon, crate::lanes::arm::Neon, 6, 4);
compiled!(portable, crate::lanes::Portable, 4, 2);

fn tiles(set: Set) -> Tiles {
    match set {
        #[cfg(target_arch = "x86_64")]
        Set::Avx512 => Tiles { rows: 12, wide: 32, run: avx512 },
        #[cfg(target_arch = "x86_64")]
        Set::Avx2 => Tiles { rows: 6, wide: 16, run: avx2 },
        #[cfg(target_arch = "aarch64")]
        Set::Neon => Tiles { rows: 6, wide: 16, run: neon },
        _ => Tiles { rows: 4, wide: 8, run: portable },
    }
}

impl RowProduct {
    fn rows(&self) -> Result<u64, String> {
        product(&[
            u64::from(self.images),
            u64::from(self.grid_planes),
            u64::from(self.grid_height),
            u64::from(self.grid_width),
        ])
    }

    /// The numbers from the start of the weights to the end of the last one that is read.
    fn weights_end(&self) -> Result<u64, String> {
        let last = u64::from(self.taps.iter().map(|tap| tap.weights).max().unwrap_or(0));
        let deep = product(&[u64::from(self.depth.saturating_sub(1)), u64::from(self.depth_stride)])?;
        let wide = product(&[u64::from(self.columns.saturating_sub(1)), u64::from(self.column_stride)])?;
        if self.taps.is_empty() || self.depth == 0 {
            return Ok(0);
        }
        last.checked_add(deep).and_then(|n| n.checked_add(wide + 1)).ok_or("The weights are too many.".into())
    }

    fn output_end(&self) -> Result<u64, String> {
        let mut end = u64::from(self.output_origin) + u64::from(self.columns);
        for (count, step) in [
            (self.images, self.output_image),
            (self.grid_planes, self.output_plane),
            (self.grid_height, self.output_row),
            (self.grid_width, self.output_column),
        ] {
            end = end
                .checked_add(u64::from(count.saturating_sub(1)) * u64::from(step))
                .ok_or("The output is too large.")?;
        }
        Ok(end)
    }

    /// Runs it, on up to `threads` threads.
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let rows = self.rows()?;
        if rows == 0 || self.columns == 0 {
            return Ok(());
        }
        let depth = u64::from(self.depth);
        let input_row = product(&[u64::from(self.input_row), depth])?;
        let input_plane = product(&[u64::from(self.input_plane), depth])?;
        let input_image = product(&[input_plane, u64::from(self.input_planes)])?;
        if self.input_height > 0 && self.input_width > 0 {
            let rows = product(&[u64::from(self.input_height - 1), input_row])?;
            let within = rows.checked_add(u64::from(self.input_width) * depth);
            if self.input_planes > 0 && within.is_none_or(|within| within > input_plane) {
                return Err(format!("The rows of the input reach beyond its planes: {self:?}."));
            }
        }
        let input = heap.numbers("input", self.input, product(&[input_image, u64::from(self.images)])?)?;
        let weights = heap.numbers("weights", self.weights, self.weights_end()?)?;
        let output = heap.numbers("output", self.output, self.output_end()?)?;
        // Otherwise a grid that overwrites itself, with a stride of 0, could have any size.
        heap.numbers("output", 0, product(&[rows, u64::from(self.columns)])?)?;
        heap.numbers("weights", 0, product(&[self.taps.len() as u64, depth, u64::from(self.columns)])?)?;
        let set = processor::chosen();
        let Tiles { rows: tile, wide, run } = tiles(set);
        let columns = self.columns as usize;
        let padded = columns.div_ceil(wide) * wide;
        let mut biases = Vec::new();
        let mut limits = None;
        if let Some(epilogue) = self.epilogue {
            let size = epilogue.bias_size;
            if size > 1 && size != self.columns {
                return Err(format!("A bias has 1 number or {columns}, but got {size}."));
            }
            biases = vec![0.0; padded];
            if size > 0 {
                let bias = heap.numbers("bias", epilogue.bias, u64::from(size))?;
                for (i, to) in biases.iter_mut().take(columns).enumerate() {
                    *to = unsafe { *bias.add(if size == 1 { 0 } else { i }) };
                }
            }
            limits = Some((epilogue.least, epilogue.most));
        }
        let zeros = vec![0.0f32; self.depth as usize];
        let panels = pack(&self, weights, wide, threads)?;
        let rows = rows as usize;
        let work = product(&[rows as u64, columns as u64, depth, self.taps.len() as u64])?;
        let numbers = |tap: &Tap| {
            // Used only where the tap is inside the image, so these addresses are in the heap.
            i64::from(tap.z)
                .wrapping_mul(input_plane as i64)
                .wrapping_add(i64::from(tap.y).wrapping_mul(input_row as i64))
                .wrapping_add(i64::from(tap.x).wrapping_mul(depth as i64)) as isize
        };
        let job = Job {
            input,
            output,
            offsets: self.taps.iter().map(numbers).collect(),
            inside: [
                inside(self.step_z, self.input_planes, self.taps.iter().map(|tap| tap.z)),
                inside(self.step_y, self.input_height, self.taps.iter().map(|tap| tap.y)),
                inside(self.step_x, self.input_width, self.taps.iter().map(|tap| tap.x)),
            ],
            panels: panels.as_ptr(),
            zeros: zeros.as_ptr(),
            biases,
            limits,
            rows,
            depth: self.depth as usize,
            columns,
            input_row: input_row as usize,
            input_plane: input_plane as usize,
            input_image: input_image as usize,
            p: self,
        };
        let units = rows.div_ceil(tile * BLOCK);
        let threads = if work < SHARED_WORK { 1 } else { threads };
        let chunk = (units / (threads * 8)).max(1);
        pool::run(threads, units, chunk, &|from, to| unsafe { run(&job, from, to) })
    }
}

/// The positions from..to along one axis whose taps all lie inside the image.
fn inside(step: u32, size: u32, taps: impl Iterator<Item = i32> + Clone) -> (usize, usize) {
    let (step, size) = (i64::from(step), i64::from(size));
    let least = i64::from(taps.clone().min().unwrap_or(0));
    let room = size - 1 - i64::from(taps.max().unwrap_or(0));
    if step == 0 {
        return (0, if least >= 0 && room >= 0 { usize::MAX } else { 0 });
    }
    let from = if least >= 0 { 0 } else { (step - 1 - least) / step };
    (from as usize, if room < 0 { 0 } else { (room / step + 1) as usize })
}

/// Multiplications below which waking another thread costs more than it saves.
pub const SHARED_WORK: u64 = 2_000_000;

/// The weights in panels of `wide` columns, padded with zeros.
fn pack(p: &RowProduct, weights: *const f32, wide: usize, threads: usize) -> Result<Vec<f32>, String> {
    let (taps, depth, columns) = (p.taps.len(), p.depth as usize, p.columns as usize);
    let count = columns.div_ceil(wide);
    let size = product(&[count as u64, taps as u64, depth as u64, wide as u64])? as usize;
    let mut panels: Vec<f32> = Vec::new();
    panels.try_reserve_exact(size).map_err(|_| format!("There is no memory for {size} numbers of weights."))?;
    let (depth_stride, column_stride) = (p.depth_stride as usize, p.column_stride as usize);
    struct Ends(*mut f32, *const f32);
    unsafe impl Sync for Ends {}
    let ends = Ends(panels.as_mut_ptr(), weights);
    let pack_one = |unit: usize| unsafe {
        let Ends(to, from) = &ends;
        let (panel, t) = (unit / taps, unit % taps);
        let left = wide.min(columns - panel * wide);
        let mut to = to.add(unit * depth * wide);
        let from = from.add(p.taps[t].weights as usize + panel * wide * column_stride);
        if depth_stride == 1 && column_stride != 1 {
            // One column at a time, because its numbers are contiguous.
            for j in 0..wide {
                for k in 0..depth {
                    *to.add(k * wide + j) = if j < left { *from.add(j * column_stride + k) } else { 0.0 };
                }
            }
            return;
        }
        for k in 0..depth {
            let row = from.add(k * depth_stride);
            for j in 0..left {
                *to.add(j) = *row.add(j * column_stride);
            }
            for j in left..wide {
                *to.add(j) = 0.0;
            }
            to = to.add(wide);
        }
    };
    let threads = if size < 100_000 { 1 } else { threads };
    pool::run(threads, count * taps, 1, &|from, to| (from..to).for_each(pack_one))?;
    // Every number has been written.
    unsafe { panels.set_len(size) };
    Ok(panels)
}

/// The rows that the tiles of one block read and write.
#[derive(Default)]
struct Table {
    /// [tile][tap][row of the tile].
    sources: Vec<*const f32>,
    /// [tile][row of the tile].
    targets: Vec<*mut f32>,
}

impl Table {
    /// # Safety
    /// The job's addresses must be valid.
    #[inline(always)]
    unsafe fn fill(&mut self, job: &Job, first: usize, count: usize, tile: usize) {
        let p = &job.p;
        let taps = p.taps.len();
        let rows = count.div_ceil(tile) * tile;
        self.sources.clear();
        self.sources.resize(rows * taps, job.zeros);
        self.targets.clear();
        self.targets.resize(rows, job.output);
        let (width, height, planes) =
            (p.grid_width as usize, p.grid_height as usize, p.grid_planes as usize);
        let mut x = first % width;
        let mut y = first / width % height;
        let mut z = first / (width * height) % planes;
        let mut n = first / (width * height * planes);
        for row in 0..rows {
            let image = job.input.add(n * job.input_image);
            *self.targets.get_unchecked_mut(row) = job.output.add(
                p.output_origin as usize
                    + n * p.output_image as usize
                    + z * p.output_plane as usize
                    + y * p.output_row as usize
                    + x * p.output_column as usize,
            );
            let (z0, y0, x0) = (
                (z * p.step_z as usize) as i64,
                (y * p.step_y as usize) as i64,
                (x * p.step_x as usize) as i64,
            );
            let start = row / tile * taps * tile + row % tile;
            let [planes_inside, rows_inside, columns_inside] = job.inside;
            let within = |(from, to): (usize, usize), at: usize| at >= from && at < to;
            if within(columns_inside, x) && within(rows_inside, y) && within(planes_inside, z) {
                // The position itself may be outside.
                let pixel = image.wrapping_add(
                    z0 as usize * job.input_plane + y0 as usize * job.input_row + x0 as usize * job.depth,
                );
                let mut place = self.sources.as_mut_ptr().add(start);
                for offset in &job.offsets {
                    *place = pixel.wrapping_offset(*offset);
                    place = place.wrapping_add(tile);
                }
            } else {
                for (t, tap) in p.taps.iter().enumerate() {
                    let (iz, iy, ix) = (z0 + i64::from(tap.z), y0 + i64::from(tap.y), x0 + i64::from(tap.x));
                    if (iz as u64) < u64::from(p.input_planes)
                        && (iy as u64) < u64::from(p.input_height)
                        && (ix as u64) < u64::from(p.input_width)
                    {
                        *self.sources.get_unchecked_mut(start + t * tile) = image.add(
                            iz as usize * job.input_plane + iy as usize * job.input_row + ix as usize * job.depth,
                        );
                    }
                }
            }
            // The last tile repeats the last row and does not store it again.
            if row + 1 < count {
                x += 1;
                if x == width {
                    x = 0;
                    y += 1;
                    if y == height {
                        y = 0;
                        z += 1;
                        if z == planes {
                            z = 0;
                            n += 1;
                        }
                    }
                }
            }
        }
    }
}

thread_local! {
    static TABLE: std::cell::RefCell<Table> = std::cell::RefCell::default();
}

/// Units `from` to `to`, each of `BLOCK` tiles of `R` rows.
#[inline(always)]
unsafe fn blocks<L: Lanes, const R: usize, const W: usize>(job: &Job, from: usize, to: usize) {
    let mut table = TABLE.with(|table| table.take());
    let wide = L::N * W;
    let taps = job.p.taps.len();
    for unit in from..to {
        let first = unit * BLOCK * R;
        let count = (job.rows - first).min(BLOCK * R);
        table.fill(job, first, count, R);
        let mut begin = 0;
        loop {
            let end = job.depth.min(begin + DEPTH_BLOCK);
            for column in (0..job.columns).step_by(wide) {
                let panel = job.panels.add(column * taps * job.depth);
                let left = job.columns - column;
                for tile in 0..count.div_ceil(R) {
                    let part = Part {
                        sources: table.sources.as_ptr().add(tile * taps * R),
                        targets: table.targets.as_ptr().add(tile * R),
                        valid: (count - tile * R).min(R),
                        panel,
                        column,
                        left,
                        begin,
                        end,
                    };
                    if left > L::N * (W - 1) {
                        multiply::<L, R, W>(job, &part, wide);
                    } else if W > 2 && left > L::N * (W / 2) {
                        multiply::<L, R, 3>(job, &part, wide);
                    } else if W > 2 && left > L::N {
                        multiply::<L, R, 2>(job, &part, wide);
                    } else {
                        multiply::<L, R, 1>(job, &part, wide);
                    }
                }
            }
            begin = end;
            if begin >= job.depth {
                break;
            }
        }
    }
    TABLE.with(|cell| cell.replace(table));
}

/// One tile and the panel it is multiplied with.
struct Part {
    sources: *const *const f32,
    targets: *const *mut f32,
    valid: usize,
    panel: *const f32,
    column: usize,
    left: usize,
    /// The part of depth.
    begin: usize,
    end: usize,
}

/// `R` rows × `W` vectors of columns; W may be smaller than the number of vectors in the panel.
#[inline(always)]
unsafe fn multiply<L: Lanes, const R: usize, const W: usize>(job: &Job, part: &Part, wide: usize) {
    let mut sums = [[L::zero(); W]; R];
    let mut source = part.sources;
    let mut weights = part.panel.add(part.begin * wide);
    let count = part.end - part.begin;
    for _ in 0..job.p.taps.len() {
        let rows: [*const f32; R] = std::array::from_fn(|r| (*source.add(r)).add(part.begin));
        let mut b = weights;
        for k in 0..count {
            let columns: [L::V; W] = std::array::from_fn(|j| L::load(b.add(j * L::N)));
            for r in 0..R {
                let a = L::splat(*rows[r].add(k));
                for j in 0..W {
                    sums[r][j] = L::fma(a, columns[j], sums[r][j]);
                }
            }
            b = b.add(wide);
        }
        source = source.add(R);
        weights = weights.add(job.depth * wide);
    }
    let last = part.end == job.depth;
    for r in 0..R {
        if r >= part.valid {
            break;
        }
        let to = (*part.targets.add(r)).add(part.column);
        for j in 0..W {
            if j * L::N >= part.left {
                break;
            }
            let at = to.add(j * L::N);
            let here = (part.left - j * L::N).min(L::N);
            let mut sum = sums[r][j];
            if part.begin > 0 {
                let before = if here == L::N { L::load(at) } else { L::load_part(at, here) };
                sum = L::add(sum, before);
            }
            if let (true, Some((least, most))) = (last, job.limits) {
                sum = L::add(sum, L::load(job.biases.as_ptr().add(part.column + j * L::N)));
                sum = L::min(L::max(sum, L::splat(least)), L::splat(most));
            }
            if here == L::N {
                L::store(at, sum);
            } else {
                L::store_part(at, sum, here);
            }
        }
    }
}
