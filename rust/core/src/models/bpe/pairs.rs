//! The merges: a pair of symbols -> its priority.
//!
//! One bucket is one cache line: eight 32-bit tags, eight values. A pair's key (two symbols of
//! `bits` bits) is multiplied by an odd number modulo 2^(2·bits), which is a bijection: the upper
//! bits choose the bucket, the rest is the tag, so bucket and tag together are the pair itself.
//! A full bucket passes later pairs on to the next one, with the distance from home in the tag's
//! upper bits. Pairs are put in by rank, so that the frequent ones are at home. A lookup reads one
//! line and takes no branch on what it holds, except on a full bucket without the pair.
//!
//! Pairs of two symbols below 256 (bytes, mostly) lie in a dense grid besides.

use crate::map::{Line, Zeroed};

/// The priority of a pair without a merge.
pub const NO_PRIORITY: u32 = u32::MAX;

const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
/// Symbols below this have their pairs in the grid.
pub const GRID: u32 = 256;
/// Bits kept in a tag for the distance from home.
const DISTANCE_BITS: u32 = 4;

#[derive(Debug)]
pub struct PairTable {
    /// A power of two of them. Values are complements of priorities, 0 in a free place.
    buckets: Zeroed<Line>,
    /// Bits of a symbol.
    bits: u32,
    tag_bits: u32,
    /// `(left << 8) | right` -> complement of the priority.
    grid: Zeroed<u32>,
}

impl PairTable {
    /// Builds from (left, right, priority), by rising priority; symbols are below `symbols`.
    /// `Err(true)` if a pair is listed twice, `Err(false)` if there are too many symbols.
    pub fn build(
        pairs: impl ExactSizeIterator<Item = (u32, u32, u32)> + Clone,
        symbols: usize,
    ) -> Result<Self, bool> {
        let bits = (usize::BITS - symbols.leading_zeros()).max(4);
        if bits > 24 {
            return Err(false);
        }
        let mut bucket_bits = (pairs.len() / 5 + 1).next_power_of_two().trailing_zeros().max(1);
        bucket_bits = bucket_bits.max((2 * bits).saturating_sub(32 - DISTANCE_BITS)).min(2 * bits - 1);
        loop {
            let mut table = Self {
                buckets: Zeroed::new(1 << bucket_bits),
                bits,
                tag_bits: 2 * bits - bucket_bits,
                grid: Zeroed::new((GRID * GRID) as usize),
            };
            match table.fill(pairs.clone()) {
                Ok(()) => return Ok(table),
                Err(true) => return Err(true),
                // A bucket's pairs went too far from home.
                Err(false) => bucket_bits += 1,
            }
            if bucket_bits >= 2 * bits {
                return Err(false);
            }
        }
    }

    fn fill(&mut self, pairs: impl Iterator<Item = (u32, u32, u32)>) -> Result<(), bool> {
        for (left, right, priority) in pairs {
            if self.get(left, right) != NO_PRIORITY {
                return Err(true);
            }
            let (mut bucket, mut tag) = self.place(left, right);
            let mut distance = 0;
            let slot = loop {
                match self.buckets[bucket].values.iter().position(|&value| value == 0) {
                    Some(slot) => break slot,
                    None => {
                        distance += 1;
                        if distance >= 1 << DISTANCE_BITS {
                            return Err(false);
                        }
                        bucket = (bucket + 1) & (self.buckets.len() - 1);
                        tag = tag.wrapping_add(1 << self.tag_bits);
                    }
                }
            };
            self.buckets[bucket].tags[slot] = tag;
            self.buckets[bucket].values[slot] = !priority;
            if left < GRID && right < GRID {
                self.grid[(left << 8 | right) as usize] = !priority;
            }
        }
        Ok(())
    }

    /// Home bucket and tag of a pair. Fewer than 2^28 different tags, or 2·bits is small.
    #[inline(always)]
    fn place(&self, left: u32, right: u32) -> (usize, u32) {
        let key = (u64::from(left) << self.bits) | u64::from(right);
        let mixed = key.wrapping_mul(FACTOR) & ((1 << (2 * self.bits)) - 1);
        ((mixed >> self.tag_bits) as usize, (mixed as u32) & ((1 << self.tag_bits) - 1))
    }

