//! Merging encodings one after the other.

use std::sync::Arc;

use super::{Detail, Encoding, TokenText};

impl Detail {
    /// Appends the columns of `other`, its offsets moved by `shift`.
    fn append(&mut self, mut other: Self, shift: usize) {
        self.adopt_vocabulary(&mut other);
        self.tokens.append(&mut other.tokens);
        self.words.append(&mut other.words);
        self.offsets.extend(
            // Wrapping, as a release build of stock does: offsets may be anything after a pickle.
            other.offsets.iter().map(|&(start, end)| (start.wrapping_add(shift), end.wrapping_add(shift))),
        );
    }

    /// Makes the tokens of `other` mean the same next to ours.
    fn adopt_vocabulary(&mut self, other: &mut Self) {
        match (&self.vocabulary, &other.vocabulary) {
            (_, None) => {}
            (None, Some(theirs)) => self.vocabulary = Some(Arc::clone(theirs)),
            (Some(ours), Some(theirs)) if Arc::ptr_eq(ours, theirs) => {}
            (Some(_), Some(theirs)) => {
                for token in &mut other.tokens {
                    if let TokenText::Vocabulary(id) = token {
                        *token = TokenText::Text(Arc::from(theirs.token(*id).unwrap_or_default()));
                    }
                }
            }
        }
    }
}

impl Encoding {
    /// Merges all of them, in order. See [`Encoding::merge_with`].
    pub fn merge(encodings: impl IntoIterator<Item = Self>, growing_offsets: bool) -> Self {
        let mut encodings = encodings.into_iter();
        // Merging into an empty encoding changes nothing, so the first is taken as it is.
        let mut merged = encodings.next().unwrap_or_default();
        for encoding in encodings {
            merged.merge_with(encoding, growing_offsets);
        }
        merged
    }

    /// Appends `other`; with `growing_offsets` its offsets go on where ours end. The heavy columns
    /// stay if both sides have them (an empty side counts as having them).
    ///
    /// Overflow is combined in stock's order: each of our parts with the whole of `other`
    /// (overflow included) and with each of its parts, then ourselves (overflow included) with
    /// each of its parts. That is exponential in the number of merges which have overflow on both
    /// sides; in an encoded pair there is one.
    pub fn merge_with(&mut self, other: Self, growing_offsets: bool) {
        let overflowing = if self.overflowing.is_empty() && other.overflowing.is_empty() {
            Vec::new()
        } else {
            self.merged_overflow(&other, growing_offsets)
        };
        let shift = match &self.detail {
            Some(detail) if growing_offsets => detail.offsets.last().map_or(0, |last| last.1),
            _ => 0,
        };
        self.detail = match (self.detail.take(), other.detail) {
            (Some(mut ours), Some(theirs)) => {
                ours.append(theirs, shift);
                Some(ours)
            }
            (Some(ours), None) if other.ids.is_empty() => Some(ours),
            (None, Some(theirs)) if self.ids.is_empty() => Some(theirs),
            _ => None,
        };
        let len = self.len();
        for (id, range) in other.sequence_ranges {
            self.set_sequence_range(id, range.start + len..range.end + len);
        }
        if self.ids.is_empty() {
            self.ids = other.ids;
        } else {
            self.ids.extend_from_slice(&other.ids);
        }
        self.type_ids.extend(&other.type_ids);
        self.special_tokens_mask.extend(&other.special_tokens_mask);
        self.attention_mask.extend(&other.attention_mask);
        self.overflowing = overflowing;
    }

    fn merged_overflow(&self, other: &Self, growing_offsets: bool) -> Vec<Self> {
        let join = |left: &Self, right: &Self| {
            let mut both = left.clone();
            both.merge_with(right.clone(), growing_offsets);
            both
        };
        let mut parts = Vec::with_capacity((self.overflowing.len() + 1) * (other.overflowing.len() + 1) - 1);
        for ours in &self.overflowing {
            parts.push(join(ours, other));
            parts.extend(other.overflowing.iter().map(|theirs| join(ours, theirs)));
        }
        parts.extend(other.overflowing.iter().map(|theirs| join(self, theirs)));
        parts
    }
}
