//! NEON: every aarch64. There is no move-mask: one bit of each byte is kept and pairs are added
//! until 64 bytes have become 64 bits.

use core::arch::aarch64::*;

use super::Lanes;

/// Proof that the machine has NEON.
#[derive(Debug, Clone, Copy)]
pub struct Neon(());

impl Neon {
    pub fn detect() -> Option<Self> {
        std::arch::is_aarch64_feature_detected!("neon").then_some(Self(()))
    }
}

/// One bit a byte of four vectors whose bytes are 0 or 255.
#[inline(always)]
fn bits([a, b, c, d]: [uint8x16_t; 4]) -> u64 {
    const BITS: [u8; 16] = [1, 2, 4, 8, 16, 32, 64, 128, 1, 2, 4, 8, 16, 32, 64, 128];
    // SAFETY: a `Neon` has been made, so the machine has it; 16 bytes are there.
    unsafe {
        let bit = vld1q_u8(BITS.as_ptr());
        let low = vpaddq_u8(vandq_u8(a, bit), vandq_u8(b, bit));
        let high = vpaddq_u8(vandq_u8(c, bit), vandq_u8(d, bit));
        let sums = vpaddq_u8(low, high);
        vgetq_lane_u64::<0>(vreinterpretq_u64_u8(vpaddq_u8(sums, sums)))
    }
}

impl Lanes for Neon {
    type Block = [uint8x16_t; 4];

    #[inline(always)]
    fn load(self, bytes: &[u8; 64]) -> Self::Block {
        let from = bytes.as_ptr();
        // SAFETY: 64 bytes are there; the proof is `self`.
        unsafe { [vld1q_u8(from), vld1q_u8(from.add(16)), vld1q_u8(from.add(32)), vld1q_u8(from.add(48))] }
    }

    #[inline(always)]
    fn equal(self, [a, b, c, d]: Self::Block, byte: u8) -> u64 {
        // SAFETY: the proof is `self`.
        unsafe {
            let byte = vdupq_n_u8(byte);
            bits([vceqq_u8(a, byte), vceqq_u8(b, byte), vceqq_u8(c, byte), vceqq_u8(d, byte)])
        }
    }

    #[inline(always)]
    fn range(self, [a, b, c, d]: Self::Block, first: u8, count: u8) -> u64 {
        // SAFETY: the proof is `self`.
        unsafe {
            let (first, count) = (vdupq_n_u8(first), vdupq_n_u8(count));
            bits([
                vcltq_u8(vsubq_u8(a, first), count),
                vcltq_u8(vsubq_u8(b, first), count),
                vcltq_u8(vsubq_u8(c, first), count),
                vcltq_u8(vsubq_u8(d, first), count),
            ])
        }
    }

    #[inline(always)]
    fn letters(self, [a, b, c, d]: Self::Block) -> u64 {
        // SAFETY: the proof is `self`.
        let block = unsafe {
            let case = vdupq_n_u8(0x20);
            [vorrq_u8(a, case), vorrq_u8(b, case), vorrq_u8(c, case), vorrq_u8(d, case)]
        };
        self.range(block, b'a', 26)
    }

    #[inline(always)]
    fn high(self, block: Self::Block) -> u64 {
        self.range(block, 0x80, 0x80)
    }
}
