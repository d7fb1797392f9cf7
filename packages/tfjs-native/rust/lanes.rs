//! Vectors of one instruction set, as the kernels see them.

/// A vector of `N` float32. Every function must be inlined into one that is compiled for the instruction set.
pub trait Lanes: Copy {
    type V: Copy;
    const N: usize;
    unsafe fn zero() -> Self::V;
    unsafe fn splat(value: f32) -> Self::V;
    unsafe fn load(from: *const f32) -> Self::V;
    /// The first `count` (1 to N) numbers, and 0 in the other lanes. Nothing else is read.
    unsafe fn load_part(from: *const f32, count: usize) -> Self::V;
    unsafe fn store(to: *mut f32, v: Self::V);
    /// Writes the first `count` (1 to N) numbers.
    unsafe fn store_part(to: *mut f32, v: Self::V, count: usize);
    /// a · b + c.
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V;
    /// The lesser and the greater; a NaN in `a` stays.
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V;
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V;
}

/// Plain Rust, for every processor.
#[derive(Clone, Copy)]
pub struct Portable;

const P: usize = 4;

impl Lanes for Portable {
    type V = [f32; P];
    const N: usize = P;
    #[inline(always)]
    unsafe fn zero() -> Self::V {
        [0.0; P]
    }
    #[inline(always)]
    unsafe fn splat(value: f32) -> Self::V {
        [value; P]
    }
    #[inline(always)]
    unsafe fn load(from: *const f32) -> Self::V {
        from.cast::<[f32; P]>().read_unaligned()
    }
    #[inline(always)]
    unsafe fn load_part(from: *const f32, count: usize) -> Self::V {
        let mut v = [0.0; P];
        for (i, lane) in v.iter_mut().enumerate().take(count) {
            *lane = *from.add(i);
        }
        v
    }
    #[inline(always)]
    unsafe fn store(to: *mut f32, v: Self::V) {
        to.cast::<[f32; P]>().write_unaligned(v)
    }
    #[inline(always)]
    unsafe fn store_part(to: *mut f32, v: Self::V, count: usize) {
        for (i, lane) in v.iter().enumerate().take(count) {
            *to.add(i) = *lane;
        }
    }
    #[inline(always)]
    unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
        // Not mul_add, which is a call where the processor has no such instruction.
        [a[0] * b[0] + c[0], a[1] * b[1] + c[1], a[2] * b[2] + c[2], a[3] * b[3] + c[3]]
    }
    #[inline(always)]
    unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
        [a[0] + b[0], a[1] + b[1], a[2] + b[2], a[3] + b[3]]
    }
    #[inline(always)]
    unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if b[i] < a[i] { b[i] } else { a[i] })
    }
    #[inline(always)]
    unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
        std::array::from_fn(|i| if b[i] > a[i] { b[i] } else { a[i] })
    }
}

#[cfg(target_arch = "x86_64")]
pub mod x86 {
    use super::Lanes;
    use std::arch::x86_64::*;

    /// 8 numbers; needs AVX2 and FMA.
    #[derive(Clone, Copy)]
    pub struct Avx2;

    #[inline(always)]
    unsafe fn mask(count: usize) -> __m256i {
        const ONES: [i32; 16] = [-1, -1, -1, -1, -1, -1, -1, -1, 0, 0, 0, 0, 0, 0, 0, 0];
        _mm256_loadu_si256(ONES.as_ptr().add(8 - count).cast())
    }

