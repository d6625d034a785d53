//! NFC, NFD, NFKC, NFKD.
//!
//! Characters that a form neither changes nor lets take part in a change ([`FLAGS`]) are copied,
//! runs of other characters (with the starter before them, if the form composes) go through the
//! same crate as in stock. That is exact because a form never acts across such a character and
//! because the numbers of replaced characters add up within each run.

use super::char_map::decode;
use crate::error::Result;
use crate::text::{Editor, NormalizedText, Operation, width_of};
use crate::unicode::{FLAGS, Form, encode_hangul};
use unicode_normalization_alignments::UnicodeNormalization;

pub fn normalize(text: &mut NormalizedText<'_>, form: Form) -> Result<()> {
    if !text.is_regular() {
        return text.normal_form(form);
    }
    match next_stop(text.get().as_bytes(), 0, form) {
        Some(stop) => text.edit(&mut Forming { form, stop }),
        None => Ok(()),
    }
}

/// Whether whatever starts with this byte stays in the form: ASCII, and blocks without marks and
/// decompositions (Latin for NFC; U+0400 to U+047F unless decomposing; U+4000 to U+9FFF).
#[inline(always)]
fn stays(byte: u8, form: Form) -> bool {
    let han = byte.wrapping_sub(0xE4) < 6;
    let cyrillic = byte & 0xFE == 0xD0;
    match form {
        Form::Nfc => (byte < 0xCC) | cyrillic | han,
        // Below 0xC0 are continuations, of a first byte that was looked at.
        Form::Nfkc => (byte < 0xC0) | cyrillic | han,
        Form::Nfd | Form::Nfkd => (byte < 0xC0) | han,
    }
}

/// The first character at or after `at` that the form may change.
fn next_stop(bytes: &[u8], at: usize, form: Form) -> Option<usize> {
    match form {
        Form::Nfc => stop(bytes, at, Form::Nfc),
        Form::Nfkc => stop(bytes, at, Form::Nfkc),
        Form::Nfd => stop(bytes, at, Form::Nfd),
        Form::Nfkd => stop(bytes, at, Form::Nfkd),
    }
}

#[inline(always)]
fn stop(bytes: &[u8], mut at: usize, form: Form) -> Option<usize> {
    const BLOCK: usize = 32;
    let flag = form.flag();
    while at < bytes.len() {
        if let Some(block) = bytes.get(at..at + BLOCK)
            && block.iter().fold(true, |all, &byte| all & stays(byte, form))
        {
            at += BLOCK;
            // The block may have ended inside a character.
            while bytes.get(at).is_some_and(|byte| byte & 0xC0 == 0x80) {
                at -= 1;
            }
            continue;
        }
        let until = (at + BLOCK).min(bytes.len());
        while at < until {
            let (scalar, width, _) = decode(bytes, at);
            if scalar >= 0x80 && FLAGS.get(scalar) & flag != 0 {
                return Some(at);
            }
            at += width;
        }
    }
    None
}

struct Forming {
    form: Form,
    /// The first character that may change.
    stop: usize,
}

impl Operation for Forming {
    fn run<const TRACK: bool>(&mut self, source: &str, editor: &mut Editor<'_, TRACK>) -> Result<()> {
        let bytes = source.as_bytes();
        let flag = self.form.flag();
        let mut at = 0;
        let mut stop = Some(self.stop);
        while let Some(first) = stop {
            let mut start = first;
            if self.form.composes() && start > at {
                start -= 1;
                while bytes[start] & 0xC0 == 0x80 {
                    start -= 1;
                }
            }
            editor.copy(at, start);
            let mut end = first;
            while end < bytes.len() {
                let (scalar, width, _) = decode(bytes, end);
                if FLAGS.get(scalar) & flag == 0 {
                    break;
                }
                if !self.form.composes() && (0xAC00..0xD7A4).contains(&scalar) {
                    // All three jamo are starters: nothing to sort, and a place to cut.
                    self.write(source, start, end, editor);
                    let (two, last) = encode_hangul(scalar);
                    editor.put_small(two, 6, end, width, false);
                    if let Some(last) = last {
                        editor.put_small(last, 3, end, width, false);
                    }
                    start = end + width;
                }
                end += width;
            }
            self.write(source, start, end, editor);
            at = end;
            stop = next_stop(bytes, at, self.form);
        }
        editor.copy(at, bytes.len());
        Ok(())
    }
}

impl Forming {
    /// Puts `source[start..end]` into the form, as stock does.
    fn write<const TRACK: bool>(
        &self,
        source: &str,
        start: usize,
        end: usize,
        editor: &mut Editor<'_, TRACK>,
    ) {
        if start == end {
            return;
        }
        let run = &source[start..end];
        match self.form {
            Form::Nfc => align(source, start, run.nfc(), editor),
            Form::Nfkc => align(source, start, run.nfkc(), editor),
            Form::Nfd => align(source, start, run.nfd(), editor),
            Form::Nfkd => align(source, start, run.nfkd(), editor),
        }
    }
}

/// Writes a transformation of what stands from `start` on.
fn align<const TRACK: bool>(
    source: &str,
    start: usize,
    dest: impl Iterator<Item = (char, isize)>,
    editor: &mut Editor<'_, TRACK>,
) {
    let bytes = source.as_bytes();
    let mut cursor = start;
    // The character last consumed.
    let mut last = None;
    for (c, change) in dest {
        if change > 0 {
            match last {
                Some(at) => editor.put_char(c, at, width_of(bytes[at])),
                None => editor.insert(c.encode_utf8(&mut [0; 4]), start.checked_sub(1)),
            }
            continue;
        }
        let Some(&first) = bytes.get(cursor) else { return };
        editor.put_char(c, cursor, width_of(first));
        for _ in 0..1 + change.unsigned_abs() {
            let Some(&first) = bytes.get(cursor) else { break };
            last = Some(cursor);
            cursor += width_of(first);
        }
    }
}
