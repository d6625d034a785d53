//! Parts of a long word, whose paths are kept.
//!
//! Some files have no pre-tokenizer that cuts at spaces: a text is one word. But if `▁` stands
//! only at the start of pieces, no piece spans the place before a `▁` that follows something
//! else; every path goes through these places, and only the sum that a part begins with ties it
//! to what comes before. In exact arithmetic that sum would change nothing. In floating point it
//! changes last bits, which decide between equal or nearly equal sums: only then.
//!
//! So a part's path is kept if no two sums that were compared in it were closer than `MARGIN`.
//! The sums of a part are of at most `LONGEST` pieces and lie within `LIMIT` (else nothing is
//! looked up or kept); with u = 2^-53 the error of such a sum is at most
//! LONGEST × u × LIMIT ≈ 2^-20. Two sums have two errors, now and when the path was found, so
//! that a difference changes by at most 4 × 2^-20 = 2^-18: less than `MARGIN`.
//!
//! What is kept is the path, with a mark for each unknown character, since what becomes of them
//! does not say how many there were: where a part is not known, the sum so far is needed exactly,
//! and it is made from the scores of the path since it was last known, from left to right.

use memchr::{memchr, memmem};

use crate::error::Result;
use crate::models::cached;
use crate::pieces::Span;

use super::lattice::{self, UNKNOWN_CHARACTER, Unknown};
use super::{Buffers, Output, Unigram};

/// Bytes of a part that is kept. Words up to this long are not cut.
pub const LONGEST: usize = 64;
const MARGIN: f64 = 1.0 / (1 << 17) as f64;
const LIMIT: f64 = (1 << 27) as f64;
/// Scores beyond this would use the limit up.
const LARGEST_SCORE: f64 = (1 << 16) as f64;
/// Parts that are looked up together.
const CHUNK: usize = 64;
/// A path this long is summed and forgotten.
const LONGEST_PATH: usize = 1 << 14;
/// In place of an id on a path: the unknown piece's own string.
const UNKNOWN_PIECE: u32 = UNKNOWN_CHARACTER + 1;

/// What is needed to encode parts.
#[derive(Debug)]
pub struct Parts {
    /// The largest score of all, without signs.
    largest: f64,
    unknown: Option<u32>,
    /// That of a character without a piece.
    unknown_score: f64,
    /// `▁`, or the space that is read in its place.
    mark: &'static [u8],
}

impl Parts {
    /// `None` if some piece spans a cut, a run of unknown characters can, or the scores are odd.
    pub fn new(pieces: &[(String, f64)], unknown: Unknown, mark: &'static str) -> Option<Self> {
        let is_unknown = |id: usize| Some(id as u32) == unknown.id;
        let mut has_mark = false;
        let finder = memmem::Finder::new(mark);
        for (id, (piece, _)) in pieces.iter().enumerate() {
            let mut rest = piece.as_bytes();
            while let Some(after) = rest.strip_prefix(mark.as_bytes()) {
                rest = after;
            }
            let begins = rest.len() < piece.len();
            if finder.find(rest).is_some() || begins && is_unknown(id) {
                return None;
            }
            has_mark |= piece == mark;
        }
        let scores = pieces.iter().map(|(_, score)| score.abs());
        let largest = scores.fold(unknown.score.abs(), f64::max);
        let usable = has_mark && largest <= LARGEST_SCORE;
        let (unknown, unknown_score) = (unknown.id, unknown.score);
        usable.then_some(Self { largest, unknown, unknown_score, mark: mark.as_bytes() })
    }

    /// Writes the tokens of a word.
    pub fn encode(
        &self,
        model: &Unigram,
        word: &[u8],
        buffers: &mut Buffers,
        output: &mut impl Output,
    ) -> Result<()> {
        let Buffers { lattice, parts, path } = buffers;
        let cache = &mut **parts.get_or_insert_default();
        path.clear();
        let mut spans = [Span { start: 0, end: 0 }; CHUNK];
        let mut at = 0;
        // The sum of the scores before `path[summed]`; `covered` bytes of the word at least.
        let (mut sum, mut summed, mut covered) = (0.0_f64, 0, 0);
        while at < word.len() {
            let (start, mut count) = (at, 0);
            while count < CHUNK && at < word.len() {
                let end = self.end(word, at);
                spans[count] = Span::new(at, end);
                at = end;
                count += 1;
            }
            // A byte has at most one piece.
            let beyond = |sum: f64, covered| sum.abs() + (at - covered) as f64 * self.largest > LIMIT;
            if path.len() > LONGEST_PATH || beyond(sum, covered) {
                sum = self.add(model, sum, &path[summed..]);
                path.clear();
                (summed, covered) = (0, start);
                if beyond(sum, covered) {
                    return model.path(word, start, sum, lattice, output);
                }
            }
            let first = path.len();
            cached::encode_if(cache, word, &spans[..count], path, |part, path| {
                sum = self.add(model, sum, &path[summed..]);
                let piece = |id, _, _| path.push(if Some(id) == self.unknown { UNKNOWN_PIECE } else { id });
                let sums = lattice.best_path::<true>(&model.trie, model.unknown, part, sum, piece)?;
                sum = sums.score;
                summed = path.len();
                Ok(part.len() <= LONGEST && sums.margin > MARGIN)
            })?;
            self.write(model, word, start, &path[first..], output);
        }
        Ok(())
    }

    /// Writes the tokens of a path, which begins at `start` and ends where a part does: a run of
    /// unknown characters never goes on in the next.
    #[inline]
    fn write(&self, model: &Unigram, word: &[u8], start: usize, path: &[u32], output: &mut impl Output) {
        if path.iter().fold(0, |all, id| all | id) < UNKNOWN_CHARACTER {
            output.pieces(start, path);
            return;
        }
        let mut start = start;
        for run in path.chunk_by(|&a, &b| (a < UNKNOWN_CHARACTER) == (b < UNKNOWN_CHARACTER)) {
            let mut end = start;
            for &id in run {
                end += match id {
                    UNKNOWN_CHARACTER => lattice::width(word[end]),
                    UNKNOWN_PIECE => self.len(model, self.unknown.unwrap_or(0)),
                    id => self.len(model, id),
                };
            }
            if run[0] < UNKNOWN_CHARACTER {
                output.pieces(start, run);
            } else {
                model.unknown_text(word, start, end, output);
            }
            start = end;
        }
    }

    fn len(&self, model: &Unigram, id: u32) -> usize {
        model.widths[id as usize] as usize
    }

    /// Where the part that begins at `start` ends: before the next `▁` that follows something else.
    #[inline(always)]
    fn end(&self, word: &[u8], start: usize) -> usize {
        let mut from = start + 1;
        while let Some(found) = memchr(self.mark[0], &word[from..]) {
            let at = from + found;
            if word[at..].starts_with(self.mark) && !word[..at].ends_with(self.mark) {
                return at;
            }
            from = at + 1;
        }
        word.len()
    }

    /// Adds the scores of a path, one after the other.
    fn add(&self, model: &Unigram, sum: f64, path: &[u32]) -> f64 {
        path.iter().fold(sum, |sum, &id| {
            let score = match id {
                UNKNOWN_CHARACTER => self.unknown_score,
                UNKNOWN_PIECE => self.unknown.map_or(0.0, |id| model.trie.score(id)),
                id => model.trie.score(id),
            };
            score + sum
        })
    }
}
