//! The memory of the wasm backend, and the checks before anything touches it.

/// The whole memory, valid for the duration of a call.
#[derive(Clone, Copy)]
pub struct Heap {
    start: *mut u8,
    bytes: u64,
}
unsafe impl Send for Heap {}
unsafe impl Sync for Heap {}

impl Heap {
    /// # Safety
    /// `start` must be the address of `bytes` bytes that stay where they are while the heap is in use.
    pub unsafe fn new(start: *mut u8, bytes: usize) -> Heap {
        Heap { start, bytes: bytes as u64 }
    }

    /// The address of `count` numbers at the byte `address`, if they are all in the heap.
    pub fn numbers(&self, what: &str, address: u32, count: u64) -> Result<*mut f32, String> {
        let end = count.checked_mul(4).and_then(|bytes| bytes.checked_add(u64::from(address)));
        if address % 4 != 0 || end.is_none_or(|end| end > self.bytes) {
            return Err(format!(
                "{what}: {count} numbers at address {address} are not within the {} bytes of the wasm heap.",
                self.bytes
            ));
        }
        // Within the heap, so within the address space.
        Ok(unsafe { self.start.add(address as usize).cast() })
    }
}

/// The product of sizes, or an error.
pub fn product(sizes: &[u64]) -> Result<u64, String> {
    sizes
        .iter()
        .try_fold(1u64, |product, size| product.checked_mul(*size))
        .ok_or_else(|| format!("The sizes {sizes:?} are too large."))
}
