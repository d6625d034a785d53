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

/// Pieces that are encoded, and given spans, together.
const GROUP: usize = super::encode::CHUNK;

impl Bpe {
    pub(super) fn span_tokens(
        &self,
        text: &[u8],
        pieces: &[Span],
        scratch: &mut BpeScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        let mut ids = std::mem::take(&mut scratch.ids);
        let mut done = Ok(());
        for (group, pieces) in pieces.chunks(GROUP).enumerate() {
            let first = (group * GROUP) as u32;
            done = self.group_tokens(text, pieces, first, scratch, &mut ids, tokens);
            if done.is_err() {
                break;
            }
        }
        scratch.ids = ids;
        done
    }

    /// Some pieces, of which the first is number `first`.
    fn group_tokens(
        &self,
        text: &[u8],
        pieces: &[Span],
        first: u32,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        ids.clear();
        self.encode(text, pieces, Whole::Word, scratch, ids)?;
        if self.lay_out(pieces, first, ids, tokens) {
            return Ok(());
        }
        // Something vanished or is unknown: only in some of the pieces.
        for (index, piece) in (first..).zip(pieces) {
            let piece = std::slice::from_ref(piece);
            ids.clear();
            self.encode(text, piece, Whole::Word, scratch, ids)?;
            if !self.lay_out(piece, index, ids, tokens) {
                self.counted_tokens(&text[piece[0].range()], piece[0].start, index, scratch, tokens)?;
            }
        }
        Ok(())
    }

    /// Lays the tokens out over the pieces one after the other. `false`, and nothing is added, if
    /// that is not what they cover.
    ///
    /// No token covers more than its width, so the tokens of a piece never have more than the
    /// piece's length; if all have that of all pieces, each piece is filled by its own.
    fn lay_out(&self, pieces: &[Span], first: u32, ids: &[u32], tokens: &mut Vec<ModelToken>) -> bool {
        let before = tokens.len();
        let expected: u64 = pieces.iter().map(|piece| piece.range().len() as u64).sum();
        let mut covered = 0_u64;
        let mut fixed = true;
        // Before the first piece stands an empty one.
        let mut next = 0;
        let (mut at, mut until) = (0, 0);
        tokens.extend(ids.iter().map(|&id| {
            let width = self.widths[id as usize];
            fixed &= width != 0;
            covered += u64::from(width);
            if at == until
                && let Some(piece) = pieces.get(next)
            {
                (at, until) = (piece.start, piece.end);
                next += 1;
            }
            let start = at;
            at = at.wrapping_add(width);
            ModelToken {
                id,
                start,
                end: at,
                piece: first.wrapping_add(next as u32).wrapping_sub(1),
                surface: false,
            }
        }));
        let whole = fixed && covered == expected;
        if !whole {
            tokens.truncate(before);
        }
        whole
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
            Alphabet::Characters | Alphabet::Spaces => {
                tokens.extend(spans.map(|(id, (start, end))| token(id, start, end)))
            }
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
