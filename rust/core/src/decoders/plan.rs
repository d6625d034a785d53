//! A decoder chain seen as: a piece of text for each token, joined, then finished as a whole.
//!
//! Idea: most kinds turn one token into one token whatever its neighbours are, so their result is
//! a property of the id. What is not: the first token of all (Metaspace, WordPiece), runs of byte
//! tokens (ByteFallback), and what comes after the join (ByteLevel's U+FFFD, Fuse and all behind).

use std::ops::Range;

use super::{Decoder, byte_fallback, byte_level};
use crate::error::Result;

/// What a token turned out to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// Its text was appended.
    Text,
    /// A byte of a run.
    Byte(u8),
}

/// What of a token's neighbours matters, beside runs of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Neighbours {
    Nothing,
    /// The last token's piece is another one (BPEDecoder).
    Last,
    /// A token equal to the one before it counts for nothing (CTC).
    Repeated,
}

/// How a chain is run from ids. The ranges are stages of the decoder.
#[derive(Debug)]
pub(super) struct Plan {
    /// There is no decoder: tokens with a space between.
    pub(super) spaced: bool,
    /// Whether the first token's piece differs from what it is elsewhere.
    pub(super) first_differs: bool,
    /// Whether byte tokens are gathered.
    pub(super) falls_back: bool,
    /// Whether the pieces are joined as bytes of the byte-level alphabet.
    pub(super) byte_level: bool,
    /// What of a token's neighbours matters.
    pub(super) neighbours: Neighbours,
    before: Range<usize>,
    after: Range<usize>,
    finish: Range<usize>,
}

/// Index of the first stage from `at` on that is not a map of single tokens.
fn end_of_maps(stages: &[Decoder], at: usize) -> usize {
    stages[at..].iter().position(|stage| stage.maps().is_none()).map_or(stages.len(), |n| at + n)
}

impl Plan {
    /// `None` for chains that look at a token's neighbours in other ways (CTC and BPEDecoder among
    /// other stages).
    pub(super) fn new(decoder: Option<&Decoder>) -> Option<Self> {
        let stages = decoder.map_or(&[][..], Decoder::stages);
        let neighbours = match stages {
            [Decoder::Bpe(_)] => Neighbours::Last,
            [Decoder::Ctc(_)] => Neighbours::Repeated,
            _ => Neighbours::Nothing,
        };
        if neighbours != Neighbours::Nothing {
            return Some(Self {
                spaced: false,
                first_differs: false,
                falls_back: false,
                byte_level: false,
                neighbours,
                before: 0..1,
                after: 1..1,
                finish: 1..1,
            });
        }
        let before = 0..end_of_maps(stages, 0);
        let falls_back = matches!(stages.get(before.end), Some(Decoder::ByteFallback));
        let start = before.end + usize::from(falls_back);
        let after = start..end_of_maps(stages, start);
        let byte_level = match stages.get(after.end) {
            None | Some(Decoder::Fuse) => false,
            Some(Decoder::ByteLevel) => true,
            Some(_) => return None,
        };
        let finish = (after.end + 1).min(stages.len())..stages.len();
        let maps = stages[before.clone()].iter().chain(&stages[after.clone()]);
        Some(Self {
            spaced: decoder.is_none(),
            first_differs: decoder.is_none() || maps.filter_map(Decoder::maps).any(|first| first),
            falls_back,
            byte_level,
            neighbours,
            before,
            after,
            finish,
        })
    }

    /// Appends the piece of a token, or says which byte it is.
    pub(super) fn piece(
        &self,
        stages: &[Decoder],
        token: &str,
        first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<Piece> {
        if self.spaced && !first {
            bytes.push(b' ');
        }
        if self.before.is_empty() {
            if self.falls_back
                && let Some(byte) = byte_fallback::byte(token)
            {
                return Ok(Piece::Byte(byte));
            }
            self.push_after(stages, token, first, bytes)?;
            return Ok(Piece::Text);
        }
        let mut text = token.to_string();
        for stage in &stages[self.before.clone()] {
            text = stage.map(text, first)?;
        }
        if self.falls_back
            && let Some(byte) = byte_fallback::byte(&text)
        {
            return Ok(Piece::Byte(byte));
        }
        self.push_after(stages, &text, first, bytes)?;
        Ok(Piece::Text)
    }

    /// Appends a token as it is behind ByteFallback.
    fn push_after(&self, stages: &[Decoder], token: &str, first: bool, bytes: &mut Vec<u8>) -> Result<()> {
        let mapped;
        let token = if self.after.is_empty() {
            token
        } else {
            let mut text = token.to_string();
            for stage in &stages[self.after.clone()] {
                text = stage.map(text, first)?;
            }
            mapped = text;
            &mapped
        };
        if self.byte_level {
            byte_level::push_bytes(token, bytes);
        } else {
            bytes.extend_from_slice(token.as_bytes());
        }
        Ok(())
    }

    /// Appends the tokens of a run of byte tokens; `first` if nothing was appended before.
    pub(super) fn push_run(
        &self,
        stages: &[Decoder],
        run: &mut Vec<u8>,
        mut first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<()> {
        let mut result = Ok(());
        byte_fallback::push_run(run, |text| {
            if result.is_ok() {
                result = self.push_after(stages, text, std::mem::take(&mut first), bytes);
            }
        });
        result
    }

    /// The text of all the pieces.
    pub(super) fn finish(&self, stages: &[Decoder], bytes: Vec<u8>) -> Result<String> {
        let text = byte_level::lossy(bytes);
        match &stages[self.finish.clone()] {
            [] => Ok(text),
            [Decoder::Strip(strip)] => strip.map(text),
            stages => {
                let texts = stages.iter().try_fold(vec![text], |texts, stage| stage.decode_chain(texts))?;
                Ok(texts.concat())
            }
        }
    }

    /// Whether the text only grows at its end while tokens are added, and no token can fail: then
    /// a stream need not start over. A lone Strip of leading characters may come last.
    pub(super) fn grows(&self, stages: &[Decoder]) -> bool {
        let safe = |stage: &Decoder| match stage {
            Decoder::Strip(strip) => strip.stop == 0,
            Decoder::Replace(replace) => replace.is_literal(),
            _ => true,
        };
        let finish_is_simple = match &stages[self.finish.clone()] {
            [] => true,
            [Decoder::Strip(strip)] => strip.stop == 0,
            _ => false,
        };
        self.neighbours == Neighbours::Nothing
            && finish_is_simple
            && self.after.is_empty()
            && !(self.falls_back && self.byte_level)
            && stages[self.before.clone()].iter().all(safe)
    }

    /// The leading characters that come off at the end: which, and how many at most.
    pub(super) fn leading(&self, stages: &[Decoder]) -> Option<(char, usize)> {
        match &stages[self.finish.clone()] {
            [Decoder::Strip(strip)] => Some((strip.content, strip.start)),
            _ => None,
        }
    }
}
