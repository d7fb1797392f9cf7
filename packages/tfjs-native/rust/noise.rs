//! Gaussian noise from a keyed counter. The numbers are those of assembly/noise.ts of @crossreg/tfjs-wasm, to the bit if both
//! use fused multiply-adds.

use crate::each_set::{fma, on_each_set};
use crate::heap::Heap;
use crate::pool;

/// Numbers drawn at a time: two of each of `LANES` counters.
pub(crate) const DRAWN: usize = 32;
const LANES: usize = DRAWN / 2;
/// Numbers in a unit of work.
const UNIT: usize = 4096;
/// Fewer numbers than this are drawn on one thread.
pub(crate) const SHARED_NUMBERS: usize = 1 << 17;

/// hash32 of @crossreg/core.
#[inline(always)]
fn hash(mut h: u32) -> u32 {
    h = (h ^ (h >> 16)).wrapping_mul(0x21f0_aaad);
    h = (h ^ (h >> 15)).wrapping_mul(0x735a_2d97);
    h ^ (h >> 15)
}

/// One pair of the stream, from the counter of an even position. The steps are those of `draw` in assembly/noise.ts.
#[inline(always)]
fn pair<const FUSED: bool>(counter: u32, k1: u32) -> (f32, f32) {
    let state = hash(counter) ^ k1;
    let (u, v) = (hash(state), hash(state ^ 0x9e37_79b9));

    let bits = ((u >> 1) as i32 as f32 + 0.5).to_bits() as i32;
    let exponent = bits.wrapping_sub(0x3f35_04f3) >> 23;
    let mantissa = f32::from_bits(bits.wrapping_sub(exponent << 23) as u32);
    let s = (mantissa - 1.0) / (mantissa + 1.0);
    let z = s * s;
    let series = fma::<FUSED>(z, (-4.0 / 7.0f64) as f32, (-4.0 / 5.0f64) as f32);
    let series = fma::<FUSED>(z, series, (-4.0 / 3.0f64) as f32);
    let series = fma::<FUSED>(z, series, -4.0);
    let turns = (31 - exponent) as f32;
    let square = fma::<FUSED>(s, series, turns * 1.386_294_4);
    let r = if square < 0.0 { 0.0 } else { square }.sqrt();

    let quarter = (v.wrapping_add(0x2000_0000) as i32) >> 30;
    let rest = v.wrapping_sub((quarter as u32) << 30) as i32;
    let t = rest as f32 * 1.462_918_079_267_159_6e-9;
    let z = t * t;
    let sin = fma::<FUSED>(z, -1.951_529_589_1e-4, 8.332_160_873_6e-3);
    let sin = fma::<FUSED>(z, sin, -1.666_665_461_1e-1);
    let sin = fma::<FUSED>(z * t, sin, t);
    let cos = fma::<FUSED>(z, 2.443_315_711_809_948e-5, -1.388_731_625_493_765e-3);
    let cos = fma::<FUSED>(z, cos, 4.166_664_568_298_827e-2);
    let cos = fma::<FUSED>(z, cos, -0.5);
    let cos = fma::<FUSED>(z, cos, 1.0);

    let odd = ((quarter << 31) >> 31) as u32;
    let (c, s) = (
        (sin.to_bits() & odd) | (cos.to_bits() & !odd),
        (cos.to_bits() & odd) | (sin.to_bits() & !odd),
    );
    let sign_c = ((quarter.wrapping_add(1) & 2) as u32) << 30;
    let sign_s = ((quarter & 2) as u32) << 30;
    (r * f32::from_bits(c ^ sign_c), r * f32::from_bits(s ^ sign_s))
}

/// The numbers from an even position on.
#[inline(always)]
pub(crate) fn draw<const FUSED: bool>(position: u32, k0: u32, k1: u32) -> [f32; DRAWN] {
    let (mut first, mut second) = ([0.0; LANES], [0.0; LANES]);
    for i in 0..LANES {
        let counter = position.wrapping_add(k0).wrapping_add(2 * i as u32);
        (first[i], second[i]) = pair::<FUSED>(counter, k1);
    }
    let mut drawn = [0.0; DRAWN];
    for i in 0..LANES {
        drawn[2 * i] = first[i];
        drawn[2 * i + 1] = second[i];
    }
    drawn
}

