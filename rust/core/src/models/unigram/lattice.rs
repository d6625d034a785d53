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
/// Places kept between words: 16 KiB.
const KEPT: usize = 4096;

/// In place of an id on a path: a character without a piece.
pub const UNKNOWN_CHARACTER: u32 = NO_PIECE + 1;

/// The piece that ends at a place, on the best way there: its id (`NO_PIECE`: a character without
/// a piece) and, above it, its bytes (`LONG`: as many as the trie knows it has). 0 if the place is
/// not reached.
type Link = u32;
const LONG: u32 = 0xFF;

#[inline(always)]
fn link(id: u32, len: usize) -> Link {
    id.min(NO_PIECE) | (len.min(LONG as usize) as u32) << 24
}

/// What stands for a character without a piece.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Unknown {
    pub id: Option<u32>,
    pub score: f64,
}

/// A thread's buffers. 4 bytes a byte of the longest part of a word that some path avoids to cut:
/// only as many sums are kept as a piece can still add to.
#[derive(Debug, Default)]
pub struct Lattice {
    /// By byte from the section's start. Unreached outside of `best_path`.
    links: Vec<Link>,
    /// By byte modulo their number, a power of two: the sum a place is reached with.
    sums: Vec<f64>,
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
        let kept = (trie.longest().max(4) + 1).next_power_of_two();
        if self.sums.len() < kept {
            self.sums.resize(kept, 0.0);
        }
        while start < word.len() {
            if start == reached && start - section >= SECTION {
                score = self.write_out(trie, section, start, &mut piece);
                section = start;
            }
            let width = width(word[start]);
            let longest = trie.longest().clamp(width, (word.len() - start).max(width));
            self.make_room(start - section + longest, word.len());
            let links = &mut self.links[start - section..];
            let (sums, place) = (&mut self.sums[..], start - section);
            let mask = sums.len() - 1;
            if start > section {
                score = sums[place & mask];
            }
            let mut offer = |sum: f64, id: u32, len: usize| {
                let best = &mut sums[(place + len) & mask];
                if MARGIN && links[len] != 0 {
                    margin = margin.min((sum - *best).abs());
                }
                let better = (links[len] == 0) | (sum > *best);
                if better {
                    links[len] = link(id, len);
                    *best = sum;
                }
                better
            };
            let mut alone = false;
            let mut node = trie.root();
            for (before, &byte) in word[start..].iter().enumerate() {
                let Some(cell) = trie.step(node, byte) else { break };
                node = cell.node();
                if cell.id() != NO_PIECE {
                    let len = before + 1;
                    offer(trie.score(cell.id()) + score, cell.id(), len);
                    alone |= len == width;
                    reached = reached.max(start + len);
                }
            }
            if !alone {
                let taken = offer(unknown.score + score, UNKNOWN_CHARACTER, width);
                if taken && unknown.id.is_none() {
                    self.links.fill(0);
                    return Err(Error::stock("Encountered an unknown token but `unk_id` is missing"));
                }
                reached = reached.max(start + width);
            }
            start += width;
        }
        score = if start > section { self.write_out(trie, section, start, &mut piece) } else { score };
        if self.links.len() > KEPT {
            self.links.truncate(KEPT);
            self.links.shrink_to(KEPT);
        }
        Ok(Sums { score, margin })
    }

    /// Sees to it that the place `last` exists.
    #[inline(always)]
    fn make_room(&mut self, last: usize, bytes: usize) {
        if last >= self.links.len() {
            self.grow(last, bytes);
        }
    }

    /// Doubles the places, up to what a word of so many bytes can need.
    #[cold]
    #[inline(never)]
    fn grow(&mut self, last: usize, bytes: usize) {
        let len = (2 * self.links.len()).clamp(KEPT, bytes.max(KEPT - 1) + 1).max(last + 1);
        self.links.reserve_exact(len - self.links.len());
        self.links.resize(len, 0);
    }

    /// Writes out the path from `section` to `end`, which every path goes through. Returns its score.
    #[inline]
    fn write_out(
        &mut self,
        trie: &Trie,
        section: usize,
        end: usize,
        piece: &mut impl FnMut(u32, usize, usize),
    ) -> f64 {
        let places = end - section;
        let len = |link: Link| match link >> 24 {
            LONG => trie.long_len(link & NO_PIECE),
            len => len as usize,
        };
        // Backwards, turning each link around: it then lies where its piece starts.
        let (mut at, mut next) = (places, self.links[places]);
        while at > 0 {
            at -= len(next).clamp(1, at);
            next = std::mem::replace(&mut self.links[at], next);
        }
        while at < places {
            let link = self.links[at];
            let (start, id) = (section + at, link & NO_PIECE);
            at += len(link);
            piece(if id == NO_PIECE { UNKNOWN_CHARACTER } else { id }, start, section + at);
        }
        self.links[..=places].fill(0);
        self.sums[places & (self.sums.len() - 1)]
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
