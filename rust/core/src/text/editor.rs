//! Builds the new text of one normalization step from the old one, alignment included.
//!
//! The editor is compiled twice, with and without tracking, so that callers who want ids only pay
//! one comparison a write. While tracking, no table exists as long as every write keeps its
//! character where it was and as long as it was.

use super::{Alignment, Front, NormalizedText};
use crate::error::Result;
use std::borrow::Cow;

/// A step that rewrites a text through an [`Editor`].
pub(crate) trait Operation {
    /// Writes the whole new text. `source` is the old one.
    fn run<const TRACK: bool>(&mut self, source: &str, editor: &mut Editor<'_, TRACK>) -> Result<()>;
}

#[derive(Debug, Clone, Copy)]
enum Source<'s> {
    Identity,
    Table(&'s [(u32, u32)]),
}

#[derive(Debug)]
pub(crate) struct Editor<'s, const TRACK: bool> {
    text: &'s str,
    source: Source<'s>,
    /// The bytes written so far are `out[..len]`; what lies behind is room.
    out: Vec<u8>,
    len: usize,
    table: Vec<(u32, u32)>,
    /// Everything written so far stands where it stood: no table yet.
    exact: bool,
    /// The old text's front, and from where on it does not matter (untracked only).
    old_front: Front,
    watched: usize,
    front: Front,
}

