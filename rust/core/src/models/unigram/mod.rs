//! Unigram: the cut of a word into pieces with the highest sum of scores.
//!
//! `trie` finds the pieces a text begins with, `lattice` the best path, and this file writes what
//! lies on it: unknown neighbours become one token, which may turn out to be a piece after all or
//! be spelled in bytes.

mod lattice;
#[cfg(test)]
mod naive;
#[cfg(test)]
mod tests;
mod trie;

use std::sync::Arc;

use crate::config::UnigramConfig;
use crate::error::{Error, Result};
use crate::models::word_cache::{LONGEST, WordCache};
use crate::models::{ModelToken, cached};
use crate::pieces::Span;
use crate::vocabulary::Vocabulary;

use lattice::{Lattice, Unknown};
use trie::{NO_PIECE, Trie};

/// What an unknown character's score lies below the lowest score of all pieces.
const UNKNOWN_PENALTY: f64 = 10.0;

/// A compiled Unigram model.
#[derive(Debug)]
pub struct Unigram {
    vocabulary: Arc<Vocabulary>,
    trie: Trie,
    unknown: Unknown,
    /// The ids of `<0x00>` to `<0xFF>`, if unknown text is spelled in bytes.
    bytes: Option<Box<[Option<u32>; 256]>>,
}

/// A thread's buffers and word cache.
#[derive(Debug, Default)]
pub struct UnigramScratch {
    cache: WordCache,
    lattice: Lattice,
    ids: Vec<u32>,
}

impl UnigramScratch {
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }
}

impl Unigram {
    /// # Errors
    /// `Unsupported` if there are 2^24 pieces or gigabytes of them; `Config` if the unknown piece
    /// is none of them.
    pub fn compile(config: &UnigramConfig) -> Result<Self> {
        let UnigramConfig { pieces, unk_id, byte_fallback } = config;
        if pieces.len() >= NO_PIECE as usize {
            return Err(Error::unsupported("model", "Unigram with 2^24 pieces"));
        }
        if pieces.iter().map(|(piece, _)| piece.len()).sum::<usize>() > 1 << 28 {
            return Err(Error::unsupported("model", "Unigram with a vocabulary of over 256 MB"));
        }
        if unk_id.is_some_and(|id| id >= pieces.len()) {
            return Err(Error::config("The `unk_id` is larger than vocabulary size"));
        }
        let vocabulary = Vocabulary::from_list(pieces.iter().map(|(piece, _)| piece.as_str()));
        let mut lowest = f64::INFINITY;
        for &(_, score) in pieces {
            if score < lowest {
                lowest = score;
            }
        }
        let byte_id = |byte: usize| vocabulary.id(&format!("<0x{byte:02X}>"));
        Ok(Self {
            trie: Trie::build(pieces),
            unknown: Unknown { id: unk_id.map(|id| id as u32), score: lowest - UNKNOWN_PENALTY },
            bytes: byte_fallback.then(|| Box::new(std::array::from_fn(byte_id))),
            vocabulary: Arc::new(vocabulary),
        })
    }

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// Appends the ids of every piece.
    pub fn ids(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut UnigramScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let UnigramScratch { cache, lattice, .. } = scratch;
        cached::encode(cache, text.as_bytes(), pieces, ids, |word, ids| {
            self.word(word, lattice, |token| ids.push(token.id))
        })
    }

    /// Appends the tokens of every piece, with the bytes they cover.
    pub fn tokens(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut UnigramScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        for (index, &span) in pieces.iter().enumerate() {
            let piece = index as u32;
            if span.range().len() <= LONGEST {
                let UnigramScratch { cache, lattice, ids } = scratch;
                ids.clear();
                cached::encode(cache, text.as_bytes(), &[span], ids, |word, ids| {
                    self.word(word, lattice, |token| ids.push(token.id))
                })?;
                if self.cover(span, piece, ids, tokens) {
                    continue;
                }
            }
            self.word(&text.as_bytes()[span.range()], &mut scratch.lattice, |mut token| {
                token.start += span.start;
                token.end += span.start;
                token.piece = piece;
                tokens.push(token);
            })?;
        }
        Ok(())
    }

    /// Appends the tokens of a word by their ids alone, if these say what each covers: unknown
    /// ones and bytes do not.
    fn cover(&self, span: Span, piece: u32, ids: &[u32], tokens: &mut Vec<ModelToken>) -> bool {
        let before = tokens.len();
        let mut start = span.start;
        for &id in ids {
            let len = self.vocabulary.token(id).map_or(0, str::len);
            let end = start + len as u32;
            if Some(id) == self.unknown.id || end > span.end {
                break;
            }
            tokens.push(ModelToken { id, start, end, piece, surface: false });
            start = end;
        }
        let whole = start == span.end && tokens.len() - before == ids.len();
        if !whole {
            tokens.truncate(before);
        }
        whole
    }

    /// Calls `write` for each token of one word.
    #[inline]
    fn word(&self, word: &[u8], lattice: &mut Lattice, mut write: impl FnMut(ModelToken)) -> Result<()> {
        // Unknown neighbours seen last, not yet written.
        let mut pending: Option<(usize, usize)> = None;
        lattice.best_path(&self.trie, self.unknown, word, |id, start, end| {
            if Some(id) == self.unknown.id {
                pending = Some((pending.map_or(start, |(first, _)| first), end));
                return;
            }
            if let Some((start, end)) = pending.take() {
                self.unknown_text(word, start, end, &mut write);
            }
            write(token(id, start, end, false));
        })?;
        if let Some((start, end)) = pending {
            self.unknown_text(word, start, end, &mut write);
        }
        Ok(())
    }

    /// Unknown neighbours as one: a piece after all, else bytes if there is one for each, else
    /// the unknown piece.
    #[inline(never)]
    fn unknown_text(&self, word: &[u8], start: usize, end: usize, write: &mut impl FnMut(ModelToken)) {
        let bytes = &word[start..end];
        if let Some(id) = std::str::from_utf8(bytes).ok().and_then(|text| self.vocabulary.id(text)) {
            write(token(id, start, end, false));
            return;
        }
        if let Some(ids) = &self.bytes
            && bytes.iter().all(|&byte| ids[usize::from(byte)].is_some())
        {
            for id in bytes.iter().filter_map(|&byte| ids[usize::from(byte)]) {
                write(token(id, start, end, false));
            }
            return;
        }
        write(token(self.unknown.id.unwrap_or(0), start, end, true));
    }
}

/// A token of the first piece.
#[inline(always)]
fn token(id: u32, start: usize, end: usize, surface: bool) -> ModelToken {
    ModelToken { id, start: start as u32, end: end as u32, piece: 0, surface }
}
