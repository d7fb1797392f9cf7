//! Compiles functions that the compiler vectorizes by itself once for each instruction set.

/// Defines the method `$name` of `$type`, which runs `$inner`, inlined and compiled for the instruction set in use. The inner
/// method's parameter says whether there are fused multiply-adds.
macro_rules! on_each_set {
    ($type:ty, $name:ident, $inner:ident, ($($arg:ident: $kind:ty),*)) => {
        unsafe fn $name(&self, $($arg: $kind),*) {
            #[cfg(target_arch = "x86_64")]
            {
                #[target_feature(enable = "avx512f,avx2,fma")]
                unsafe fn avx512(job: &$type, $($arg: $kind),*) {
                    job.$inner::<true>($($arg),*)
                }
                #[target_feature(enable = "avx2,fma")]
                unsafe fn avx2(job: &$type, $($arg: $kind),*) {
                    job.$inner::<true>($($arg),*)
                }
                match crate::processor::chosen() {
                    crate::processor::Set::Avx512 => return avx512(self, $($arg),*),
                    crate::processor::Set::Avx2 => return avx2(self, $($arg),*),
                    _ => {}
                }
            }
            // Every 64-bit ARM processor has fused multiply-adds.
            self.$inner::<{ cfg!(target_arch = "aarch64") }>($($arg),*)
        }
    };
}
pub(crate) use on_each_set;

/// a · b + c, rounded once where the processor has such an instruction. (Elsewhere `mul_add` is a function call.)
#[inline(always)]
pub(crate) fn fma<const FUSED: bool>(a: f32, b: f32, c: f32) -> f32 {
    if FUSED {
        a.mul_add(b, c)
    } else {
        c + a * b
    }
}
