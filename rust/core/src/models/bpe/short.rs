//! Merging a short word: up to 32 symbols, step by step.
//!
//! `keys[i]` is the priority of the pair that starts at position `i`, above the position itself:
//! the least key is the next merge (lowest rank, leftmost). Which positions are alive is a bit
//! mask, so neighbours are found by counting zeros. A merge makes two pairs, which are looked up;
//! a word of n symbols costs O(n) a merge in the scan for the least key, over a few vectors.
//!
//! A lookup that leaves the processor's caches takes longer than all else, and each step waits
//! for those of the one before. So a step ends by having the lines of its two pairs fetched, and
//! `batch` takes the steps of many words in turn.

use super::merges::{Merges, NO_PRIORITY};

/// Most symbols of a short word.
pub const SHORT: usize = 32;
const POSITION_BITS: u32 = 5;
/// Keys from here on are of pairs without a merge.
const NO_KEY: u32 = NO_PRIORITY << POSITION_BITS;

/// A word being merged.
#[derive(Debug, Clone)]
pub struct ShortWord {
    pub symbols: [u32; SHORT],
    pub len: usize,
    keys: [u32; SHORT],
    alive: u32,
    /// The position of the last merge, whose two pairs are not looked up yet.
    at: u32,
}

impl ShortWord {
    pub fn new() -> Self {
        Self { symbols: [0; SHORT], len: 0, keys: [NO_KEY; SHORT], alive: 0, at: 0 }
    }

    pub fn as_slice(&self) -> &[u32] {
        &self.symbols[..self.len.min(SHORT)]
    }

    /// Merges until no pair has a merge.
    #[inline(always)]
    pub fn merge(&mut self, merges: &Merges) {
        if self.first_step(merges) {
            while self.step(merges) {}
        }
        self.finish();
    }

    /// Has the lines of the first step fetched.
    #[inline(always)]
    pub fn prefetch(&self, merges: &Merges) {
        for pair in self.as_slice().windows(2) {
            merges.pairs.prefetch(pair[0], pair[1]);
        }
    }

    /// Looks all pairs up and makes the first merge; `false` if there is none.
    #[inline(always)]
    pub fn first_step(&mut self, merges: &Merges) -> bool {
        let n = self.len.min(SHORT);
        self.alive = if n == 0 { 0 } else { u32::MAX >> (SHORT - n) };
        if n < 2 {
            return false;
        }
        let mut least = NO_KEY;
        for position in 0..n - 1 {
            let priority = merges.pairs.any(self.symbols[position], self.symbols[position + 1]);
            self.keys[position] = key(priority, position as u32);
            least = least.min(self.keys[position]);
        }
        // Up to the end of the last vector that `least` reads.
        for position in n - 1..(n + 7) & !7 {
            self.keys[position & (SHORT - 1)] = NO_KEY;
        }
        least < NO_KEY && self.apply(least, merges)
    }

    /// Looks the two pairs of the last merge up and makes the next; `false` if there is none.
    #[inline(always)]
    pub fn step(&mut self, merges: &Merges) -> bool {
        let position = self.at;
        let result = self.symbols[position as usize & (SHORT - 1)];
        let rest = self.alive & (u32::MAX << position << 1);
        self.keys[position as usize & (SHORT - 1)] = if rest != 0 {
            let after = self.symbols[rest.trailing_zeros() as usize & (SHORT - 1)];
            key(merges.pairs.get(result, after), position)
        } else {
            NO_KEY
        };
        let below = self.alive & ((1 << position) - 1);
        if below != 0 {
            let before = 31 - below.leading_zeros();
            let symbol = self.symbols[before as usize & (SHORT - 1)];
            self.keys[before as usize & (SHORT - 1)] = key(merges.pairs.get(symbol, result), before);
        }
        let least = self.least();
        least < NO_KEY && self.apply(least, merges)
    }

    #[inline(always)]
    fn apply(&mut self, least: u32, merges: &Merges) -> bool {
        let position = least & (SHORT as u32 - 1);
        let result = merges.result(least >> POSITION_BITS);
        // Bits above the position: the right part, then what follows it.
        let above = self.alive & (u32::MAX << position << 1);
        let rest = above & above.wrapping_sub(1);
        self.keys[above.trailing_zeros() as usize & (SHORT - 1)] = NO_KEY;
        self.alive ^= above ^ rest;
        self.symbols[position as usize & (SHORT - 1)] = result;
        self.at = position;
        let after = self.symbols[rest.trailing_zeros() as usize & (SHORT - 1)];
        merges.pairs.prefetch(result, after);
        let below = self.alive & ((1 << position) - 1);
        let before = self.symbols[31_u32.wrapping_sub(below.leading_zeros()) as usize & (SHORT - 1)];
        merges.pairs.prefetch(before, result);
        true
    }

    /// Leaves only the symbols that are alive.
    #[inline(always)]
    pub fn finish(&mut self) {
        let mut alive = self.alive;
        let mut len = 0;
        while alive != 0 {
            self.symbols[len & (SHORT - 1)] = self.symbols[alive.trailing_zeros() as usize];
            len += 1;
            alive &= alive - 1;
        }
        self.len = len;
    }

    #[inline(always)]
    fn least(&self) -> u32 {
        let mut least = [NO_KEY; 8];
        for eight in self.keys[..(self.len.min(SHORT) + 7) & !7].chunks_exact(8) {
            for lane in 0..8 {
                least[lane] = least[lane].min(eight[lane]);
            }
        }
        least.into_iter().fold(NO_KEY, u32::min)
    }
}

/// Priorities are below 2^27 - 1 (`merges::PRIORITY_BITS`); that of no merge stays above them all.
#[inline(always)]
fn key(priority: u32, position: u32) -> u32 {
    const { assert!(super::merges::PRIORITY_BITS + POSITION_BITS <= 32 && NO_PRIORITY == u32::MAX) };
    priority << POSITION_BITS | position
}