impl<const TRACK: bool> Editor<'_, TRACK> {
    /// Bytes written so far.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn room(&mut self, more: usize) {
        if self.out.len() - self.len < more {
            self.grow(more);
        }
    }

    #[cold]
    fn grow(&mut self, more: usize) {
        let wanted = (self.len + more).max(self.out.len() + self.out.len() / 2) + 64;
        self.out.resize(wanted, 0);
    }

    /// Writes the low `count` (at most 8) bytes of `bytes`, in place of the character of `width`
    /// bytes at `at`. `single` says that they are one character.
    #[inline(always)]
    pub fn put_small(&mut self, bytes: u64, count: usize, at: usize, width: usize, single: bool) {
        if TRACK {
            if self.exact && !(single && count == width && at == self.len) {
                self.materialize();
            }
            if !self.exact {
                let range = self.align(at, width);
                // A small fixed-size write is cheaper than a loop of unknown length.
                self.table.extend_from_slice(&[range; 8]);
                self.table.truncate(self.table.len() - 8 + count);
            }
        }
        self.room(8);
        self.out[self.len..self.len + 8].copy_from_slice(&bytes.to_le_bytes());
        self.len += count;
        if !TRACK && at < self.watched {
            self.watch(Some(at));
        }
    }

    /// Writes text in place of the character of `width` bytes at `at`.
    pub fn put(&mut self, text: &str, at: usize, width: usize) {
        if TRACK {
            if self.exact && !(text.len() == width && at == self.len && one_character(text)) {
                self.materialize();
            }
            if !self.exact {
                let range = self.align(at, width);
                self.table.extend(std::iter::repeat_n(range, text.len()));
            }
        }
        self.write(text.as_bytes());
        if !TRACK && at < self.watched {
            self.watch(Some(at));
        }
    }

    /// Writes one character in place of the one of `width` bytes at `at`.
    #[inline]
    pub fn put_char(&mut self, c: char, at: usize, width: usize) {
        let mut bytes = [0; 8];
        let count = c.encode_utf8(&mut bytes).len();
        self.put_small(u64::from_le_bytes(bytes), count, at, width, true);
    }

    /// Writes text that shares the range of the character which byte `at` belongs to; `None` is
    /// the very beginning, where stock aligns with the empty range at 0.
    pub fn insert(&mut self, text: &str, at: Option<usize>) {
        if text.is_empty() {
            return;
        }
        if TRACK {
            self.materialize();
            let range = match (at, self.source) {
                (None, _) => (0, 0),
                (Some(at), Source::Identity) => {
                    let (start, end) = character_at(self.text, at);
                    (start as u32, end as u32)
                }
                (Some(at), Source::Table(table)) => table[at],
            };
            self.table.extend(std::iter::repeat_n(range, text.len()));
        }
        self.write(text.as_bytes());
        if !TRACK && at.is_none_or(|at| at < self.watched) {
            self.watch(at);
        }
    }

    /// Writes text that comes from the empty range at `base` of the original.
    pub fn insert_at_base(&mut self, text: &str, base: u32) {
        if TRACK && !text.is_empty() {
            self.materialize();
            self.table.extend(std::iter::repeat_n((base, base), text.len()));
        }
        self.write(text.as_bytes());
        if !TRACK && base == 0 {
            self.watch(None);
        }
    }

    /// Writes old bytes `start..end` as they are (whole characters).
    #[inline]
    pub fn copy(&mut self, start: usize, end: usize) {
        self.copy_changed(start, end, None);
    }

    /// Writes `changed` in place of old bytes `start..end`: as many bytes, character by character.
    #[inline]
    pub fn put_same_length(&mut self, start: usize, changed: &[u8]) {
        self.copy_changed(start, start + changed.len(), Some(changed));
    }

    /// Writes the whole text, each byte replaced by one to four (little-endian, count) that take
    /// the range of the byte's character. What is written must be text.
    pub fn expand_bytes(&mut self, table: &[(u32, u8); 256]) {
        let bytes = self.text.as_bytes();
        let total: usize = bytes.iter().map(|&byte| usize::from(table[usize::from(byte)].1)).sum();
        self.room(total + 4);
        if TRACK {
            self.materialize();
            self.expand_ranges(table, total);
        }
        let out = &mut self.out[self.len..];
        let mut len = 0;
        // Four bytes are written each time, of which some are overwritten next: no branches.
        for &byte in bytes {
            let (new, count) = table[usize::from(byte)];
            out[len..len + 4].copy_from_slice(&new.to_le_bytes());
            len += usize::from(count);
        }
        if !TRACK {
            let until = |front: u32| -> usize {
                let front = &bytes[..front as usize];
                front.iter().map(|&byte| usize::from(table[usize::from(byte)].1)).sum()
            };
            self.front.lead = (self.len + until(self.old_front.lead)) as u32;
            self.front.origin = (self.len + until(self.old_front.origin)) as u32;
        }
        self.len += len;
    }

    /// The ranges of [`expand_bytes`](Self::expand_bytes).
    fn expand_ranges(&mut self, table: &[(u32, u8); 256], total: usize) {
        let before = self.table.len();
        self.table.resize(before + total + 4, (0, 0));
        let ranges = &mut self.table[before..];
        let mut len = 0;
        let mut range = (0, 0);
        for (at, &byte) in self.text.as_bytes().iter().enumerate() {
            match self.source {
                Source::Table(old) => range = old[at],
                Source::Identity if byte & 0xC0 != 0x80 => {
                    range = (at as u32, (at + width_of(byte)) as u32);
                }
                Source::Identity => {}
            }
            ranges[len..len + 4].copy_from_slice(&[range; 4]);
            len += usize::from(table[usize::from(byte)].1);
        }
        self.table.truncate(before + len);
    }

    #[inline(always)]
    fn copy_changed(&mut self, start: usize, end: usize, changed: Option<&[u8]>) {
        if start >= end {
            return;
        }
        if TRACK {
            if self.exact && start != self.len {
                self.materialize();
            }
            if !self.exact {
                match self.source {
                    Source::Table(table) => self.table.extend_from_slice(&table[start..end]),
                    Source::Identity => {
                        push_identity(&self.text.as_bytes()[start..end], start, &mut self.table);
                    }
                }
            }
        }
        let before = self.len;
        match changed {
            Some(bytes) => self.write(bytes),
            None => {
                let text = self.text;
                self.write(&text.as_bytes()[start..end]);
            }
        }
        if !TRACK && start < self.watched {
            let until = |front: u32| (before + end.min(front as usize) - start) as u32;
            if start < self.old_front.lead as usize {
                self.front.lead = until(self.old_front.lead);
            }
            if start < self.old_front.origin as usize {
                self.front.origin = until(self.old_front.origin);
            }
        }
    }

    #[inline(always)]
    fn write(&mut self, bytes: &[u8]) {
        self.room(bytes.len());
        self.out[self.len..self.len + bytes.len()].copy_from_slice(bytes);
        self.len += bytes.len();
    }

    /// Takes back the last `count` bytes written.
    pub fn take_back(&mut self, count: usize) {
        self.len -= count;
        if TRACK {
            self.table.truncate(self.len);
        } else {
            self.front.lead = self.front.lead.min(self.len as u32);
            self.front.origin = self.front.origin.min(self.len as u32);
        }
    }

    #[inline(always)]
    fn align(&self, at: usize, width: usize) -> (u32, u32) {
        match self.source {
            Source::Identity => (at as u32, (at + width) as u32),
            Source::Table(table) => table[at],
        }
    }

    /// Writes the table of what was exact so far.
    #[cold]
    #[inline(never)]
    fn materialize_now(&mut self) {
        self.exact = false;
        self.table.reserve(self.text.len() + self.text.len() / 4 + 16);
        push_identity(&self.out[..self.len], 0, &mut self.table);
    }

    #[inline(always)]
    fn materialize(&mut self) {
        if self.exact {
            self.materialize_now();
        }
    }

    /// Bookkeeping of the front after a write aligned with old byte `at` (`None`: with nothing).
    #[cold]
    #[inline(never)]
    fn watch(&mut self, at: Option<usize>) {
        if at.is_none_or(|at| at < self.old_front.lead as usize) {
            self.front.lead = self.len as u32;
        }
        if at.is_none_or(|at| at < self.old_front.origin as usize) {
            self.front.origin = self.len as u32;
        }
    }
}

