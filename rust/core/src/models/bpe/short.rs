//! Merging a short word: up to 32 symbols, on the stack.
//!
//! `keys[i]` is the priority of the pair that starts at position `i`, above the position itself:
//! the least key is the next merge (lowest rank, leftmost). Which positions are alive is a bit
//! mask, so neighbours are found by counting zeros. A merge looks up the two pairs it makes; a
//! word of n symbols costs O(n) a merge in the scan for the least key, over a few vectors.

use super::merges::{Merges, NO_PRIORITY};

/// Most symbols of a short word.
pub const SHORT: usize = 32;
const POSITION_BITS: u32 = 5;
/// Keys from here on are of pairs without a merge.
const NO_KEY: u32 = NO_PRIORITY << POSITION_BITS;

/// The symbols of a short word.
#[derive(Debug)]
pub struct ShortWord {
    pub symbols: [u32; SHORT],
    pub len: usize,
}

impl ShortWord {
    #[inline(always)]
    pub fn new() -> Self {
        Self { symbols: [0; SHORT], len: 0 }
    }

    pub fn as_slice(&self) -> &[u32] {
        &self.symbols[..self.len.min(SHORT)]
    }

    /// Merges until no pair has a merge.
    #[inline(always)]
    pub fn merge(&mut self, merges: &Merges) {
        let n = self.len.min(SHORT);
        if n < 2 {
            return;
        }
        let symbols = &mut self.symbols;
        let mut keys = [NO_KEY; SHORT];
        let mut least = NO_KEY;
        for position in 0..n - 1 {
            let priority = merges.pairs.any(symbols[position], symbols[position + 1]);
            keys[position] = key(priority, position as u32);
            least = least.min(keys[position]);
        }
        if least >= NO_KEY {
            return;
        }
        let mut alive: u32 = u32::MAX >> (SHORT - n);
        loop {
            let position = least & (SHORT as u32 - 1);
            let result = merges.result(least >> POSITION_BITS);
            // Bits above the position: the right part, then what follows it.
            let above = alive & (u32::MAX << position << 1);
            let right = above.trailing_zeros();
            let rest = above & above.wrapping_sub(1);
            alive ^= above ^ rest;
            symbols[position as usize] = result;
            keys[right as usize & (SHORT - 1)] = NO_KEY;
            keys[position as usize] = if rest != 0 {
                let after = rest.trailing_zeros();
                key(merges.pairs.get(result, symbols[after as usize & (SHORT - 1)]), position)
            } else {
                NO_KEY
            };
            let below = alive & ((1 << position) - 1);
            if below != 0 {
                let before = 31 - below.leading_zeros();
                keys[before as usize] = key(merges.pairs.get(symbols[before as usize], result), before);
            }
            least = least_of(&keys, n);
            if least >= NO_KEY {
                break;
            }
        }
        let mut len = 0;
        while alive != 0 {
            symbols[len] = symbols[alive.trailing_zeros() as usize];
            len += 1;
            alive &= alive - 1;
        }
        self.len = len;
    }
}

/// Priorities are below 2^27 - 1 (`merges::PRIORITY_BITS`); that of no merge stays above them all.
#[inline(always)]
fn key(priority: u32, position: u32) -> u32 {
    const { assert!(super::merges::PRIORITY_BITS + POSITION_BITS <= 32 && NO_PRIORITY == u32::MAX) };
    priority << POSITION_BITS | position
}

#[inline(always)]
fn least_of(keys: &[u32; SHORT], n: usize) -> u32 {
    let mut least = [NO_KEY; 8];
    for eight in keys[..(n + 7) & !7].chunks_exact(8) {
        for lane in 0..8 {
            least[lane] = least[lane].min(eight[lane]);
        }
    }
    least.into_iter().fold(NO_KEY, u32::min)
}
