//! Pieces to ids, and to tokens with the bytes they cover.

use crate::error::Result;
use crate::models::{ModelToken, cached};
use crate::pieces::Span;

use super::{WordPiece, WordPieceScratch};

impl WordPiece {
    /// Appends the ids of every piece.
    pub fn ids(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        cached::encode(&mut scratch.cache, text.as_bytes(), pieces, ids, |word, ids| self.word(word, ids))
    }

    /// Appends the tokens of every piece, with the bytes they cover.
    pub fn tokens(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut WordPieceScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        let WordPieceScratch { cache, ids, ends } = scratch;
        ids.clear();
        ends.clear();
        let word = |word: &[u8], ids: &mut Vec<u32>| self.word(word, ids).map(|()| true);
        cached::encode_each(cache, text.as_bytes(), pieces, ids, word, |end| ends.push(end))?;
        self.lay_out(pieces, ids, ends, tokens);
        Ok(())
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
