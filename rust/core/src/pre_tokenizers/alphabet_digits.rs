//! Digits behind ByteLevel, where the text's own bytes stand for its alphabet.
//!
//! Behind ByteLevel stock cuts the alphabet's characters, of which these bytes are numeric: the
//! digits, and those written as `²`, `³`, `¹`, `¼`, `½`, `¾`, which may lie inside of a character.

use crate::config::{Pattern, PreTokenizerConfig, SplitBehavior};
use crate::normalizers::char_of;
use crate::pieces::Span;

/// Cuts between runs of numeric bytes and others, then, perhaps, digits into threes.
#[derive(Debug)]
pub struct AlphabetDigits {
    numeric: Box<[bool; 256]>,
    /// Digits: whether it cuts, and whether each numeric byte is a piece.
    runs: bool,
    single: bool,
    /// `[0-9][0-9][0-9]`, isolated.
    threes: bool,
}

impl AlphabetDigits {
    /// The step that does what these, which follow ByteLevel, do; `None` for others.
    pub fn compile(steps: &[&PreTokenizerConfig]) -> Option<Self> {
        let mut numeric = Box::new([false; 256]);
        (0..=255).for_each(|byte: u8| numeric[usize::from(byte)] = char_of(byte).is_numeric());
        let mut step = Self { numeric, runs: false, single: false, threes: false };
        let rest = match steps {
            [PreTokenizerConfig::Digits { individual_digits }, rest @ ..] => {
                (step.runs, step.single) = (true, *individual_digits);
                rest
            }
            rest => rest,
        };
        match rest {
            [] if step.runs => Some(step),
            [
                PreTokenizerConfig::Split {
                    pattern: Pattern::Regex(text),
                    behavior: SplitBehavior::Isolated,
                    invert: false,
                },
            ] if text == "[0-9][0-9][0-9]" => Some(Self { threes: true, ..step }),
            _ => None,
        }
    }

    /// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text. They may
    /// begin and end inside of characters.
    pub fn cut(&self, text: &[u8], shift: usize, out: &mut Vec<Span>) {
        if !text.iter().any(|&byte| self.numeric[usize::from(byte)]) {
            self.push(shift, shift + text.len(), out);
            return;
        }
        let mut start = 0;
        while start < text.len() {
            let numeric = self.numeric[usize::from(text[start])];
            let same = |&&byte: &&u8| self.numeric[usize::from(byte)] == numeric;
            let len = match (self.runs, numeric && self.single) {
                (false, _) => text.len(),
                (true, true) => 1,
                (true, false) => text[start..].iter().take_while(same).count(),
            };
            let end = start + len;
            if self.threes && (numeric || !self.runs) {
                self.cut_threes(&text[start..end], shift + start, out);
            } else {
                self.push(shift + start, shift + end, out);
            }
            start = end;
        }
    }

    fn cut_threes(&self, text: &[u8], shift: usize, out: &mut Vec<Span>) {
        let (mut start, mut at) = (0, 0);
        while at + 3 <= text.len() {
            if text[at..at + 3].iter().all(u8::is_ascii_digit) {
                self.push(shift + start, shift + at, out);
                self.push(shift + at, shift + at + 3, out);
                at += 3;
                start = at;
            } else {
                at += 1;
            }
        }
        self.push(shift + start, shift + text.len(), out);
    }

    fn push(&self, start: usize, end: usize, out: &mut Vec<Span>) {
        if start < end {
            out.push(Span::new(start, end));
        }
    }
}
