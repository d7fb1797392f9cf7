//! Whether all numbers of many arrays are finite.

use crate::each_set::on_each_set;
use crate::heap::Heap;
use crate::noise::{read, DRAWN};
use std::cell::Cell;

/// Writes 1 where every number of every array is finite, else 0.
#[derive(Clone, Debug)]
pub struct AllFinite {
    pub output: u32,
    /// Addresses in bytes, and sizes.
    pub arrays: Vec<(u32, u32)>,
}

struct FiniteJob {
    numbers: *const f32,
    count: usize,
    all: Cell<bool>,
}

impl AllFinite {
    /// Runs it on one thread, because the numbers are in the cache.
    pub fn run(&self, heap: Heap) -> Result<(), String> {
        let output = heap.numbers("output", self.output, 1)?;
        let mut all = true;
        for (address, size) in &self.arrays {
            let numbers = heap.numbers("numbers", *address, u64::from(*size))?.cast_const();
            let job = FiniteJob { numbers, count: *size as usize, all: Cell::new(true) };
            unsafe { job.check() };
            all &= job.all.get();
        }
        unsafe { *output = f32::from(u8::from(all)) };
        Ok(())
    }
}

impl FiniteJob {
    on_each_set!(FiniteJob, check, check_of, ());

    #[inline(always)]
    unsafe fn check_of<const FUSED: bool>(&self) {
        let mut at = 0;
        // x − x is 0 for a finite number and a NaN otherwise, and a sum carries a NaN through.
        let mut sums = [0.0f32; DRAWN];
        while at < self.count {
            let x = read(self.numbers.add(at), DRAWN.min(self.count - at));
            for i in 0..DRAWN {
                sums[i] += x[i] - x[i];
            }
            at += DRAWN;
        }
        self.all.set(sums.iter().all(|sum| *sum == 0.0));
    }
}
