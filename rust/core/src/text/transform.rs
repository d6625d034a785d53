//! Stock's `NormalizedString::transform` and what is built on it, character by character: slow,
//! general, and the twin that the fast paths of the normalizers are tested against.
//!
//! A transformation is a list of (character, change): change 0 replaces one character, -N
//! replaces one and removes the N after it, 1 inserts. An inserted character takes the range of
//! what was consumed before it.

use std::borrow::Cow;
use std::ops::Range;

use super::{Alignment, Front, NormalizedText};
use crate::error::{Error, Result};
use crate::unicode::Form;
use unicode_normalization_alignments::UnicodeNormalization;

impl NormalizedText<'_> {
    /// Stock's `transform`: the whole text is replaced, apart from a lead (see
    /// [`Front::lead`](super::Front)), which stays in front. `initial_offset` characters at the
    /// start are removed first. An error where stock panics.
    pub fn transform(
        &mut self,
        dest: impl IntoIterator<Item = (char, isize)>,
        initial_offset: usize,
    ) -> Result<()> {
        let len = self.normalized.len();
        let range = if self.original.is_empty() {
            0..0
        } else if len == 0 {
            return Ok(());
        } else {
            self.lead()..len
        };
        self.transform_range(range, dest, initial_offset)
    }

    /// Stock's `transform_range` on a byte range of the normalized text.
    pub fn transform_range(
        &mut self,
        range: Range<usize>,
        dest: impl IntoIterator<Item = (char, isize)>,
        initial_offset: usize,
    ) -> Result<()> {
        let tracked = match self.alignment {
            Alignment::Identity => self.track,
            Alignment::Table(_) => true,
            Alignment::Untracked => false,
        };
        let old_front = self.current_front();
        let mut front = Front {
            lead: old_front.lead.min(range.start as u32),
            origin: old_front.origin.min(range.start as u32),
        };
        let mut text = String::with_capacity(self.normalized.len());
        text.push_str(&self.normalized[..range.start]);
        let mut table: Vec<(u32, u32)> = Vec::new();
        let packed = |(start, end): (usize, usize)| (start as u32, end as u32);
        if tracked {
            table.extend((0..range.start).map(|at| packed(self.align(at))));
        }

        let mut replaced = self.normalized[range.clone()].chars();
        let mut take = |count: usize| -> usize { replaced.by_ref().take(count).map(char::len_utf8).sum() };
        let mut offset = range.start + take(initial_offset);
        for (c, change) in dest {
            let aligned = if change > 0 { offset.checked_sub(1) } else { Some(offset) };
            if aligned.is_some_and(|at| at >= self.normalized.len()) {
                return Err(Error::would_panic("a normalizer refers to a character past the text's end"));
            }
            if change <= 0 {
                offset += take(1 + change.unsigned_abs());
            }
            text.push(c);
            if tracked {
                let range = aligned.map_or((0, 0), |at| packed(self.align(at)));
                table.extend(std::iter::repeat_n(range, c.len_utf8()));
            } else {
                if aligned.is_none_or(|at| at < old_front.lead as usize) {
                    front.lead = text.len() as u32;
                }
                if aligned.is_none_or(|at| at < old_front.origin as usize) {
                    front.origin = text.len() as u32;
                }
            }
        }

        // What stands behind the range stays.
        let moved = |old: u32, new: u32| {
            if old as usize > range.end { (text.len() + old as usize - range.end) as u32 } else { new }
        };
        front =
            Front { lead: moved(old_front.lead, front.lead), origin: moved(old_front.origin, front.origin) };
        text.push_str(&self.normalized[range.end..]);
        if tracked {
            table.extend((range.end..self.normalized.len()).map(|at| packed(self.align(at))));
            self.alignment = Alignment::Table(table);
        } else {
            self.alignment = Alignment::Untracked;
        }
        self.front = front;
        self.normalized = Cow::Owned(text);
        Ok(())
    }

    /// Keeps the characters that `keep` accepts.
    pub fn filter(&mut self, keep: impl Fn(char) -> bool) -> Result<()> {
        let mut kept: Vec<(char, isize)> = Vec::new();
        let mut removed_at_start = 0;
        let mut removed = 0;
        for c in self.normalized.chars() {
            if !keep(c) {
                removed += 1;
                continue;
            }
            match kept.last_mut() {
                Some((_, change)) => *change = -removed,
                None => removed_at_start = removed as usize,
            }
            kept.push((c, 0));
            removed = 0;
        }
        if let Some((_, change)) = kept.last_mut() {
            *change = -removed;
        }
        self.transform(kept, removed_at_start)
    }

    /// Replaces each character.
    pub fn map(&mut self, map: impl Fn(char) -> char) -> Result<()> {
        let dest: Vec<_> = self.normalized.chars().map(|c| (map(c), 0)).collect();
        self.transform(dest, 0)
    }

    /// Replaces each character by some: the first stands for it, the others are inserted.
    pub fn expand<I: IntoIterator<Item = char>>(&mut self, map: impl Fn(char) -> I) -> Result<()> {
        let dest: Vec<_> = self
            .normalized
            .chars()
            .flat_map(|c| map(c).into_iter().enumerate().map(|(i, d)| (d, isize::from(i > 0))))
            .collect();
        self.transform(dest, 0)
    }

    pub fn lowercase(&mut self) -> Result<()> {
        self.expand(char::to_lowercase)
    }

    pub fn uppercase(&mut self) -> Result<()> {
        self.expand(char::to_uppercase)
    }

    /// Puts the text into a normal form.
    pub fn normal_form(&mut self, form: Form) -> Result<()> {
        let text: &str = &self.normalized;
        let dest: Vec<(char, isize)> = match form {
            Form::Nfc => text.nfc().collect(),
            Form::Nfkc => text.nfkc().collect(),
            Form::Nfd => text.nfd().collect(),
            Form::Nfkd => text.nfkd().collect(),
        };
        self.transform(dest, 0)
    }

    /// Puts `text` in front, aligned with the first character. Nothing on an empty text. (An empty
    /// `text` takes the first character's alignment away: stock's way.)
    pub fn prepend(&mut self, text: &str) -> Result<()> {
        let Some(first) = self.normalized.chars().next() else { return Ok(()) };
        let dest = text.chars().enumerate().map(|(i, c)| (c, isize::from(i > 0)));
        self.transform_range(0..first.len_utf8(), dest.chain([(first, 1)]), 0)
    }

    /// Puts `text` behind, aligned with the last character.
    pub fn append(&mut self, text: &str) -> Result<()> {
        let len = self.normalized.len();
        match self.normalized.char_indices().last() {
            Some((at, last)) => {
                let dest = [(last, 0)].into_iter().chain(text.chars().map(|c| (c, 1)));
                self.transform_range(at..len, dest, 0)
            }
            None => self.transform_range(0..len, text.chars().map(|c| (c, 1)), 0),
        }
    }

    /// Removes white space at the start, the end.
    pub fn strip(&mut self, left: bool, right: bool) -> Result<()> {
        let blank = |c: &char| c.is_whitespace();
        let leading = if left { self.normalized.chars().take_while(blank).count() } else { 0 };
        let trailing = if right { self.normalized.chars().rev().take_while(blank).count() } else { 0 };
        if leading == 0 && trailing == 0 {
            return Ok(());
        }
        let count = self.normalized.chars().count();
        let kept: Vec<_> = self
            .normalized
            .chars()
            .enumerate()
            .filter(|(i, _)| *i >= leading && *i < count - trailing)
            .map(|(_, c)| (c, 0))
            .collect();
        self.transform(kept, leading)
    }

    /// Removes the text. Gives the bytes it had.
    pub fn clear(&mut self) -> Result<usize> {
        let len = self.normalized.len();
        self.transform([], len)?;
        Ok(len)
    }
}