    impl Lanes for Avx2 {
        type V = __m256;
        const N: usize = 8;
        #[inline(always)]
        unsafe fn zero() -> __m256 {
            _mm256_setzero_ps()
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> __m256 {
            _mm256_set1_ps(value)
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m256 {
            _mm256_loadu_ps(from)
        }
        #[inline(always)]
        unsafe fn load_part(from: *const f32, count: usize) -> __m256 {
            _mm256_maskload_ps(from, mask(count))
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, v: __m256) {
            _mm256_storeu_ps(to, v)
        }
        #[inline(always)]
        unsafe fn store_part(to: *mut f32, v: __m256, count: usize) {
            _mm256_maskstore_ps(to, mask(count), v)
        }
        #[inline(always)]
        unsafe fn fma(a: __m256, b: __m256, c: __m256) -> __m256 {
            _mm256_fmadd_ps(a, b, c)
        }
        #[inline(always)]
        unsafe fn add(a: __m256, b: __m256) -> __m256 {
            _mm256_add_ps(a, b)
        }
        // If one operand is a NaN, the instructions return the second.
        #[inline(always)]
        unsafe fn min(a: __m256, b: __m256) -> __m256 {
            _mm256_min_ps(b, a)
        }
        #[inline(always)]
        unsafe fn max(a: __m256, b: __m256) -> __m256 {
            _mm256_max_ps(b, a)
        }
    }

    /// 16 numbers; needs AVX-512F.
    #[derive(Clone, Copy)]
    pub struct Avx512;

    impl Lanes for Avx512 {
        type V = __m512;
        const N: usize = 16;
        #[inline(always)]
        unsafe fn zero() -> __m512 {
            _mm512_setzero_ps()
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> __m512 {
            _mm512_set1_ps(value)
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> __m512 {
            _mm512_loadu_ps(from)
        }
        #[inline(always)]
        unsafe fn load_part(from: *const f32, count: usize) -> __m512 {
            _mm512_maskz_loadu_ps(((1u32 << count) - 1) as __mmask16, from)
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, v: __m512) {
            _mm512_storeu_ps(to, v)
        }
        #[inline(always)]
        unsafe fn store_part(to: *mut f32, v: __m512, count: usize) {
            _mm512_mask_storeu_ps(to, ((1u32 << count) - 1) as __mmask16, v)
        }
        #[inline(always)]
        unsafe fn fma(a: __m512, b: __m512, c: __m512) -> __m512 {
            _mm512_fmadd_ps(a, b, c)
        }
        #[inline(always)]
        unsafe fn add(a: __m512, b: __m512) -> __m512 {
            _mm512_add_ps(a, b)
        }
        #[inline(always)]
        unsafe fn min(a: __m512, b: __m512) -> __m512 {
            _mm512_min_ps(b, a)
        }
        #[inline(always)]
        unsafe fn max(a: __m512, b: __m512) -> __m512 {
            _mm512_max_ps(b, a)
        }
    }
}

#[cfg(target_arch = "aarch64")]
pub mod arm {
    use super::Lanes;
    use std::arch::aarch64::*;

    /// 4 numbers; every 64-bit ARM processor that Node.js runs on has them.
    #[derive(Clone, Copy)]
    pub struct Neon;

    impl Lanes for Neon {
        type V = float32x4_t;
        const N: usize = 4;
        #[inline(always)]
        unsafe fn zero() -> Self::V {
            vdupq_n_f32(0.0)
        }
        #[inline(always)]
        unsafe fn splat(value: f32) -> Self::V {
            vdupq_n_f32(value)
        }
        #[inline(always)]
        unsafe fn load(from: *const f32) -> Self::V {
            vld1q_f32(from)
        }
        #[inline(always)]
        unsafe fn load_part(from: *const f32, count: usize) -> Self::V {
            let mut v = [0.0f32; 4];
            for (i, lane) in v.iter_mut().enumerate().take(count) {
                *lane = *from.add(i);
            }
            vld1q_f32(v.as_ptr())
        }
        #[inline(always)]
        unsafe fn store(to: *mut f32, v: Self::V) {
            vst1q_f32(to, v)
        }
        #[inline(always)]
        unsafe fn store_part(to: *mut f32, v: Self::V, count: usize) {
            let mut lanes = [0.0f32; 4];
            vst1q_f32(lanes.as_mut_ptr(), v);
            for (i, lane) in lanes.iter().enumerate().take(count) {
                *to.add(i) = *lane;
            }
        }
        #[inline(always)]
        unsafe fn fma(a: Self::V, b: Self::V, c: Self::V) -> Self::V {
            vfmaq_f32(c, a, b)
        }
        #[inline(always)]
        unsafe fn add(a: Self::V, b: Self::V) -> Self::V {
            vaddq_f32(a, b)
        }
        #[inline(always)]
        unsafe fn min(a: Self::V, b: Self::V) -> Self::V {
            vminq_f32(a, b)
        }
        #[inline(always)]
        unsafe fn max(a: Self::V, b: Self::V) -> Self::V {
            vmaxq_f32(a, b)
        }
    }
}
