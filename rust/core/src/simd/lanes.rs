//! What an algorithm asks of a level: 64 bytes classified into bit masks.

/// A level's way to look at 64 bytes at once. Bit `i` of every mask speaks of byte `i`. The
/// methods are `#[inline(always)]` in every implementation, so that they are compiled inside the
/// wrapper that enables the level's instructions.
pub trait Lanes: Copy {
    type Block: Copy;

    fn load(self, bytes: &[u8; 64]) -> Self::Block;

    /// Bytes equal to `byte`.
    fn equal(self, block: Self::Block, byte: u8) -> u64;

    /// Bytes of `first..first + count` (`first + count <= 256`).
    fn range(self, block: Self::Block, first: u8, count: u8) -> u64;

    /// Bytes `A..=Z` and `a..=z`.
    fn letters(self, block: Self::Block) -> u64;

    /// Bytes `0x80..`.
    fn high(self, block: Self::Block) -> u64;

    /// Bytes `0x80..0xC0`: those that continue a character.
    #[inline(always)]
    fn continuation(self, block: Self::Block) -> u64 {
        self.range(block, 0x80, 0x40)
    }

    /// Writes `at + i` for each set bit `i`, in order, to every second `u32` from `to`.
    ///
    /// # Safety
    /// 2 × (the number of set bits, rounded up to 16) `u32` from `to` may be written.
    #[inline(always)]
    unsafe fn write_every_second(self, mut bits: u64, at: u32, to: *mut u32) {
        let mut to = to;
        while bits != 0 {
            for i in 0..4 {
                // SAFETY: the caller's promise, since 4 divides 16.
                unsafe { to.add(2 * i).write(at.wrapping_add(bits.trailing_zeros())) };
                bits &= bits.wrapping_sub(1);
            }
            // SAFETY: not further than the end of what may be written.
            to = unsafe { to.add(8) };
        }
    }

    /// Writes pairs of neighbours of the list `open, at + i for each set bit i`, in order.
    ///
    /// # Safety
    /// The number of set bits, rounded up to 16, of pairs may be written from `to`.
    #[inline(always)]
    unsafe fn write_pairs(self, mut bits: u64, at: u32, mut open: u32, to: *mut [u32; 2]) {
        let mut to = to;
        while bits != 0 {
            for i in 0..8 {
                let end = at.wrapping_add(bits.trailing_zeros());
                // SAFETY: the caller's promise, since 8 divides 16.
                unsafe { to.add(i).write([open, end]) };
                open = end;
                bits &= bits.wrapping_sub(1);
            }
            // SAFETY: not further than the end of what may be written.
            to = unsafe { to.add(8) };
        }
    }
}
