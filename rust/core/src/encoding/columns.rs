//! Columns: how an encoding is made, cut, padded and labelled.

use std::ops::Range;
use std::sync::Arc;

use super::{Detail, Encoding, Runs, TokenText};
use crate::config::Direction;
use crate::error::{Error, Result};

impl Detail {
    /// A token's string. Tokens that refer to a vocabulary are strings of `self.vocabulary`.
    #[inline]
    pub fn text<'a>(&'a self, token: &'a TokenText) -> &'a str {
        match token {
            TokenText::Vocabulary(id) => {
                self.vocabulary.as_ref().and_then(|vocabulary| vocabulary.token(*id)).unwrap_or_default()
            }
            TokenText::Text(text) => text,
        }
    }

    /// The tokens' strings.
    pub fn texts(&self) -> impl ExactSizeIterator<Item = &str> {
        self.tokens.iter().map(|token| self.text(token))
    }

    fn slice(&self, range: Range<usize>) -> Self {
        Self {
            tokens: self.tokens[range.clone()].to_vec(),
            words: self.words[range.clone()].to_vec(),
            offsets: self.offsets[range].to_vec(),
            vocabulary: self.vocabulary.clone(),
        }
    }
}

/// Keeps `range` of a column, in place.
fn keep<T>(column: &mut Vec<T>, range: &Range<usize>) {
    column.truncate(range.end);
    column.drain(..range.start);
}

/// Puts `count` copies of `value` at one side of a column.
fn fill<T: Clone>(column: &mut Vec<T>, count: usize, value: T, direction: Direction) {
    match direction {
        Direction::Left => {
            column.splice(0..0, std::iter::repeat_n(value, count));
        }
        Direction::Right => column.resize(column.len() + count, value),
    }
}

impl Encoding {
    /// Tokens of one sequence, none of them special, without the heavy columns.
    pub fn from_ids(ids: Vec<u32>, type_id: u32) -> Self {
        Self {
            type_ids: Runs::of(type_id, ids.len()),
            special_tokens_mask: Runs::of(0, ids.len()),
            attention_mask: Runs::of(1, ids.len()),
            ids,
            ..Self::default()
        }
    }

    /// The same with the heavy columns, each as long as `ids`.
    pub fn from_columns(ids: Vec<u32>, detail: Detail, type_id: u32) -> Self {
        debug_assert!(
            [detail.tokens.len(), detail.words.len(), detail.offsets.len()] == [ids.len(); 3],
            "columns of unequal length"
        );
        Self { detail: Some(detail), ..Self::from_ids(ids, type_id) }
    }

    pub fn len(&self) -> usize {
        self.ids.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ids.is_empty()
    }

    /// How many sequences were combined: 1 as long as no sequence id was ever set.
    pub fn n_sequences(&self) -> usize {
        self.sequence_ranges.len().max(1)
    }

    /// Labels all present tokens as this sequence. Overflowing parts are not touched.
    pub fn set_sequence_id(&mut self, sequence_id: usize) {
        self.set_sequence_range(sequence_id, 0..self.len());
    }

    pub(super) fn set_sequence_range(&mut self, sequence_id: usize, range: Range<usize>) {
        match self.sequence_ranges.iter_mut().find(|entry| entry.0 == sequence_id) {
            Some(entry) => entry.1 = range,
            None => {
                // One entry is what most encodings have for good.
                self.sequence_ranges.reserve_exact(1);
                self.sequence_ranges.push((sequence_id, range));
            }
        }
    }

    /// Gives every token this type id. Overflowing parts are not touched.
    pub fn set_type_ids(&mut self, type_id: u32) {
        self.type_ids.reset(type_id, self.ids.len());
    }

