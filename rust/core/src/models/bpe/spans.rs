//! Tokens with the bytes they cover.
//!
//! A token covers as many bytes as its string has, so a piece's ids fix all spans, if they add
//! up to the piece. They do not where a character vanished; unknowns cover what they stand for;
//! there the piece is merged again with stock's lengths.

use crate::error::Result;
use crate::models::{Alphabet, ModelToken};
use crate::pieces::Span;

use super::alphabet;
use super::encode::Whole;
use super::{Bpe, BpeScratch};

impl Bpe {
    pub(super) fn piece_tokens(
        &self,
        text: &[u8],
        span: Span,
        piece: u32,
        scratch: &mut BpeScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        let mut ids = std::mem::take(&mut scratch.ids);
        ids.clear();
        let encoded = self.encode(text, &[span], Whole::Word, scratch, &mut ids);
        let first = tokens.len();
        let mut end = span.start;
        let mut fixed = true;
        tokens.extend(ids.iter().map(|&id| {
            let width = self.widths[id as usize];
            fixed &= width != 0;
            let start = end;
            end += width;
            ModelToken { id, start, end, piece, surface: false }
        }));
        scratch.ids = ids;
        encoded?;
        if fixed && end == span.end {
            return Ok(());
        }
        tokens.truncate(first);
        self.counted_tokens(&text[span.range()], span.start, piece, scratch, tokens)
    }

    /// As stock counts: a symbol's length is that of the characters it was made of.
    fn counted_tokens(
        &self,
        word: &[u8],
        shift: u32,
        piece: u32,
        scratch: &mut BpeScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        let token = |id, start: u32, end: u32| ModelToken {
            id,
            start: shift + start,
            end: shift + end,
            piece,
            surface: false,
        };
        if self.ignore_merges
            && let Some(id) = self.words.any_id(&self.texts, word)
        {
            tokens.push(token(id, 0, word.len() as u32));
            return Ok(());
        }
        self.merge_any(word, scratch)?;
        let ends = scratch.word.lens.iter().scan(0, |end, &len| {
            *end += len;
            Some((*end - len, *end))
        });
        let ids = scratch.word.symbols.iter().map(|&symbol| self.merges.ids[symbol as usize]);
        let spans = ids.zip(ends);
        match self.alphabet {
            Alphabet::Characters => tokens.extend(spans.map(|(id, (start, end))| token(id, start, end))),
            Alphabet::RawBytes => {
                // Stock's lengths are of the alphabet's characters: one or two bytes each.
                let mut bytes = AlphabetBytes::new(word);
                for (id, (start, end)) in spans {
                    let first = bytes.holding(start);
                    tokens.push(token(id, first, bytes.holding(end - 1) + 1));
                }
            }
        }
        Ok(())
    }
}

/// Walks a piece of raw bytes, counting the bytes of the characters they are written as.
struct AlphabetBytes<'a> {
    piece: &'a [u8],
    /// The raw byte reached, and where its character ends.
    at: usize,
    end: u32,
}

impl<'a> AlphabetBytes<'a> {
    fn new(piece: &'a [u8]) -> Self {
        let end = piece.first().map_or(0, |&byte| written_len(byte));
        Self { piece, at: 0, end }
    }

    /// The raw byte whose character holds the alphabet's byte `at`; asked with rising values.
    fn holding(&mut self, at: u32) -> u32 {
        while at >= self.end && self.at + 1 < self.piece.len() {
            self.at += 1;
            self.end += written_len(self.piece[self.at]);
        }
        self.at as u32
    }
}

fn written_len(byte: u8) -> u32 {
    alphabet::CHARACTERS[byte as usize].len_utf8() as u32
}
