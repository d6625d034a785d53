//! Punctuation: BERT's punctuation characters are set apart, with any behaviour.

use super::scanners::{Scanner, decode};
use super::split::Segments;
use crate::config::SplitBehavior;
use crate::pieces::Span;
use crate::simd::Level;
use crate::unicode::classes::{self, BERT_PUNCTUATION};

#[derive(Debug, Clone, Copy)]
pub struct Punctuation {
    behavior: SplitBehavior,
    level: Level,
}

impl Punctuation {
    pub fn new(behavior: SplitBehavior) -> Self {
        Self { behavior, level: Level::detect() }
    }

    /// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text.
    pub fn cut(self, text: &str, shift: usize, out: &mut Vec<Span>) {
        match self.behavior {
            SplitBehavior::Isolated => Scanner::Punctuation.scan(self.level, text, shift, out),
            SplitBehavior::Contiguous => Scanner::PunctuationRuns.scan(self.level, text, shift, out),
            SplitBehavior::Removed | SplitBehavior::MergedWithPrevious | SplitBehavior::MergedWithNext => {
                self.cut_slowly(text, shift, out);
            }
        }
    }

    fn cut_slowly(self, text: &str, shift: usize, out: &mut Vec<Span>) {
        let mut segments = Segments::new(self.behavior, shift, out);
        let bytes = text.as_bytes();
        let (mut end, mut at) = (0, 0);
        while at < bytes.len() {
            let (scalar, len) = decode(bytes, at);
            if classes::class(scalar) & BERT_PUNCTUATION != 0 {
                if end < at {
                    segments.add(end, at, false);
                }
                end = at + len;
                segments.add(at, end, true);
            }
            at += len;
        }
        if end < bytes.len() {
            segments.add(end, bytes.len(), false);
        }
        segments.finish();
    }
}
