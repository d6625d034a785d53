//! The loop over pieces: keys of a chunk first, so that their cache lines are on their way.

use crate::error::Result;
use crate::models::ModelToken;
use crate::models::word_cache::{self, KEY_BYTES, MIDDLE_BYTES, MiddleIds, NO_KEY};
use crate::pieces::Span;
use crate::unchecked::Sink;

use super::{WordPiece, WordPieceScratch};

const CHUNK: usize = 64;

impl WordPiece {
    /// Appends the ids of every piece.
    pub fn ids(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        self.ids_with(text, pieces, scratch, ids, |_| {})
    }

    /// The same; `after` is told how long `ids` is after each piece.
    #[inline(always)]
    fn ids_with(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
        mut after: impl FnMut(usize),
    ) -> Result<()> {
        let bytes = text.as_bytes();
        let mut keys = [NO_KEY; CHUNK];
        let mut hashes = [0; CHUNK];
        let mut sink = Sink::new(ids);
        for pieces in pieces.chunks(CHUNK) {
            for ((piece, key), hash) in pieces.iter().zip(&mut keys).zip(&mut hashes) {
                let len = piece.range().len();
                if len.wrapping_sub(1) < KEY_BYTES {
                    *key = word_cache::key(bytes, piece.start as usize, len, 0);
                    *hash = word_cache::hash(*key);
                    scratch.cache.prefetch(*hash);
                } else {
                    *key = NO_KEY;
                }
            }
            for ((&piece, &key), &hash) in pieces.iter().zip(&keys).zip(&hashes) {
                match scratch.cache.get(key, hash) {
                    Some(quad) => sink.quad(quad.ids(), quad.count()),
                    None if key != NO_KEY => {
                        sink.with(|ids| self.short(&text[piece.range()], key, hash, scratch, ids))?;
                    }
                    None => sink.with(|ids| self.long(text, piece, scratch, ids))?,
                }
                after(sink.written());
            }
        }
        Ok(())
    }

    /// A word of up to 15 bytes that is not in its line.
    #[inline(never)]
    fn short(
        &self,
        word: &str,
        key: word_cache::Key,
        hash: u64,
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        if let Some(found) = scratch.cache.get_listed(key, hash) {
            ids.extend_from_slice(found);
            return Ok(());
        }
        let start = ids.len();
        self.word(word, ids)?;
        scratch.cache.insert(key, hash, &ids[start..]);
        Ok(())
    }

    /// A word of more than 15 bytes, or an empty one, which has no tokens.
    #[inline(never)]
    fn long(
        &self,
        text: &str,
        piece: Span,
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let word = &text[piece.range()];
        let start = ids.len();
        if word.is_empty() {
            return Ok(());
        }
        if word.len() > MIDDLE_BYTES {
            match scratch.cache.get_long(word.as_bytes(), 0) {
                Some(found) => ids.extend_from_slice(found),
                None => {
                    self.word(word, ids)?;
                    scratch.cache.insert_long(word.as_bytes(), 0, &ids[start..]);
                }
            }
            return Ok(());
        }
        let key = word_cache::middle_key(text.as_bytes(), piece.start as usize, word.len(), 0);
        let hash = word_cache::middle_hash(key);
        match scratch.cache.get_middle(key, hash) {
            Some(MiddleIds::Inline(quads, count)) => ids.extend_from_slice(&quads.as_flattened()[..count]),
            Some(MiddleIds::List(found)) => ids.extend_from_slice(found),
            None => {
                self.word(word, ids)?;
                scratch.cache.insert_middle(key, hash, &ids[start..]);
            }
        }
        Ok(())
    }

    /// Appends the tokens of every piece, with the bytes they cover.
    pub fn tokens(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut WordPieceScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        let mut ids = std::mem::take(&mut scratch.ids);
        let mut ends = std::mem::take(&mut scratch.ends);
        ids.clear();
        ends.clear();
        let done = self.ids_with(text, pieces, scratch, &mut ids, |end| ends.push(end));
        if done.is_ok() {
            self.lay_out(pieces, &ids, &ends, tokens);
        }
        (scratch.ids, scratch.ends) = (ids, ends);
        done
    }

    /// A single token is the word, be it unknown or not. Of several, the first covers its own text
    /// and the others theirs but for the prefix.
    fn lay_out(&self, pieces: &[Span], ids: &[u32], ends: &[usize], tokens: &mut Vec<ModelToken>) {
        tokens.reserve(ids.len());
        let mut from = 0;
        for ((index, piece), &to) in (0..).zip(pieces).zip(ends) {
            let token = |id, start, end| ModelToken { id, start, end, piece: index, surface: false };
            let mut start = piece.start;
            if let [ref firsts @ .., last] = ids[from..to] {
                for (place, &id) in firsts.iter().enumerate() {
                    let width = self.vocabulary.token(id).map_or(0, str::len);
                    let end = start + (width - if place == 0 { 0 } else { self.prefix.len() }) as u32;
                    tokens.push(token(id, start, end));
                    start = end;
                }
                tokens.push(token(last, start, piece.end));
            }
            from = to;
        }
    }
}
