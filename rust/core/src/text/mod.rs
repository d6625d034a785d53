//! One section's text while it is normalized: the current characters and, when asked for, where
//! each of their bytes came from.
//!
//! The text is borrowed until something really changes it. Three states: [`Alignment::Identity`]
//! (nothing moved; no table), [`Alignment::Table`], and [`Alignment::Untracked`] for callers that
//! want ids only. Untracked texts still know two numbers, [`Front`], because stock's results
//! (not only its offsets) depend on them.

mod editor;
mod rewrite;
mod transform;
mod unchecked;
mod words;

use std::borrow::Cow;

pub(crate) use editor::{Editor, Operation, width_of};
pub use rewrite::PieceWriter;

use crate::pieces::Span;

/// How the bytes of the normalized text correspond to the original's.
#[derive(Debug, Clone)]
pub enum Alignment {
    /// Byte `i` is byte `i`.
    Identity,
    /// For each normalized byte, the original byte range it came from (as stock's
    /// `NormalizedString::alignments`, relative to this section's original). All bytes of a
    /// character share one range; starts and ends never decrease.
    Table(Vec<(u32, u32)>),
    /// The text was changed and nobody will ask for offsets.
    Untracked,
}

/// What an untracked text knows of its beginning.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Front {
    /// Bytes at the front that come from an empty range (inserted before anything else): stock's
    /// later steps leave them out of what they replace, which doubles text.
    pub lead: u32,
    /// Bytes at the front whose original range starts at 0, `lead` included.
    pub origin: u32,
}

/// A section of the input under normalization.
#[derive(Debug, Clone)]
pub struct NormalizedText<'a> {
    original: &'a str,
    /// Where `original` starts in the whole input, in bytes.
    shift: usize,
    normalized: Cow<'a, str>,
    alignment: Alignment,
    /// Of use only while `alignment` is `Untracked`.
    front: Front,
    /// Whether alignment is kept.
    track: bool,
}

impl<'a> NormalizedText<'a> {
    /// A section of the input that starts at byte `shift` of it. With `track` false alignment is
    /// given up at the first change.
    pub fn new(original: &'a str, shift: usize, track: bool) -> Self {
        Self {
            original,
            shift,
            normalized: Cow::Borrowed(original),
            alignment: Alignment::Identity,
            front: Front::default(),
            track,
        }
    }

    /// The current text.
    #[inline]
    pub fn get(&self) -> &str {
        &self.normalized
    }