impl NormalizedText<'_> {
    /// Replaces the text by what `operation` writes.
    pub(crate) fn edit(&mut self, operation: &mut impl Operation) -> Result<()> {
        let tracked = match self.alignment {
            Alignment::Identity => self.track,
            Alignment::Table(_) => true,
            Alignment::Untracked => false,
        };
        if tracked { self.edit_as::<true>(operation) } else { self.edit_as::<false>(operation) }
    }

    fn edit_as<const TRACK: bool>(&mut self, operation: &mut impl Operation) -> Result<()> {
        let old_front = self.current_front();
        let text: &str = &self.normalized;
        let mut editor = Editor::<TRACK> {
            text,
            source: match &self.alignment {
                Alignment::Table(table) => Source::Table(table),
                _ => Source::Identity,
            },
            out: vec![0; text.len() + text.len() / 8 + 32],
            len: 0,
            table: match &self.alignment {
                Alignment::Table(table) => Vec::with_capacity(table.len() + table.len() / 8 + 16),
                _ => Vec::new(),
            },
            exact: TRACK && matches!(self.alignment, Alignment::Identity),
            old_front,
            watched: old_front.lead.max(old_front.origin) as usize,
            front: Front::default(),
        };
        operation.run(text, &mut editor)?;
        let Editor { mut out, len, table, exact, front, .. } = editor;
        out.truncate(len);
        // Checked, though operations write whole characters only: at this speed it costs little,
        // and none of them has to be trusted.
        let new = super::unchecked::into_string(out)
            .unwrap_or_else(|broken| String::from_utf8_lossy(&broken).into_owned());
        self.alignment = match (TRACK, exact) {
            (false, _) => Alignment::Untracked,
            (true, true) => Alignment::Identity,
            (true, false) => Alignment::Table(table),
        };
        self.front = front;
        self.normalized = Cow::Owned(new);
        Ok(())
    }

    /// The front as it is, for texts about to become untracked too.
    pub(crate) fn current_front(&self) -> Front {
        match &self.alignment {
            Alignment::Untracked => self.front,
            Alignment::Identity => {
                Front { lead: 0, origin: self.normalized.chars().next().map_or(0, char::len_utf8) as u32 }
            }
            Alignment::Table(table) => Front {
                lead: self.lead() as u32,
                origin: table.iter().take_while(|(start, _)| *start == 0).count() as u32,
            },
        }
    }
}

/// The byte range of the character that byte `at` belongs to.
#[inline]
pub(crate) fn character_at(text: &str, at: usize) -> (usize, usize) {
    let bytes = text.as_bytes();
    let mut start = at;
    while start > 0 && bytes[start] & 0xC0 == 0x80 {
        start -= 1;
    }
    let mut end = at + 1;
    while end < bytes.len() && bytes[end] & 0xC0 == 0x80 {
        end += 1;
    }
    (start, end)
}

/// Bytes of a character by its first byte.
#[inline(always)]
pub(crate) fn width_of(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

fn one_character(text: &str) -> bool {
    text.as_bytes().first().is_some_and(|&first| width_of(first) == text.len())
}

/// Appends, for each byte of UTF-8 text that starts at `base`, the range of its character.
fn push_identity(bytes: &[u8], base: usize, table: &mut Vec<(u32, u32)>) {
    let mut at = 0;
    while at < bytes.len() {
        let run = bytes[at..].iter().take_while(|b| b.is_ascii()).count();
        let from = (base + at) as u32;
        table.extend((from..from + run as u32).map(|i| (i, i + 1)));
        at += run;
        while let Some(&first) = bytes.get(at).filter(|b| !b.is_ascii()) {
            let width = width_of(first);
            let start = (base + at) as u32;
            table.extend(std::iter::repeat_n((start, start + width as u32), width));
            at += width;
        }
    }
}
