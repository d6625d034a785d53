//! AVX-512 with VBMI2: Ice Lake, Zen 4 and later. Comparisons give masks at once, and set bits
//! become positions by compressing a vector of indices.

use core::arch::x86_64::*;

use super::Lanes;

/// Proof that the machine has AVX-512 F, BW, VL, DQ, VBMI, VBMI2, and BMI1, BMI2, LZCNT, POPCNT.
#[derive(Debug, Clone, Copy)]
pub struct Avx512(());

impl Avx512 {
    pub fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vbmi")
            && is_x86_feature_detected!("avx512vbmi2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt"))
        .then_some(Self(()))
    }

    /// The positions of the set bits as bytes, in order.
    #[inline(always)]
    fn positions(self, bits: u64) -> __m512i {
        const INDICES: [u8; 64] = {
            let mut indices = [0; 64];
            let mut i = 0;
            while i < 64 {
                indices[i] = i as u8;
                i += 1;
            }
            indices
        };
        // SAFETY: 64 bytes are there; the proof is `self`.
        unsafe { _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(INDICES.as_ptr().cast())) }
    }
}

/// Sixteen positions from byte 16 × `group` of the vector, as `u32` with `at` added.
#[inline(always)]
unsafe fn widen(positions: __m512i, group: usize, at: u32) -> __m512i {
    // SAFETY: the caller has the proof.
    unsafe {
        let bytes = match group {
            0 => _mm512_castsi512_si128(positions),
            1 => _mm512_extracti32x4_epi32::<1>(positions),
            2 => _mm512_extracti32x4_epi32::<2>(positions),
            _ => _mm512_extracti32x4_epi32::<3>(positions),
        };
        _mm512_add_epi32(_mm512_cvtepu8_epi32(bytes), _mm512_set1_epi32(at as i32))
    }
}

/// Lanes 0, 16, 1, 17, ... of two vectors of 16.
const LOW: [u32; 16] = [0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23];
const HIGH: [u32; 16] = [8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31];

impl Lanes for Avx512 {
    type Block = __m512i;

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Block {
        // SAFETY: 64 bytes are there; the load needs no alignment; the proof is `self`.
        unsafe { _mm512_loadu_si512(bytes.as_ptr().cast()) }
    }

    #[inline(always)]
    fn equal(self, block: Self::Block, byte: u8) -> u64 {
        // SAFETY: the proof is `self`.
        unsafe { _mm512_cmpeq_epi8_mask(block, _mm512_set1_epi8(byte as i8)) }
    }

    #[inline(always)]
    fn range(self, block: Self::Block, first: u8, count: u8) -> u64 {
        // SAFETY: the proof is `self`.
        unsafe {
            let shifted = _mm512_sub_epi8(block, _mm512_set1_epi8(first as i8));
            _mm512_cmplt_epu8_mask(shifted, _mm512_set1_epi8(count as i8))
        }
    }

    #[inline(always)]
    fn letters(self, block: Self::Block) -> u64 {
        // SAFETY: the proof is `self`.
        self.range(unsafe { _mm512_or_si512(block, _mm512_set1_epi8(0x20)) }, b'a', 26)
    }

    #[inline(always)]
    fn high(self, block: Self::Block) -> u64 {
        // SAFETY: the proof is `self`.
        unsafe { _mm512_movepi8_mask(block) }
    }

    #[inline(always)]
    unsafe fn write_pairs(self, bits: u64, at: u32, open: u32, to: *mut [u32; 2]) {
        // SAFETY: the proof is `self`; every group of 16 pairs that is written starts before the
        // number of set bits, so it lies in what may be written.
        unsafe {
            let positions = self.positions(bits);
            let low = _mm512_loadu_si512(LOW.as_ptr().cast());
            let high = _mm512_loadu_si512(HIGH.as_ptr().cast());
            let mut before = _mm512_set1_epi32(open as i32);
            let count = bits.count_ones() as usize;
            for group in 0..4 {
                let ends = widen(positions, group, at);
                let starts = _mm512_alignr_epi32::<15>(ends, before);
                let to = to.add(16 * group);
                _mm512_storeu_si512(to.cast(), _mm512_permutex2var_epi32(starts, low, ends));
                _mm512_storeu_si512(to.add(8).cast(), _mm512_permutex2var_epi32(starts, high, ends));
                if count <= 16 * (group + 1) {
                    break;
                }
                before = ends;
            }
        }
    }
}
