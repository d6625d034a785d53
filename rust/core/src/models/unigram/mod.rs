//! Unigram: the cut of a word into pieces with the highest sum of scores.
//!
//! `trie` finds the pieces a text begins with, `lattice` the best path, and this file writes what
//! lies on it: unknown neighbours become one token, which may turn out to be a piece after all or
//! be spelled in bytes. `parts` spares long words from being encoded anew every time.

mod lattice;
#[cfg(test)]
mod naive;
mod parts;
#[cfg(test)]
mod tests;
mod trie;

use std::sync::Arc;

use crate::config::UnigramConfig;
use crate::error::{Error, Result};
use crate::models::word_cache::WordCache;
use crate::models::{Alphabet, ModelToken, cached};
use crate::pieces::Span;
use crate::pre_tokenizers::spaces::MARK;
use crate::vocabulary::Vocabulary;

use lattice::{Lattice, UNKNOWN_CHARACTER, Unknown};
use parts::Parts;
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
    parts: Option<Parts>,
    /// By id: bytes of text a piece stands for.
    widths: Box<[u32]>,
}

/// A thread's buffers and word cache.
#[derive(Debug, Default)]
pub struct UnigramScratch {
    cache: WordCache,
    buffers: Buffers,
    ids: Vec<u32>,
}

/// What a word the cache does not know takes.
#[derive(Debug, Default)]
struct Buffers {
    lattice: Lattice,
    /// Only what has long words makes one.
    parts: Option<Box<WordCache>>,
    path: Vec<u32>,
}

/// What tokens are written to.
trait Output {
    /// Pieces of the word, one after the other from `start` on.
    fn pieces(&mut self, start: usize, ids: &[u32]);
    /// A token, with its bytes in the word.
    fn token(&mut self, token: ModelToken);
}

struct Ids<'a>(&'a mut Vec<u32>);

impl Output for Ids<'_> {
    #[inline(always)]
    fn pieces(&mut self, _: usize, ids: &[u32]) {
        self.0.extend_from_slice(ids);
    }

    #[inline(always)]
    fn token(&mut self, token: ModelToken) {
        self.0.push(token.id);
    }
}

struct Tokens<'a> {
    tokens: &'a mut Vec<ModelToken>,
    widths: &'a [u32],
    /// Where the word starts in its text, and which of the pieces it is.
    start: u32,
    piece: u32,
}

impl Output for Tokens<'_> {
    fn pieces(&mut self, start: usize, ids: &[u32]) {
        let mut start = start;
        for &id in ids {
            let end = start + self.widths[id as usize] as usize;
            self.token(token(id, start, end, false));
            start = end;
        }
    }

    #[inline]
    fn token(&mut self, token: ModelToken) {
        let (start, end) = (token.start + self.start, token.end + self.start);
        self.tokens.push(ModelToken { start, end, piece: self.piece, ..token });
    }
}

impl UnigramScratch {
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes() + self.buffers.parts.as_ref().map_or(0, |cache| cache.bytes())
    }
}

impl Unigram {
    /// # Errors
    /// `Unsupported` if there are 2^24 pieces or gigabytes of them, or spaces are to be read and
    /// no piece stands for one, or the unknown piece has some; `Config` if the unknown piece is
    /// none of them.
    pub fn compile(config: &UnigramConfig, alphabet: Alphabet) -> Result<Self> {
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
        let (spaced, mark);
        let pieces = if alphabet == Alphabet::Spaces {
            if !Self::accepts_spaces(config) {
                return Err(Error::unsupported("model", "Unigram over spaces without a piece for them"));
            }
            mark = " ";
            spaced = spaced_pieces(pieces);
            &spaced
        } else {
            mark = MARK;
            pieces
        };
        let mut lowest = f64::INFINITY;
        for &(_, score) in pieces {
            if score < lowest {
                lowest = score;
            }
        }
        let byte_id = |byte: usize| vocabulary.id(&format!("<0x{byte:02X}>"));
        let unknown = Unknown { id: unk_id.map(|id| id as u32), score: lowest - UNKNOWN_PENALTY };
        Ok(Self {
            trie: Trie::build(pieces),
            unknown,
            parts: Parts::new(pieces, unknown, mark),
            widths: pieces.iter().map(|(piece, _)| piece.len() as u32).collect(),
            bytes: byte_fallback.then(|| Box::new(std::array::from_fn(byte_id))),
            vocabulary: Arc::new(vocabulary),
        })
    }

