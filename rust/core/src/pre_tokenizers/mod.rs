//! Pre-tokenizers: a text is cut into pieces; some kinds also change it.

mod byte_level;
mod fixed_length;
mod metaspace;
mod pattern;
mod punctuation;
mod regex;
pub mod scanners;
mod sequence;
mod split;

use crate::config::{Pattern, PreTokenizerConfig, SplitBehavior};
use crate::error::{Error, Result};
use crate::pieces::{Pieces, Span};
use crate::simd::Level;
use crate::text::NormalizedText;
use scanners::Scanner;

/// A compiled pre-tokenizer.
#[derive(Debug)]
pub enum PreTokenizer {
    ByteLevel(byte_level::ByteLevel),
    /// Pieces of so many characters.
    FixedLength(usize),
    Metaspace(metaspace::Metaspace),
    Punctuation(punctuation::Punctuation),
    /// A kind (BertPreTokenizer, Whitespace, Digits...), or steps fused, that one scanner does.
    Scanner(Scanner, Level),
    Sequence(sequence::Sequence),
    Split(split::Split),
}

impl PreTokenizer {
    /// Compiles what is written in the file; `Unsupported` for kinds the engine does not run.
    ///
    /// With `raw_bytes` the last ByteLevel step does not write its alphabet: the text stays as it
    /// is and the model works on its bytes. The plan asks for it only where that is the same
    /// (`Unsupported` if steps follow that ByteLevel: they have to see the alphabet).
    pub fn compile(config: &PreTokenizerConfig, raw_bytes: bool) -> Result<Self> {
        use PreTokenizerConfig as Config;
        let scanner = |scanner| Self::Scanner(scanner, Level::detect());
        Ok(match config {
            Config::BertPreTokenizer => scanner(Scanner::Bert),
            Config::ByteLevel { add_prefix_space, use_regex, .. } => {
                Self::ByteLevel(byte_level::ByteLevel::new(*add_prefix_space, *use_regex, raw_bytes))
            }
            Config::CharDelimiterSplit { delimiter } => {
                let delimiter = Pattern::String(delimiter.to_string());
                Self::Split(split::Split::compile(&delimiter, SplitBehavior::Removed, false)?)
            }
            Config::Digits { individual_digits: true } => scanner(Scanner::Digits),
            Config::Digits { individual_digits: false } => scanner(Scanner::DigitRuns),
            Config::FixedLength { length } => Self::FixedLength(*length),
            Config::Metaspace { replacement, prepend_scheme, split } => {
                Self::Metaspace(metaspace::Metaspace::new(*replacement, *prepend_scheme, *split))
            }
            Config::Punctuation { behavior } => Self::Punctuation(punctuation::Punctuation::new(*behavior)),
            Config::Sequence(steps) => Self::Sequence(sequence::Sequence::compile(steps, raw_bytes)?),
            Config::Split { pattern, behavior, invert } => {
                Self::Split(split::Split::compile(pattern, *behavior, *invert)?)
            }
            Config::Whitespace => scanner(Scanner::Whitespace),
            Config::WhitespaceSplit => scanner(Scanner::WhitespaceSplit),
            Config::UnicodeScripts => return Err(Error::unsupported("pre_tokenizer", "UnicodeScripts")),
        })
    }

    /// The scanner's name (`"gpt2"`, `"cl100k"`, `"bert"`, ...) or `"regex"`, for `explain`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::ByteLevel(step) => step.scanner().map_or("none", Scanner::name),
            Self::FixedLength(_) => "fixed-length",
            Self::Metaspace(_) => "metaspace",
            Self::Punctuation(_) => "punctuation",
            Self::Scanner(scanner, _) => scanner.name(),
            Self::Sequence(steps) => steps.name(),
            Self::Split(step) if step.is_regex() => "regex",
            Self::Split(step) => step.scanner().map_or("string", Scanner::name),
        }
    }

    /// Cuts each of `pieces` further; on entry they are the whole text. Where the kind changes
    /// the text (Metaspace, ByteLevel with a prefix space), `text` is changed and the pieces are
    /// ranges of the new text.
    pub fn pre_tokenize(&self, text: &mut NormalizedText<'_>, pieces: &mut Pieces) -> Result<()> {
        match self {
            Self::ByteLevel(step) if step.changes_text() => return step.pre_tokenize(text, pieces),
            Self::Metaspace(step) => return step.pre_tokenize(text, pieces),
            Self::Sequence(steps) => return steps.pre_tokenize(text, pieces),
            _ => {}
        }
        let whole = text.get();
        pieces.spare.clear();
        for &span in &pieces.spans {
            self.cut(&whole[span.range()], span.start as usize, &mut pieces.spare)?;
        }
        std::mem::swap(&mut pieces.spans, &mut pieces.spare);
        Ok(())
    }

    /// Appends the pieces of one piece, a text of its own, whose first byte is byte `shift` of the
    /// whole text. For steps that do not change the text.
    fn cut(&self, text: &str, shift: usize, out: &mut Vec<Span>) -> Result<()> {
        match self {
            Self::ByteLevel(step) => step.cut(text, shift, out),
            Self::FixedLength(length) => fixed_length::cut(*length, text, shift, out)?,
            Self::Punctuation(step) => step.cut(text, shift, out),
            Self::Scanner(scanner, level) => scanner.scan(*level, text, shift, out),
            // They have been run by the caller.
            Self::Metaspace(_) | Self::Sequence(_) => {}
            Self::Split(step) => step.cut(text, shift, out)?,
        }
        Ok(())
    }

    /// Whether the step leaves every text and every piece as they are.
    fn is_nothing(&self) -> bool {
        matches!(self, Self::ByteLevel(step) if !step.changes_text() && step.scanner().is_none())
    }
}
