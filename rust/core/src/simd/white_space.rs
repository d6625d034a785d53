//! What the kernels of word patterns share: where pieces start in white space and in digits.

use crate::pre_tokenizers::scanners::words::{BLANK, NEWLINE};

/// The white space of a block, one bit a byte.
pub struct Blanks {
    /// All but `\r` and `\n`.
    pub blank: u64,
    pub newline: u64,
    /// Newlines that belong to the piece before.
    pub taken: u64,
    /// Bytes before a character that white space gives its last character to.
    pub before_text: u64,
    /// The same for white space outside ASCII: its first bytes.
    pub wide_last: u64,
    /// Bytes outside ASCII, and those that continue a character.
    pub high: u64,
    pub cont: u64,
}

/// What the block before says of its last byte, as bit 0.
#[derive(Default)]
pub struct WhiteSpace {
    /// White space not taken by the piece before.
    rest: u64,
    /// Such a newline.
    newline: u64,
}

impl WhiteSpace {
    /// Where pieces start. With `RUNS` (`\s*[\r\n]+` goes first) what follows the last newline of
    /// a run starts one; `base_at` gives the class and length of the characters after the block
    /// (from the first that starts there).
    #[inline(always)]
    pub fn starts<const RUNS: bool>(
        &mut self,
        blanks: Blanks,
        text: &[u8],
        end: usize,
        base_at: impl Fn(usize) -> (u8, usize),
    ) -> u64 {
        let Blanks { blank, newline, taken, before_text, wide_last, high, cont } = blanks;
        let white = blank | newline;
        let rest = white & !taken;
        let mut starts = rest & !cont & !(rest << 1 | self.rest);
        let givable = if RUNS { blank } else { white };
        starts |= givable & !high & before_text | wide_last;
        if RUNS {
            let rest_newline = newline & !taken;
            let tails = blank & (rest_newline << 1 | self.newline);
            if tails != 0 {
                starts |= last_tails(tails, blank, newline, text, end, base_at);
            }
            self.newline = rest_newline >> 63;
        }
        self.rest = rest >> 63;
        starts
    }
}

/// Of the first blanks after newlines, those that no other newline of the same white space
/// follows: only after a run's last newline does a piece start.
#[inline(always)]
fn last_tails(
    tails: u64,
    blank: u64,
    newline: u64,
    text: &[u8],
    end: usize,
    base_at: impl Fn(usize) -> (u8, usize),
) -> u64 {
    let mut last = tails;
    let mut ends = newline & (blank << 1);
    while ends != 0 {
        let end = ends.trailing_zeros();
        ends &= ends - 1;
        // The blanks before this newline start after the last byte that is none. If they start in
        // the block before, that block has looked this far.
        let others = !blank & ((1 << end) - 1);
        last &= !(1 << (64 - others.leading_zeros()));
    }
    if blank >> 63 != 0 {
        let start = 1u64 << (64 - (!blank).leading_zeros());
        if last & start != 0 {
            let mut ahead = first_boundary(text, end);
            loop {
                let (base, len) = base_at(ahead);
                if base != BLANK {
                    return if base == NEWLINE { last & !start } else { last };
                }
                ahead += len;
            }
        }
    }
    last
}

/// The first character boundary at or after `at`.
#[inline(always)]
pub fn first_boundary(text: &[u8], mut at: usize) -> usize {
    while text.get(at).is_some_and(|byte| (0x80..0xC0).contains(byte)) {
        at += 1;
    }
    at
}

/// Digits cut into groups of three.
#[derive(Default)]
pub struct Groups {
    /// Bit 0: the last byte of the block before is a number.
    number: u64,
    /// How many digits the open group has (modulo 3).
    digits: u32,
}

impl Groups {
    /// The first digit of each group, among the `number` bits of a block.
    #[inline(always)]
    pub fn starts(&mut self, number: u64, cont: u64) -> u64 {
        if number == 0 {
            *self = Self::default();
            return 0;
        }
        let after_number = number << 1 | self.number;
        let mut starts = 0;
        let digits;
        if number & cont == 0 {
            let mut group = number & !after_number;
            if number & 1 & self.number != 0 {
                let to = (3 - self.digits) % 3;
                let whole = (2 << to) - 1;
                if number & whole == whole {
                    group |= 1 << to;
                }
            }
            let third = number & number << 1 & number << 2;
            while group != 0 {
                starts |= group;
                group = group << 3 & third;
            }
            // If the block ends in a number, the last group starts in the block.
            digits = (starts.leading_zeros() + 1) % 3;
        } else {
            let mut count = self.digits;
            let mut left = number & !cont;
            while left != 0 {
                let bit = left & left.wrapping_neg();
                left ^= bit;
                if after_number & bit == 0 {
                    count = 0;
                }
                if count == 0 {
                    starts |= bit;
                }
                count = (count + 1) % 3;
            }
            digits = count;
        }
        self.number = number >> 63;
        self.digits = if self.number != 0 { digits } else { 0 };
        starts
    }
}
