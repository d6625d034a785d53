//! SSE2: what every x86-64 has.

use core::arch::x86_64::*;

use super::Lanes;

/// Proof that the machine has SSE2.
#[derive(Debug, Clone, Copy)]
pub struct Sse2(());

impl Sse2 {
    pub fn detect() -> Option<Self> {
        is_x86_feature_detected!("sse2").then_some(Self(()))
    }
}

/// One mask of four vectors' sign bits.
#[inline(always)]
fn signs(vectors: [__m128i; 4]) -> u64 {
    // SAFETY: SSE2 is part of the x86-64 baseline.
    let [a, b, c, d] = vectors.map(|vector| u64::from(unsafe { _mm_movemask_epi8(vector) } as u32));
    a | b << 16 | c << 32 | d << 48
}

impl Lanes for Sse2 {
    type Block = [__m128i; 4];

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Block {
        // SAFETY: 64 bytes are there; the loads need no alignment.
        core::array::from_fn(|i| unsafe { _mm_loadu_si128(bytes.as_ptr().add(16 * i).cast()) })
    }

    #[inline(always)]
    fn equal(self, block: Self::Block, byte: u8) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        signs(block.map(|v| unsafe { _mm_cmpeq_epi8(v, _mm_set1_epi8(byte as i8)) }))
    }

    #[inline(always)]
    fn range(self, block: Self::Block, first: u8, count: u8) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        signs(block.map(|v| unsafe {
            let shifted = _mm_sub_epi8(v, _mm_set1_epi8(first as i8));
            _mm_cmpeq_epi8(_mm_min_epu8(shifted, _mm_set1_epi8((count - 1) as i8)), shifted)
        }))
    }

    #[inline(always)]
    fn letters(self, block: Self::Block) -> u64 {
        // SAFETY: SSE2 is part of the x86-64 baseline.
        self.range(block.map(|v| unsafe { _mm_or_si128(v, _mm_set1_epi8(0x20)) }), b'a', 26)
    }

    #[inline(always)]
    fn high(self, block: Self::Block) -> u64 {
        signs(block)
    }
}