    /// Whether the model can read spaces in place of `▁`: a space always has its piece, and is
    /// never part of unknown text, which is looked up by its own spelling.
    pub fn accepts_spaces(config: &UnigramConfig) -> bool {
        let unknown = config.unk_id.and_then(|id| config.pieces.get(id));
        unknown.is_none_or(|(piece, _)| !piece.contains(MARK) && !piece.contains(' '))
            && config.pieces.iter().any(|(piece, _)| piece == MARK)
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
        let UnigramScratch { cache, buffers, .. } = scratch;
        cached::encode(cache, text.as_bytes(), pieces, ids, |word, ids| {
            self.word(word, buffers, &mut Ids(ids))
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
        let UnigramScratch { cache, buffers, ids } = scratch;
        let (text, widths) = (text.as_bytes(), &*self.widths);
        for (piece, &span) in (0..).zip(pieces) {
            let word = &text[span.range()];
            if word.len() <= parts::LONGEST {
                ids.clear();
                cached::encode(cache, text, &[span], ids, |word, ids| {
                    self.word(word, buffers, &mut Ids(ids))
                })?;
                if self.cover(span, piece, ids, tokens) {
                    continue;
                }
            }
            self.word(word, buffers, &mut Tokens { tokens, widths, start: span.start, piece })?;
        }
        Ok(())
    }

    /// Appends the tokens of a word by their ids alone, if these say what each covers: then none
    /// is unknown, and their strings are as long as the word. (A character spelled in bytes has
    /// strings longer than itself.)
    fn cover(&self, span: Span, piece: u32, ids: &[u32], tokens: &mut Vec<ModelToken>) -> bool {
        let before = tokens.len();
        let mut start = span.start;
        for &id in ids {
            let end = start + self.widths[id as usize];
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

    /// Writes the tokens of one word.
    fn word(&self, word: &[u8], buffers: &mut Buffers, output: &mut impl Output) -> Result<()> {
        match &self.parts {
            Some(parts) if word.len() > parts::LONGEST => parts.encode(self, word, buffers, output),
            _ => self.path(word, 0, 0.0, &mut buffers.lattice, output),
        }
    }

    /// Writes the tokens of the best path from a place in a word on, which is reached with this
    /// sum of scores.
    fn path(
        &self,
        word: &[u8],
        from: usize,
        sum: f64,
        lattice: &mut Lattice,
        output: &mut impl Output,
    ) -> Result<()> {
        // Unknown neighbours seen last, not yet written.
        let mut pending: Option<(usize, usize)> = None;
        lattice.best_path::<false>(&self.trie, self.unknown, &word[from..], sum, |id, start, end| {
            let (start, end) = (start + from, end + from);
            if id == UNKNOWN_CHARACTER || Some(id) == self.unknown.id {
                pending = Some((pending.map_or(start, |(first, _)| first), end));
                return;
            }
            if let Some((start, end)) = pending.take() {
                self.unknown_text(word, start, end, output);
            }
            output.token(token(id, start, end, false));
        })?;
        if let Some((start, end)) = pending {
            self.unknown_text(word, start, end, output);
        }
        Ok(())
    }

    /// Unknown neighbours as one: a piece after all, else bytes if there is one for each, else
    /// the unknown piece.
    #[inline(never)]
    fn unknown_text(&self, word: &[u8], start: usize, end: usize, output: &mut impl Output) {
        let bytes = &word[start..end];
        if let Some(id) = std::str::from_utf8(bytes).ok().and_then(|text| self.vocabulary.id(text)) {
            output.token(token(id, start, end, false));
            return;
        }
        if let Some(ids) = &self.bytes
            && bytes.iter().all(|&byte| ids[usize::from(byte)].is_some())
        {
            for id in bytes.iter().filter_map(|&byte| ids[usize::from(byte)]) {
                output.token(token(id, start, end, false));
            }
            return;
        }
        output.token(token(self.unknown.id.unwrap_or(0), start, end, true));
    }
}

/// The pieces with spaces in place of `▁`. Those with spaces of their own are emptied, and so
/// match nowhere.
fn spaced_pieces(pieces: &[(String, f64)]) -> Vec<(String, f64)> {
    let spaced = |piece: &str| if piece.contains(' ') { String::new() } else { piece.replace('▁', " ") };
    pieces.iter().map(|(piece, score)| (spaced(piece), *score)).collect()
}

/// A token of the first piece.
#[inline(always)]
fn token(id: u32, start: usize, end: usize, surface: bool) -> ModelToken {
    ModelToken { id, start: start as u32, end: end as u32, piece: 0, surface }
}
