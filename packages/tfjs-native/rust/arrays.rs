//! Work on many arrays in one call: a step of an optimizer on all weights, and whether all numbers are finite.

use crate::each_set::{fma, on_each_set};
use crate::heap::Heap;
use crate::noise::{read, write, DRAWN};
use crate::pool;

/// Numbers in a unit of work.
const UNIT: usize = 4096;
/// Fewer are worked on by one thread.
const SHARED_NUMBERS: usize = 1 << 17;

/// One step of Adam on one array. Addresses in bytes.
#[derive(Clone, Copy, Debug)]
pub struct AdamArray {
    pub value: u32,
    pub first: u32,
    pub second: u32,
    pub gradient: u32,
    pub new_value: u32,
    pub new_first: u32,
    pub new_second: u32,
    pub size: u32,
}

/// β₁, 1 − β₁, β₂, 1 − β₂, 1 − β₁ᵗ, 1 − β₂ᵗ, ε and −rate, as assembly/elementwise.ts of @crossreg/tfjs-wasm has them.
#[derive(Clone, Debug)]
pub struct Adam {
    pub rates: [f32; 8],
    pub arrays: Vec<AdamArray>,
}

struct AdamJob {
    rates: [f32; 8],
    /// (array, first number) of each unit.
    units: Vec<(usize, usize)>,
    arrays: Vec<([*const f32; 4], [*mut f32; 3], usize)>,
}
unsafe impl Sync for AdamJob {}

impl Adam {
    /// Runs it, on up to `threads` threads.
    pub fn run(&self, heap: Heap, threads: usize) -> Result<(), String> {
        let mut job = AdamJob { rates: self.rates, units: Vec::new(), arrays: Vec::new() };
        let mut count = 0;
        for (index, array) in self.arrays.iter().enumerate() {
            let size = u64::from(array.size);
            let mut from = [std::ptr::null(); 4];
            for (to, address) in from.iter_mut().zip([array.value, array.first, array.second, array.gradient]) {
                *to = heap.numbers("weights", address, size)?.cast_const();
            }
            let mut to = [std::ptr::null_mut(); 3];
            for (to, address) in to.iter_mut().zip([array.new_value, array.new_first, array.new_second]) {
                *to = heap.numbers("updated weights", address, size)?;
            }
            let size = size as usize;
            count += size;
            job.units.extend((0..size.div_ceil(UNIT)).map(|unit| (index, unit * UNIT)));
            job.arrays.push((from, to, size));
        }
        let threads = if count < SHARED_NUMBERS { 1 } else { threads };
        let units = job.units.len();
        pool::run(threads, units, units.div_ceil(threads * 8).max(1), &|from, to| unsafe { job.steps(from, to) })
    }
}

impl AdamJob {
    on_each_set!(AdamJob, steps, steps_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn steps_of<const FUSED: bool>(&self, from: usize, to: usize) {
        let [b1, r1, b2, r2, c1, c2, epsilon, rate] = self.rates;
        for &(array, first) in &self.units[from..to] {
            let ([value, m, v, g], [new_value, new_m, new_v], size) = self.arrays[array];
            let mut at = first;
            let end = size.min(first + UNIT);
            while at < end {
                let count = DRAWN.min(end - at);
                let mut x = read(value.add(at), count);
                let (mut m, mut v, g) = (read(m.add(at), count), read(v.add(at), count), read(g.add(at), count));
                for i in 0..DRAWN {
                    m[i] = fma::<FUSED>(m[i], b1, g[i] * r1);
                    v[i] = fma::<FUSED>(v[i], b2, g[i] * g[i] * r2);
                    let step = (m[i] / c1) / ((v[i] / c2).sqrt() + epsilon);
                    x[i] = fma::<FUSED>(step, rate, x[i]);
                }
                write(new_value.add(at), x, count);
                write(new_m.add(at), m, count);
                write(new_v.add(at), v, count);
                at += DRAWN;
            }
        }
    }
}

/// Writes 1 where every number of every array is finite, else 0.
#[derive(Clone, Debug)]
pub struct AllFinite {
    pub output: u32,
    /// Addresses in bytes, and sizes.
    pub arrays: Vec<(u32, u32)>,
}

struct FiniteJob {
    numbers: *const f32,
    found: std::sync::atomic::AtomicBool,
}
unsafe impl Sync for FiniteJob {}

impl AllFinite {
    /// Runs it, on one thread: it reads what is in the cache.
    pub fn run(&self, heap: Heap) -> Result<(), String> {
        let output = heap.numbers("output", self.output, 1)?;
        let mut all = true;
        for (address, size) in &self.arrays {
            let numbers = heap.numbers("numbers", *address, u64::from(*size))?.cast_const();
            let job = FiniteJob { numbers, found: false.into() };
            unsafe { job.check(0, *size as usize) };
            all &= !job.found.into_inner();
        }
        unsafe { *output = f32::from(u8::from(all)) };
        Ok(())
    }
}

impl FiniteJob {
    on_each_set!(FiniteJob, check, check_of, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn check_of<const FUSED: bool>(&self, from: usize, to: usize) {
        let mut at = from;
        // x − x is 0 for a finite number and a NaN otherwise, and a sum carries a NaN through.
        let mut sums = [0.0f32; DRAWN];
        while at < to {
            let x = read(self.numbers.add(at), DRAWN.min(to - at));
            for i in 0..DRAWN {
                sums[i] += x[i] - x[i];
            }
            at += DRAWN;
        }
        if sums.iter().any(|sum| *sum != 0.0) {
            self.found.store(true, std::sync::atomic::Ordering::Relaxed);
        }
    }
}
