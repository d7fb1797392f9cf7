//! What the tests of all kernels share: random numbers, a memory with walls, and every instruction set in turn.
// Each test is a crate, and not every crate uses everything here.
#![allow(dead_code)]

use crossreg_tfjs_native::heap::Heap;
use crossreg_tfjs_native::processor;
use proptest::test_runner::{Config, RngSeed};
use std::sync::{Mutex, MutexGuard};

/// The number of cases, which are the same in every run. `PROPTEST_CASES=5000 PROPTEST_RNG_SEED=$RANDOM cargo test` draws more
/// and different ones.
pub fn random_cases(cases: u32) -> Config {
    let given = Config::default();
    Config {
        cases: if std::env::var_os("PROPTEST_CASES").is_some() { given.cases } else { cases },
        rng_seed: if given.rng_seed == RngSeed::Random { RngSeed::Fixed(1) } else { given.rng_seed },
        failure_persistence: None,
        // Windows in the padding, which pools cannot have, are drawn often.
        max_global_rejects: 1_000_000,
        ..given
    }
}

/// The process has one instruction set. While the returned guard lives, no other test changes it.
pub fn alone() -> MutexGuard<'static, ()> {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    ONE_AT_A_TIME.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

/// Numbers in [-1, 1) that follow from the seed.
pub fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761).wrapping_add(1);
    (0..count)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

pub fn heap(memory: &mut [f32]) -> Heap {
    unsafe { Heap::new(memory.as_mut_ptr().cast(), memory.len() * 4) }
}

/// A number that must stay before, between and behind arrays.
const WALL: f32 = 77.0;

/// Arrays one after the other with walls around each, and their addresses.
pub fn walled(arrays: &[&[f32]]) -> (Vec<f32>, Vec<u32>) {
    let mut all = vec![WALL];
    let mut addresses = Vec::new();
    for array in arrays {
        addresses.push(all.len() as u32 * 4);
        all.extend_from_slice(array);
        all.push(WALL);
    }
    (all, addresses)
}

/// Calls `f` on each instruction set of the processor.
pub fn on_each_set(mut f: impl FnMut()) {
    let _guard = alone();
    let sets = processor::available();
    for set in &sets {
        processor::choose(set.name()).unwrap();
        f();
    }
    processor::choose(sets[0].name()).unwrap();
}

/// Runs `f` on a memory with these arrays and walls around them, on each set, on one thread and on three: the walls must not
/// change, the arrays must have the same bits, and `check` gets them.
pub fn within_walls(arrays: &[&[f32]], f: impl Fn(Heap, &[u32], usize), check: impl Fn(&[Vec<f32>])) {
    on_each_set(|| {
        let results = [1, 3].map(|threads| {
            let (mut all, at) = walled(arrays);
            f(heap(&mut all), &at, threads);
            let walls = at.iter().zip(arrays).map(|(at, array)| *at as usize / 4 + array.len());
            assert!(walls.chain([0]).all(|wall| all[wall] == WALL), "{}", processor::chosen().name());
            let read = |(at, array): (&u32, &&[f32])| all[*at as usize / 4..][..array.len()].to_vec();
            at.iter().zip(arrays).map(read).collect::<Vec<_>>()
        });
        let bits = |arrays: &[Vec<f32>]| arrays.concat().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(&results[0]), bits(&results[1]), "{}", processor::chosen().name());
        check(&results[0]);
    });
}
