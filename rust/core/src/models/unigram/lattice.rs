//! The best path through all ways to cut a word into pieces (Viterbi).
//!
//! From every character on, the pieces that the rest begins with are tried, shortest first; a
//! place keeps the best sum of scores it is reached with, the earlier one of equals. The sums are
//! made from left to right, since another order gives other last bits, and equal sums are common.
//! O(bytes × longest piece) at most; in text nearly every walk ends after a few bytes.
//!
//! Where no piece spans a place, every path goes through it: what lies before is decided. A long
//! word is written out at such a place every few kilobytes, and its memory used again.

use crate::error::{Error, Result};

use super::trie::{NO_PIECE, Trie};

/// A long word is written out at the first chance after this many bytes.
const SECTION: usize = 2048;
/// Places kept between words: 64 KiB.
const KEPT: usize = 4096;

/// In place of an id on a path: a character without a piece.
pub const UNKNOWN_CHARACTER: u32 = NO_PIECE + 1;

/// The best way to reach a place.
#[derive(Debug, Clone, Copy, Default)]
struct Place {
    score: f64,
    /// The piece that ends here; its bytes, 0 if the place is not reached.
    id: u32,
    len: u32,
}

/// What stands for a character without a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unknown {
    pub id: Option<u32>,
    pub score: f64,
}

/// A thread's buffers. 16 bytes a byte of the longest part of a word that some path avoids to cut.
#[derive(Debug, Default)]
pub struct Lattice {
    /// By byte from the section's start. Unreached outside of `best_path`.
    places: Vec<Place>,
    /// A section's pieces (id, bytes), last first.
    path: Vec<(u32, u32)>,
}

/// What is known of a best path beside its pieces.
#[derive(Debug, Clone, Copy)]
pub struct Sums {
    /// The sum of all scores.
    pub score: f64,
    /// No two sums that were compared lay closer to each other. Infinite if not asked for.
    pub margin: f64,
}

impl Lattice {
    /// Calls `piece(id, start, end)` for each piece of the best path, in order; characters
    /// without a piece have `UNKNOWN_CHARACTER` for an id. `from` is the sum of what comes before
    /// the word.
    ///
    /// # Errors
    /// Stock's, if a character is unknown and the model has no unknown piece.
    pub fn best_path<const MARGIN: bool>(
        &mut self,
        trie: &Trie,
        unknown: Unknown,
        word: &[u8],
        from: f64,
        mut piece: impl FnMut(u32, usize, usize),
    ) -> Result<Sums> {
        let (mut section, mut start, mut reached) = (0, 0, 0);
        let mut score = from;
        let mut margin = f64::INFINITY;
        while start < word.len() {
            if start == reached && start - section >= SECTION {
                score = self.write_out(section, start, &mut piece);
                section = start;
            }
            let width = width(word[start]);
            let longest = trie.longest().clamp(width, (word.len() - start).max(width));
            self.make_room(start - section + longest, word.len());
            let places = &mut self.places[start - section..];
            if start > section {
                score = places[0].score;
            }
            let mut alone = false;
            let mut node = trie.root();
            for (before, &byte) in word[start..].iter().enumerate() {
                let Some(cell) = trie.step(node, byte) else { break };
                node = cell.node();
                if cell.id() != NO_PIECE {
                    let len = before + 1;
                    if MARGIN {
                        margin = margin.min(places[len].distance(cell.score + score));
                    }
                    places[len].offer(cell.score + score, cell.id(), len);
                    alone |= len == width;
                    reached = reached.max(start + len);
                }
            }
            if !alone {
                if MARGIN {
                    margin = margin.min(places[width].distance(unknown.score + score));
                }
                let taken = places[width].offer(unknown.score + score, UNKNOWN_CHARACTER, width);
                if taken && unknown.id.is_none() {
                    self.places.fill(Place::default());
                    return Err(Error::stock("Encountered an unknown token but `unk_id` is missing"));
                }
                reached = reached.max(start + width);
            }
            start += width;
        }
        score = if start > section { self.write_out(section, start, &mut piece) } else { score };
        if self.places.len() > KEPT {
            self.places.truncate(KEPT);
            self.places.shrink_to(KEPT);
            self.path.shrink_to(KEPT);
        }
        Ok(Sums { score, margin })
    }

    /// Sees to it that the place `last` exists.
    #[inline(always)]
    fn make_room(&mut self, last: usize, bytes: usize) {
        if last >= self.places.len() {
            self.grow(last, bytes);
        }
    }

    /// Doubles the places, up to what a word of so many bytes can need.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, last: usize, bytes: usize) {
        let len = (2 * self.places.len()).clamp(KEPT, bytes.max(KEPT - 1) + 1).max(last + 1);
        self.places.reserve_exact(len - self.places.len());
        self.places.resize(len, Place::default());
    }

    /// Writes out the path from `section` to `end`, which every path goes through. Returns its score.
    #[inline]
    fn write_out(&mut self, section: usize, end: usize, piece: &mut impl FnMut(u32, usize, usize)) -> f64 {
        let mut at = end - section;
        let score = self.places[at].score;
        self.path.clear();
        while at > 0 {
            let Place { id, len, .. } = self.places[at];
            self.path.push((id, len));
            at -= len as usize;
        }
        let mut start = section;
        for &(id, len) in self.path.iter().rev() {
            let end = start + len as usize;
            piece(id, start, end);
            start = end;
        }
        self.places[..=end - section].fill(Place::default());
        score
    }
}

impl Place {
    /// How far a sum is from the best so far.
    #[inline(always)]
    fn distance(&self, score: f64) -> f64 {
        if self.len == 0 { f64::INFINITY } else { (score - self.score).abs() }
    }

    /// Takes a better way to reach the place; whether it did.
    #[inline(always)]
    fn offer(&mut self, score: f64, id: u32, len: usize) -> bool {
        let better = (self.len == 0) | (score > self.score);
        if better {
            *self = Self { score, id, len: len as u32 };
        }
        better
    }
}

/// Bytes of the character that begins with `byte`.
#[inline(always)]
pub fn width(byte: u8) -> usize {
    match byte {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}
