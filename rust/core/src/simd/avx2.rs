//! AVX2 with BMI: Haswell, Zen and later.

use core::arch::x86_64::*;

use super::Lanes;

/// Proof that the machine has AVX2, BMI1, BMI2, LZCNT and POPCNT.
#[derive(Debug, Clone, Copy)]
pub struct Avx2(());

impl Avx2 {
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt"))
        .then_some(Self(()))
    }
}

/// One mask of two vectors' sign bits.
#[inline(always)]
fn signs(low: __m256i, high: __m256i) -> u64 {
    // SAFETY: an `Avx2` has been made, so the machine has it.
    unsafe {
        let low = u64::from(_mm256_movemask_epi8(low) as u32);
        low | u64::from(_mm256_movemask_epi8(high) as u32) << 32
    }
}

// No closures here: they do not inherit the features of the function they stand in.
impl Lanes for Avx2 {
    type Block = [__m256i; 2];

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Block {
        let from: *const __m256i = bytes.as_ptr().cast();
        // SAFETY: 64 bytes are there; the loads need no alignment; the proof is `self`.
        unsafe { [_mm256_loadu_si256(from), _mm256_loadu_si256(from.add(1))] }
    }

    #[inline(always)]
    fn equal(self, [low, high]: Self::Block, byte: u8) -> u64 {
        // SAFETY: the proof is `self`.
        unsafe {
            let byte = _mm256_set1_epi8(byte as i8);
            signs(_mm256_cmpeq_epi8(low, byte), _mm256_cmpeq_epi8(high, byte))
        }
    }

    #[inline(always)]
    fn range(self, [low, high]: Self::Block, first: u8, count: u8) -> u64 {
        // SAFETY: the proof is `self`.
        unsafe {
            let first = _mm256_set1_epi8(first as i8);
            let last = _mm256_set1_epi8((count - 1) as i8);
            let (low, high) = (_mm256_sub_epi8(low, first), _mm256_sub_epi8(high, first));
            signs(
                _mm256_cmpeq_epi8(_mm256_min_epu8(low, last), low),
                _mm256_cmpeq_epi8(_mm256_min_epu8(high, last), high),
            )
        }
    }

    #[inline(always)]
    fn letters(self, [low, high]: Self::Block) -> u64 {
        // SAFETY: the proof is `self`.
        let block = unsafe {
            let case = _mm256_set1_epi8(0x20);
            [_mm256_or_si256(low, case), _mm256_or_si256(high, case)]
        };
        self.range(block, b'a', 26)
    }

    #[inline(always)]
    fn high(self, [low, high]: Self::Block) -> u64 {
        signs(low, high)
    }
}