    /// The priority of a pair, `NO_PRIORITY` if it has no merge. Symbols must be below `symbols`.
    #[inline(always)]
    pub fn get(&self, left: u32, right: u32) -> u32 {
        let (bucket, tag) = self.place(left, right);
        let line = self.buckets.masked(bucket);
        let found = select(line, tag);
        if found == 0 && line.values[7] != 0 {
            return self.get_beyond(bucket, tag);
        }
        !found
    }

    /// The same for two symbols below `GRID`.
    #[inline(always)]
    pub fn get_small(&self, left: u32, right: u32) -> u32 {
        debug_assert!(left < GRID && right < GRID);
        !self.grid.masked(((left << 8) | right) as usize)
    }

    /// `get` or `get_small`.
    #[inline(always)]
    pub fn any(&self, left: u32, right: u32) -> u32 {
        if (left | right) < GRID { self.get_small(left, right) } else { self.get(left, right) }
    }

    /// Has the line of a pair fetched (of any two numbers: a hint).
    #[inline(always)]
    pub fn prefetch(&self, left: u32, right: u32) {
        if (left | right) < GRID {
            self.grid.prefetch_masked(((left << 8) | right) as usize);
        } else {
            self.buckets.prefetch_masked(self.place(left, right).0);
        }
    }

    #[cold]
    fn get_beyond(&self, mut bucket: usize, mut tag: u32) -> u32 {
        for _ in 1..1 << DISTANCE_BITS {
            bucket = (bucket + 1) & (self.buckets.len() - 1);
            tag = tag.wrapping_add(1 << self.tag_bits);
            let line = &self.buckets[bucket];
            let found = select(line, tag);
            if found != 0 || line.values[7] == 0 {
                return !found;
            }
        }
        NO_PRIORITY
    }
}

/// The value beside a tag, 0 if there is none; free places have value 0, whatever their tag.
#[inline(always)]
fn select(line: &Line, tag: u32) -> u32 {
    let Line { tags, values } = *line;
    // Masks, not conditions: the compiler makes vectors of these, and branches of those.
    let mut lanes = [0; 8];
    for slot in 0..8 {
        lanes[slot] = values[slot] & u32::from(tags[slot] == tag).wrapping_neg();
    }
    let [a, b, c, d, e, f, g, h] = lanes;
    ((a | e) | (c | g)) | ((b | f) | (d | h))
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn answers_as_a_map(pairs in prop::collection::hash_set((0..300_u32, 0..300_u32), 0..3000)) {
            let listed: Vec<_> =
                pairs.iter().enumerate().map(|(rank, &(l, r))| (l, r, rank as u32 * 3)).collect();
            let map: HashMap<_, _> = listed.iter().map(|&(l, r, p)| ((l, r), p)).collect();
            let table = PairTable::build(listed.iter().copied(), 300).unwrap();
            for left in 0..300 {
                for right in 0..300 {
                    let expected = map.get(&(left, right)).copied().unwrap_or(NO_PRIORITY);
                    assert_eq!(table.any(left, right), expected);
                    assert_eq!(table.get(left, right), expected);
                }
            }
        }
    }

    #[test]
    fn a_pair_listed_twice_is_told() {
        let pairs = [(1, 2, 0), (2, 3, 1), (1, 2, 2)];
        assert_eq!(PairTable::build(pairs.into_iter(), 4).err(), Some(true));
    }

    #[test]
    fn full_buckets_pass_on() {
        // More pairs of the same few symbols than their share of the table.
        let pairs: Vec<_> = (0..64).flat_map(|l| (0..64).map(move |r| (l, r, l * 64 + r))).collect();
        let table = PairTable::build(pairs.iter().copied(), 64).unwrap();
        assert!(pairs.iter().all(|&(l, r, p)| table.get(l, r) == p));
    }
}
