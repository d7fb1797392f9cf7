//! Which instruction sets this processor has, and which one is in use.

use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[repr(u8)]
pub enum Set {
    Portable = 1,
    Avx2 = 2,
    Avx512 = 3,
    Neon = 4,
}

impl Set {
    pub fn name(self) -> &'static str {
        match self {
            Set::Portable => "portable",
            Set::Avx2 => "avx2",
            Set::Avx512 => "avx512",
            Set::Neon => "neon",
        }
    }
}

/// Those that this processor has, the fastest first.
pub fn available() -> Vec<Set> {
    let mut sets = Vec::new();
    #[cfg(target_arch = "x86_64")]
    {
        if is_x86_feature_detected!("avx512f") {
            sets.push(Set::Avx512);
        }
        if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
            sets.push(Set::Avx2);
        }
    }
    #[cfg(target_arch = "aarch64")]
    sets.push(Set::Neon);
    sets.push(Set::Portable);
    sets
}

static CHOSEN: AtomicU8 = AtomicU8::new(0);

/// The instruction set in use: the one chosen last, or the fastest.
pub fn chosen() -> Set {
    match CHOSEN.load(Ordering::Relaxed) {
        1 => Set::Portable,
        2 => Set::Avx2,
        3 => Set::Avx512,
        4 => Set::Neon,
        _ => {
            let best = available()[0];
            CHOSEN.store(best as u8, Ordering::Relaxed);
            best
        }
    }
}

/// Uses the set of that name from now on, in the whole process.
pub fn choose(name: &str) -> Result<Set, String> {
    let sets = available();
    let found = sets.iter().find(|set| set.name() == name);
    let set = found.ok_or_else(|| {
        let names: Vec<_> = sets.iter().map(|set| set.name()).collect();
        format!(
            "This processor has the instruction sets {}, but got '{name}'.",
            names.join(", ")
        )
    })?;
    CHOSEN.store(*set as u8, Ordering::Relaxed);
    Ok(*set)
}
