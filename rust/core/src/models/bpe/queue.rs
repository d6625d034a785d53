//! Merging a word of any length: stock's own procedure, O(n log n).
//!
//! A queue holds (priority, position); the lowest priority goes first, the leftmost of equals. An
//! entry is stale when the pair at its position has changed since. Stock tells by comparing merge
//! *results*, which also lets an entry pass whose pair has changed to another one with the same
//! result; that can happen only where a merge does not lengthen its left part, and is kept.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::atoms::{NO_SYMBOL, Word};
use super::merges::{Merges, NO_PRIORITY};

/// Buffers of the procedure.
#[derive(Debug, Default)]
pub struct Queue {
    heap: BinaryHeap<Reverse<u64>>,
    next: Vec<u32>,
    previous: Vec<u32>,
    /// By position: the priority of the pair that starts there.
    current: Vec<u32>,
}

impl Queue {
    /// Merges the symbols of `word` until no pair has a merge.
    pub fn merge(&mut self, merges: &Merges, word: &mut Word) {
        let n = word.symbols.len();
        if n < 2 {
            return;
        }
        let symbols = &mut word.symbols;
        let lens = &mut word.lens;
        self.next.clear();
        self.next.extend(1..=n as u32);
        self.previous.clear();
        self.previous.extend((0..n as u32).map(|position| position.wrapping_sub(1)));
        self.current.clear();
        self.current.extend(symbols.windows(2).map(|pair| merges.pairs.any(pair[0], pair[1])));
        self.current.push(NO_PRIORITY);
        let mut entries = std::mem::take(&mut self.heap).into_vec();
        entries.clear();
        entries.extend(
            self.current
                .iter()
                .enumerate()
                .filter(|&(_, &priority)| priority != NO_PRIORITY)
                .map(|(position, &priority)| Reverse(entry(priority, position))),
        );
        self.heap = entries.into();
        while let Some(Reverse(top)) = self.heap.pop() {
            let (priority, position) = ((top >> 32) as u32, top as u32 as usize);
            let current = self.current[position];
            if current != priority
                && (current == NO_PRIORITY || merges.result(current) != merges.result(priority))
            {
                continue;
            }
            let right = self.next[position] as usize;
            let after = self.next[right] as usize;
            let result = merges.result(priority);
            symbols[position] = result;
            lens[position] += lens[right];
            symbols[right] = NO_SYMBOL;
            self.current[right] = NO_PRIORITY;
            self.next[position] = after as u32;
            let before = self.previous[position] as usize;
            if before < n {
                let priority = merges.pairs.get(symbols[before], result);
                self.current[before] = priority;
                if priority != NO_PRIORITY {
                    self.heap.push(Reverse(entry(priority, before)));
                }
            }
            self.current[position] = NO_PRIORITY;
            if after < n {
                self.previous[after] = position as u32;
                let priority = merges.pairs.get(result, symbols[after]);
                self.current[position] = priority;
                if priority != NO_PRIORITY {
                    self.heap.push(Reverse(entry(priority, position)));
                }
            }
        }
        let mut kept = 0;
        for position in 0..n {
            if symbols[position] != NO_SYMBOL {
                symbols[kept] = symbols[position];
                lens[kept] = lens[position];
                kept += 1;
            }
        }
        symbols.truncate(kept);
        lens.truncate(kept);
    }
}

fn entry(priority: u32, position: usize) -> u64 {
    u64::from(priority) << 32 | position as u64
}
