//! The heavy kernels of @crossreg/tfjs-wasm, compiled for the processor, and run in place on the memory of the wasm backend.

pub mod channels;
mod each_set;
pub mod finite;
pub mod heap;
pub mod lanes;
pub mod matrices;
pub mod noise;
pub mod outer;
pub mod pool;
pub mod processor;
pub mod rows;
pub mod windows;

#[cfg(feature = "addon")]
mod addon;
