//! One section's text while it is normalized: the current characters and, when asked for, where
//! each of their bytes came from.

use std::borrow::Cow;

use crate::pieces::Span;

/// How the bytes of the normalized text correspond to the original's.
#[derive(Debug, Clone)]
pub enum Alignment {
    /// Byte `i` is byte `i`.
    Identity,
    /// For each normalized byte, the original byte range it came from (as stock's
    /// `NormalizedString::alignments`, relative to this section's original).
    Table(Vec<(u32, u32)>),
    /// The text was changed and nobody will ask for offsets.
    Untracked,
}

/// A section of the input under normalization.
#[derive(Debug, Clone)]
pub struct NormalizedText<'a> {
    original: &'a str,
    /// Where `original` starts in the whole input, in bytes.
    shift: usize,
    normalized: Cow<'a, str>,
    alignment: Alignment,
    /// Whether alignment is kept.
    track: bool,
}

impl<'a> NormalizedText<'a> {
    /// A section of the input that starts at byte `shift` of it.
    pub fn new(original: &'a str, shift: usize, track: bool) -> Self {
        Self { original, shift, normalized: Cow::Borrowed(original), alignment: Alignment::Identity, track }
    }

    /// The current text.
    #[inline]
    pub fn get(&self) -> &str {
        &self.normalized
    }

    /// Where this section starts in the whole input, in bytes.
    pub fn shift(&self) -> usize {
        self.shift
    }

    /// A part of the text as a text of its own (stock's `NormalizedString::slice`).
    pub fn slice(&self, span: Span) -> NormalizedText<'_> {
        match &self.alignment {
            Alignment::Identity => NormalizedText {
                original: &self.original[span.range()],
                shift: self.shift + span.start as usize,
                normalized: Cow::Borrowed(&self.normalized[span.range()]),
                alignment: Alignment::Identity,
                track: self.track,
            },
            Alignment::Untracked | Alignment::Table(_) => NormalizedText {
                original: self.original,
                shift: self.shift,
                normalized: Cow::Borrowed(&self.normalized[span.range()]),
                alignment: Alignment::Untracked,
                track: false,
            },
        }
    }

    /// The byte range of the whole input that normalized bytes `start..end` came from.
    pub fn original_range(&self, start: usize, end: usize) -> (usize, usize) {
        (self.shift + start, self.shift + end)
    }
}
