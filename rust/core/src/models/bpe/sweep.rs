//! Merging a very long word, priority by priority.
//!
//! Every pair that has a merge is noted under its priority. The lowest priority is taken, its
//! positions are visited from left to right; each merge notes the two pairs it makes. If one of
//! them has a lower priority than the one being visited, that one is taken first and the visit
//! goes on afterwards: so the next merge is always the lowest, leftmost one. A note is stale when
//! the pair at its position has changed since; where merges lengthen strings (`Merges::plain`), a
//! pair that has changed never comes back, so comparing priorities tells.
//!
//! Notes of one priority come as rising runs, one from each priority they were made at, and are
//! sorted when taken. With n symbols and K different priorities: O(n log K), and K is at most the
//! number of merges, so that the cost grows linearly with the word; a queue of all pairs grows by
//! log n, and by a cache miss for each of its levels. Visits go through the word in order, which
//! memory likes.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::atoms::{NO_SYMBOL, Word};
use super::merges::{Merges, NO_PRIORITY};

/// From this many symbols on this way is faster than `queue`.
pub const LONG: usize = 2048;

/// The notes of one priority.
#[derive(Debug, Default)]
struct Notes {
    positions: Vec<u32>,
    /// How many of them have been visited.
    visited: usize,
    /// Noted while a visit was interrupted: they may belong before what is left.
    late: BinaryHeap<Reverse<u32>>,
}

impl Notes {
    /// The leftmost position not yet visited.
    fn next(&mut self) -> Option<usize> {
        let next = self.positions.get(self.visited).copied();
        if let Some(&Reverse(late)) = self.late.peek()
            && next.is_none_or(|next| late < next)
        {
            self.late.pop();
            return Some(late as usize);
        }
        self.visited += 1;
        next.map(|position| position as usize)
    }
}

/// Buffers of the procedure.
#[derive(Debug)]
pub struct Sweep {
    /// Priorities with notes not yet visited, each once.
    waiting: BinaryHeap<Reverse<u32>>,
    /// Where a priority's notes are.
    places: HashMap<u32, usize, FixedState>,
    notes: Vec<Notes>,
    free: Vec<usize>,
    next: Vec<u32>,
    previous: Vec<u32>,
    /// By position: the priority of the pair that starts there.
    current: Vec<u32>,
}

impl Default for Sweep {
    fn default() -> Self {
        Self {
            waiting: BinaryHeap::new(),
            places: HashMap::with_hasher(FixedState::with_seed(0x7377_6565)),
            notes: Vec::new(),
            free: Vec::new(),
            next: Vec::new(),
            previous: Vec::new(),
            current: Vec::new(),
        }
    }
}

impl Sweep {
    /// Merges the symbols of `word` until no pair has a merge. `merges` must be plain.
    pub fn merge(&mut self, merges: &Merges, word: &mut Word) {
        debug_assert!(merges.plain);
        let n = word.symbols.len() as u32;
        self.next.clear();
        self.next.extend(1..=n);
        self.previous.clear();
        self.previous.extend((0..n).map(|position| position.wrapping_sub(1)));
        self.current.clear();
        for (position, pair) in word.symbols.windows(2).enumerate() {
            let priority = merges.pairs.any(pair[0], pair[1]);
            self.current.push(priority);
            self.note(priority, position as u32);
        }
        self.current.push(NO_PRIORITY);
        while let Some(Reverse(priority)) = self.waiting.pop() {
            self.visit(priority, merges, word);
        }
        let mut kept = 0;
        for position in 0..word.symbols.len() {
            if word.symbols[position] != NO_SYMBOL {
                word.symbols[kept] = word.symbols[position];
                word.lens[kept] = word.lens[position];
                kept += 1;
            }
        }
        word.symbols.truncate(kept);
        word.lens.truncate(kept);
        self.release();
    }

    /// Notes a pair, unless it has no merge.
    fn note(&mut self, priority: u32, position: u32) {
        if priority == NO_PRIORITY {
            return;
        }
        let place = *self.places.entry(priority).or_insert_with(|| {
            self.waiting.push(Reverse(priority));
            self.free.pop().unwrap_or_else(|| {
                self.notes.push(Notes::default());
                self.notes.len() - 1
            })
        });
        let notes = &mut self.notes[place];
        if notes.visited == 0 {
            notes.positions.push(position);
        } else {
            notes.late.push(Reverse(position));
        }
    }

    /// Visits a priority's notes until they end or a lower priority waits.
    fn visit(&mut self, priority: u32, merges: &Merges, word: &mut Word) {
        let place = self.places[&priority];
        let mut notes = std::mem::take(&mut self.notes[place]);
        if notes.visited == 0 {
            // Finds the runs.
            notes.positions.sort();
        }
        let result = merges.result(priority);
        while let Some(position) = notes.next() {
            if self.current[position] != priority {
                continue;
            }
            let right = self.next[position] as usize;
            let after = self.next[right] as usize;
            let before = self.previous[position] as usize;
            word.symbols[position] = result;
            word.lens[position] += word.lens[right];
            word.symbols[right] = NO_SYMBOL;
            self.current[right] = NO_PRIORITY;
            self.next[position] = after as u32;
            if let Some(&symbol) = word.symbols.get(before) {
                let priority = merges.pairs.get(symbol, result);
                self.current[before] = priority;
                self.note(priority, before as u32);
            }
            self.current[position] = NO_PRIORITY;
            if let Some(&symbol) = word.symbols.get(after) {
                self.previous[after] = position as u32;
                let priority = merges.pairs.get(result, symbol);
                self.current[position] = priority;
                self.note(priority, position as u32);
            }
            if self.waiting.peek().is_some_and(|&Reverse(lowest)| lowest < priority) {
                self.waiting.push(Reverse(priority));
                self.notes[place] = notes;
                return;
            }
        }
        self.places.remove(&priority);
        notes.positions.clear();
        self.notes[place] = Notes { visited: 0, ..notes };
        self.free.push(place);
    }

    /// Lets go of what a very long word has taken.
    fn release(&mut self) {
        const KEPT: usize = 1 << 20;
        if self.next.capacity() > KEPT {
            *self = Self::default();
        }
    }
}
