//! BertNormalizer: cleaning, spaces around Chinese characters, accents off, lower case; stock's
//! four passes in one.
//!
//! A character's fate does not depend on its neighbours, with one exception: marks that
//! decomposition reorders and that are not removed afterwards (a few dozen, [`Record::REORDERED`])
//! get the ranges of the places they end up in. There the run of marks is done as stock does it.

use super::char_map::{Action, Block, CharMap, any, apply};
use super::lowercase::lower_ascii;
use super::slow;
use crate::error::Result;
use crate::text::{Editor, NormalizedText};
use crate::unicode::{RECORD_OF, RECORDS, Record, encode_hangul, expand_hangul};
use unicode_normalization_alignments::UnicodeNormalization;

#[derive(Debug)]
pub struct BertNormalizer {
    pub clean_text: bool,
    pub handle_chinese_chars: bool,
    pub strip_accents: bool,
    pub lowercase: bool,
    /// By record.
    actions: Vec<Action>,
}

fn record(c: char) -> &'static Record {
    &RECORDS[usize::from(RECORD_OF.get(c as u32))]
}

impl BertNormalizer {
    pub fn new(clean_text: bool, handle_chinese_chars: bool, strip_accents: bool, lowercase: bool) -> Self {
        let mut bert =
            Self { clean_text, handle_chinese_chars, strip_accents, lowercase, actions: Vec::new() };
        bert.actions = RECORDS.iter().map(|record| bert.action_of(record)).collect();
        bert
    }

    fn action_of(&self, record: &Record) -> Action {
        if self.clean_text && record.is(Record::REMOVED) {
            return Action::REMOVE;
        }
        if self.clean_text && record.is(Record::SPACE) {
            return Action::SPACE;
        }
        if self.strip_accents && (record.is(Record::REORDERED) || record.is(Record::HANGUL)) {
            return Action::SPECIAL;
        }
        let action = match self.mapped(record) {
            None => Some(Action::KEEP),
            Some(text) => Action::replace(text),
        };
        let padded = self.handle_chinese_chars && record.is(Record::CHINESE);
        if padded { action.and_then(Action::padded) } else { action }.unwrap_or(Action::SPECIAL)
    }

    /// What the accents and lower case make of a character.
    fn mapped(&self, record: &Record) -> Option<&'static str> {
        match (self.strip_accents, self.lowercase) {
            (false, false) => None,
            (true, false) => Record::mapped(record.stripped),
            (false, true) => Record::mapped(record.lower),
            (true, true) => Record::mapped(record.both),
        }
    }

    pub fn normalize(&self, text: &mut NormalizedText<'_>) -> Result<()> {
        if text.is_regular() { apply(text, self) } else { slow::bert(text, self) }
    }

    fn removes(&self, c: char) -> bool {
        self.clean_text && record(c).is(Record::REMOVED)
    }

    /// The rest of [`CharMap::ascii`] for a block with controls.
    fn clean_block(&self, source: &Block, mapped: &mut Block) -> bool {
        if !self.clean_text {
            return source.is_ascii();
        }
        for (new, &old) in mapped.iter_mut().zip(source) {
            match old {
                b'\t' | b'\n' | b'\r' => *new = b' ',
                0x20..0x7F => {}
                _ => return false,
            }
        }
        true
    }

    /// Bytes that a character other than a reordered one has become.
    fn written(&self, c: char) -> usize {
        let record = record(c);
        if self.removes(c) {
            0
        } else if self.clean_text && record.is(Record::SPACE) {
            1
        } else if self.strip_accents && record.is(Record::HANGUL) {
            if expand_hangul(c as u32).2.is_some() { 9 } else { 6 }
        } else {
            let padding = if self.handle_chinese_chars && record.is(Record::CHINESE) { 2 } else { 0 };
            padding + self.mapped(record).map_or(c.len_utf8(), str::len)
        }
    }

    /// A run of marks, `at` being the first that is reordered and stays: undoes what has been
    /// written since the starter before, then decomposes the run as a whole.
    fn reorder<const TRACK: bool>(&self, source: &str, at: usize, editor: &mut Editor<'_, TRACK>) -> usize {
        let mut start = at;
        if source[at..].starts_with(|c| record(c).is(Record::NONSTARTER)) {
            for (i, c) in source[..at].char_indices().rev() {
                start = i;
                editor.take_back(self.written(c));
                if !self.removes(c) && !record(c).is(Record::NONSTARTER) {
                    break;
                }
            }
        }
        let mut cleaned = String::new();
        let mut origins: Vec<(usize, usize)> = Vec::new();
        let mut end = start;
        for (i, c) in source[start..].char_indices() {
            let record = record(c);
            let removed = self.removes(c);
            if start + i > at && !removed && !record.is(Record::NONSTARTER) {
                break;
            }
            end = start + i + c.len_utf8();
            let mut push = |c: char, width: usize| {
                cleaned.push(c);
                origins.push((start + i, width));
            };
            if removed {
            } else if self.clean_text && record.is(Record::SPACE) {
                push(' ', c.len_utf8());
            } else if self.handle_chinese_chars && record.is(Record::CHINESE) {
                [' ', c, ' '].into_iter().for_each(|d| push(d, c.len_utf8()));
            } else {
                push(c, c.len_utf8());
            }
        }
        let mut cursor: usize = 0;
        for (c, change) in cleaned.nfd() {
            let (at, width) = origins[if change > 0 { usize::saturating_sub(cursor, 1) } else { cursor }];
            if change <= 0 {
                cursor += 1;
            }
            if Record::mapped(record(c).stripped) == Some("") {
                continue;
            }
            if self.lowercase {
                c.to_lowercase().for_each(|lower| editor.put_char(lower, at, width));
            } else {
                editor.put_char(c, at, width);
            }
        }
        end
    }
}

impl CharMap for BertNormalizer {
    #[inline(always)]
    fn action(&self, scalar: u32) -> Action {
        self.actions[usize::from(RECORD_OF.get(scalar))]
    }

    #[inline(always)]
    fn ascii(&self, source: &Block, mapped: &mut Block) -> bool {
        if self.lowercase {
            lower_ascii(source, mapped);
        } else {
            *mapped = *source;
        }
        // Mostly there is nothing but printable ASCII.
        if !any(source, |b| u8::from(b.wrapping_sub(0x20) >= 0x5F)) {
            return true;
        }
        self.clean_block(source, mapped)
    }

    fn special<const TRACK: bool>(&self, source: &str, at: usize, editor: &mut Editor<'_, TRACK>) -> usize {
        let Some(c) = source[at..].chars().next() else { return source.len() };
        let (record, width) = (record(c), c.len_utf8());
        if self.strip_accents && record.is(Record::REORDERED) {
            return self.reorder(source, at, editor);
        }
        if self.strip_accents && record.is(Record::HANGUL) {
            let (two, last) = encode_hangul(c as u32);
            editor.put_small(two, 6, at, width, false);
            if let Some(last) = last {
                editor.put_small(last, 3, at, width, false);
            }
            return at + width;
        }
        let mut put = |scalar: u32| {
            if let Some(c) = char::from_u32(scalar) {
                editor.put_char(c, at, width);
            }
        };
        // Too long to be packed.
        let padded = self.handle_chinese_chars && record.is(Record::CHINESE);
        if padded {
            put(u32::from(b' '));
        }
        match self.mapped(record) {
            None => put(c as u32),
            Some(text) => text.chars().for_each(|d| put(d as u32)),
        }
        if padded {
            put(u32::from(b' '));
        }
        at + width
    }
}