/// The first `count` numbers, and 0 for the others. Nothing else is read.
#[inline(always)]
pub(crate) unsafe fn read(from: *const f32, count: usize) -> [f32; DRAWN] {
    if count == DRAWN {
        return from.cast::<[f32; DRAWN]>().read_unaligned();
    }
    let mut numbers = [0.0; DRAWN];
    std::ptr::copy_nonoverlapping(from, numbers.as_mut_ptr(), count);
    numbers
}

#[inline(always)]
pub(crate) unsafe fn write(to: *mut f32, numbers: [f32; DRAWN], count: usize) {
    if count == DRAWN {
        to.cast::<[f32; DRAWN]>().write_unaligned(numbers);
    } else {
        std::ptr::copy_nonoverlapping(numbers.as_ptr(), to, count);
    }
}

/// out = ε. The address is in bytes, the size in numbers.
#[derive(Clone, Copy, Debug)]
pub struct Noise {
    pub output: u32,
    pub count: u32,
    pub k0: u32,
    pub k1: u32,
}

struct Job {
    output: *mut f32,
    k0: u32,
    k1: u32,
}
unsafe impl Sync for Job {}

impl Noise {
    /// Runs it, on up to `threads` threads.
    pub fn run(self, heap: Heap, threads: usize) -> Result<(), String> {
        let output = heap.numbers("output", self.output, u64::from(self.count))?;
        let count = self.count as usize;
        let job = Job { output, k0: self.k0, k1: self.k1 };
        let units = count.div_ceil(UNIT);
        let threads = if count < SHARED_NUMBERS { 1 } else { threads };
        pool::run(threads, units, units.div_ceil(threads * 4).max(1), &|from, to| unsafe {
            job.numbers(from * UNIT, count.min(to * UNIT))
        })
    }
}

impl Job {
    on_each_set!(Job, numbers, numbers_from, (from: usize, to: usize));

    #[inline(always)]
    unsafe fn numbers_from<const FUSED: bool>(&self, from: usize, to: usize) {
        let mut at = from;
        while at < to {
            write(self.output.add(at), draw::<FUSED>(at as u32, self.k0, self.k1), DRAWN.min(to - at));
            at += DRAWN;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn noise(count: u32) -> Noise {
        Noise { output: 8192, count, k0: 7, k1: 8 }
    }

    fn heap(memory: &mut [f32]) -> Heap {
        unsafe { Heap::new(memory.as_mut_ptr().cast(), memory.len() * 4) }
    }

    #[test]
    fn nothing_beyond_the_output_is_written() {
        for count in [0, 1, 2, 31, 32, 33, 100] {
            let mut memory = vec![5.0f32; 3000];
            noise(count).run(heap(&mut memory), 1).unwrap();
            let end = 2048 + count as usize;
            assert!(memory[2048..end].iter().all(|value| *value != 5.0 && value.is_finite()));
            assert!(memory[..2048].iter().chain(&memory[end..]).all(|value| *value == 5.0));
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "Miri takes an hour for a million numbers")]
    fn the_moments_are_those_of_a_standard_normal() {
        let mut memory = vec![0.0f32; 2048 + 1_000_000];
        noise(1_000_000).run(heap(&mut memory), 2).unwrap();
        let drawn = &memory[2048..];
        let mean = |power: i32| drawn.iter().map(|x| f64::from(*x).powi(power)).sum::<f64>() / 1e6;
        // Five standard errors each.
        assert!(mean(1).abs() < 5e-3 && (mean(2) - 1.0).abs() < 7.1e-3 && (mean(4) - 3.0).abs() < 5e-2);
    }

    #[test]
    fn what_is_not_in_the_heap_is_refused() {
        let mut memory = vec![0.0f32; 3000];
        for bad in [noise(953), noise(u32::MAX), Noise { output: 2, ..noise(2) }] {
            assert!(bad.run(heap(&mut memory), 1).is_err(), "{bad:?}");
        }
    }
}