    /// Each token's sequence, `None` for tokens outside of all (special tokens, padding).
    pub fn sequence_ids(&self) -> Vec<Option<usize>> {
        let mut sequences = vec![None; self.len()];
        for id in 0..self.n_sequences() {
            if let Some(part) = sequences.get_mut(self.sequence_range(id)) {
                part.fill(Some(id));
            }
        }
        sequences
    }

    /// The tokens' strings; `None` without the heavy columns.
    pub fn tokens(&self) -> Option<impl ExactSizeIterator<Item = &str>> {
        self.detail.as_ref().map(Detail::texts)
    }

    /// A part of the tokens, on its own: no overflow, no sequence ranges.
    pub(super) fn slice(&self, range: Range<usize>) -> Self {
        Self {
            ids: self.ids[range.clone()].to_vec(),
            type_ids: self.type_ids.slice(range.start, range.end),
            special_tokens_mask: self.special_tokens_mask.slice(range.start, range.end),
            attention_mask: self.attention_mask.slice(range.start, range.end),
            detail: self.detail.as_ref().map(|detail| detail.slice(range)),
            ..Self::default()
        }
    }

    /// Cuts the tokens down to `range`, in place. Overflow and sequence ranges stay as they are.
    pub(super) fn keep(&mut self, range: Range<usize>) {
        keep(&mut self.ids, &range);
        for runs in [&mut self.type_ids, &mut self.special_tokens_mask, &mut self.attention_mask] {
            *runs = runs.slice(range.start, range.end);
        }
        if let Some(detail) = &mut self.detail {
            keep(&mut detail.tokens, &range);
            keep(&mut detail.words, &range);
            keep(&mut detail.offsets, &range);
        }
    }

    /// Pads to `target_len` tokens, the overflowing parts too. What is longer stays as it is.
    ///
    /// Fails if the memory cannot be had (stock panics or aborts there).
    pub fn pad(
        &mut self,
        target_len: usize,
        pad_id: u32,
        pad_type_id: u32,
        pad_token: &str,
        direction: Direction,
    ) -> Result<()> {
        self.pad_with(target_len, pad_id, pad_type_id, &TokenText::Text(Arc::from(pad_token)), direction)
    }

    /// `pad` with a token string that is shared by all the padded positions.
    pub(crate) fn pad_with(
        &mut self,
        target_len: usize,
        pad_id: u32,
        pad_type_id: u32,
        pad_token: &TokenText,
        direction: Direction,
    ) -> Result<()> {
        for part in &mut self.overflowing {
            part.pad_with(target_len, pad_id, pad_type_id, pad_token, direction)?;
        }
        let count = target_len.saturating_sub(self.len());
        if count == 0 {
            return Ok(());
        }
        self.reserve(count)?;
        fill(&mut self.ids, count, pad_id, direction);
        for (runs, value) in [
            (&mut self.type_ids, pad_type_id),
            (&mut self.special_tokens_mask, 1),
            (&mut self.attention_mask, 0),
        ] {
            match direction {
                Direction::Left => runs.push_front(value, count),
                Direction::Right => runs.push(value, count),
            }
        }
        if let Some(detail) = &mut self.detail {
            fill(&mut detail.tokens, count, pad_token.clone(), direction);
            fill(&mut detail.words, count, None, direction);
            fill(&mut detail.offsets, count, (0, 0), direction);
        }
        if direction == Direction::Left {
            for (_, range) in &mut self.sequence_ranges {
                *range = range.start + count..range.end + count;
            }
        }
        Ok(())
    }

    fn reserve(&mut self, count: usize) -> Result<()> {
        let mut reserved = self.ids.try_reserve_exact(count);
        if let Some(detail) = &mut self.detail {
            reserved = reserved
                .and_then(|()| detail.tokens.try_reserve_exact(count))
                .and_then(|()| detail.words.try_reserve_exact(count))
                .and_then(|()| detail.offsets.try_reserve_exact(count));
        }
        reserved.map_err(|_| Error::would_panic(format!("no memory for {count} padding tokens")))
    }
}