    /// The text before any change.
    pub fn original(&self) -> &'a str {
        self.original
    }

    /// Where this section starts in the whole input, in bytes.
    pub fn shift(&self) -> usize {
        self.shift
    }

    pub fn is_empty(&self) -> bool {
        self.normalized.is_empty()
    }

    /// Whether byte `i` of the text is byte `i` of the original, apart from changes that keep
    /// every character's length (such as ASCII lower case).
    pub fn is_identity(&self) -> bool {
        matches!(self.alignment, Alignment::Identity)
    }

    pub fn alignment(&self) -> &Alignment {
        &self.alignment
    }

    /// Whether offsets can be asked for.
    pub fn is_tracked(&self) -> bool {
        !matches!(self.alignment, Alignment::Untracked)
    }

    /// The original range of the character that byte `at` belongs to, relative to the section.
    #[inline]
    fn align(&self, at: usize) -> (usize, usize) {
        match &self.alignment {
            Alignment::Identity => editor::character_at(&self.normalized, at),
            Alignment::Table(table) => (table[at].0 as usize, table[at].1 as usize),
            Alignment::Untracked => (0, 0),
        }
    }

    /// A part of the text as a text of its own (stock's `NormalizedString::slice`): its original
    /// is what the part came from, its shift where that starts. `span` lies on character
    /// boundaries.
    pub fn slice(&self, span: Span) -> NormalizedText<'_> {
        let range = span.range();
        let normalized = Cow::Borrowed(&self.normalized[range.clone()]);
        match &self.alignment {
            Alignment::Identity => NormalizedText {
                original: self.original.get(range.clone()).unwrap_or_default(),
                shift: self.shift + range.start,
                normalized,
                alignment: Alignment::Identity,
                front: Front::default(),
                track: self.track,
            },
            // Stock answers an empty range with itself, not with what stands there.
            Alignment::Table(_) if range.is_empty() => NormalizedText {
                original: "",
                shift: self.shift + range.start,
                normalized,
                alignment: Alignment::Identity,
                front: Front::default(),
                track: self.track,
            },
            Alignment::Table(table) => {
                let part = &table[range];
                let (start, end) = (part[0].0, part[part.len() - 1].1);
                NormalizedText {
                    original: self.original.get(start as usize..end as usize).unwrap_or_default(),
                    shift: self.shift + start as usize,
                    normalized,
                    alignment: Alignment::Table(
                        part.iter()
                            .map(|&(s, e)| (s.saturating_sub(start), e.saturating_sub(start)))
                            .collect(),
                    ),
                    front: Front::default(),
                    track: self.track,
                }
            }
            Alignment::Untracked => NormalizedText {
                original: self.original,
                shift: self.shift,
                normalized,
                alignment: Alignment::Untracked,
                front: Front {
                    lead: self.front.lead.clamp(span.start, span.end) - span.start,
                    origin: self.front.origin.clamp(span.start, span.end) - span.start,
                },
                track: false,
            },
        }
    }

    /// The byte range of the whole input that normalized bytes `start..end` came from: from the
    /// start of what the first came from to the end of what the last came from. An empty range
    /// is given back, shifted. Meaningless for untracked texts.
    ///
    /// For Identity, `start` and `end` must be character boundaries: see
    /// [`original_range_of_bytes`](Self::original_range_of_bytes).
    #[inline]
    pub fn original_range(&self, start: usize, end: usize) -> (usize, usize) {
        match &self.alignment {
            Alignment::Table(table) if start < end && end <= table.len() => {
                (self.shift + table[start].0 as usize, self.shift + table[end - 1].1 as usize)
            }
            _ => (self.shift + start, self.shift + end),
        }
    }

    /// [`original_range`](Self::original_range) for tokens that may begin or end inside a
    /// character: each byte stands for its whole character.
    #[inline]
    pub fn original_range_of_bytes(&self, start: usize, end: usize) -> (usize, usize) {
        if let Alignment::Identity = self.alignment {
            if start >= end {
                return (self.shift + start, self.shift + end);
            }
            let bytes = self.normalized.as_bytes();
            let (mut start, mut end) = (start, end);
            while start > 0 && bytes.get(start).is_some_and(|b| b & 0xC0 == 0x80) {
                start -= 1;
            }
            while bytes.get(end).is_some_and(|b| b & 0xC0 == 0x80) {
                end += 1;
            }
            return (self.shift + start, self.shift + end);
        }
        self.original_range(start, end)
    }

    /// What stock's `into_encoding` makes of a token that covers bytes `start..end` *of the piece*:
    /// its byte range in the whole input. A range outside the piece, or a reversed one, is given
    /// back as it is (stock falls back to the token's own offsets), an empty one is moved to the
    /// start of what the piece came from.
    pub fn token_range(&self, piece: Span, start: usize, end: usize) -> (usize, usize) {
        if start == end {
            let base = self.original_start(piece);
            return (base + start, base + end);
        }
        if start > end || end > piece.range().len() {
            return (start, end);
        }
        self.original_range_of_bytes(piece.start as usize + start, piece.start as usize + end)
    }

    /// Where the original of a piece starts in the whole input (stock's `offsets_original().0`).
    /// For untracked texts right only as to whether it is 0, which is what Metaspace asks.
    pub fn original_start(&self, piece: Span) -> usize {
        let start = piece.start as usize;
        match &self.alignment {
            Alignment::Table(table) if !piece.is_empty() && start < table.len() => {
                self.shift + table[start].0 as usize
            }
            Alignment::Untracked if start < self.front.origin as usize => self.shift,
            // Somewhere behind, wherever that is.
            Alignment::Untracked => self.shift + start.max(1),
            _ => self.shift + start,
        }
    }

    /// Bytes at the front that come from nothing: see [`Front::lead`].
    pub(crate) fn lead(&self) -> usize {
        match &self.alignment {
            Alignment::Identity => 0,
            Alignment::Table(table) => table.iter().take_while(|(start, end)| start == end).count(),
            Alignment::Untracked => self.front.lead as usize,
        }
    }

    /// Whether a whole-text transformation replaces the whole text, as one would expect: stock
    /// leaves out a lead.
    #[inline]
    pub(crate) fn is_regular(&self) -> bool {
        match &self.alignment {
            Alignment::Identity => true,
            Alignment::Table(table) => table.first().is_none_or(|(start, end)| start != end),
            Alignment::Untracked => self.front.lead == 0,
        }
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
