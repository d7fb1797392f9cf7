//! Whether all numbers of many arrays are finite.

use crate::each_set::on_each_set;
use crate::heap::Heap;
use crate::noise::{read, DRAWN};

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
