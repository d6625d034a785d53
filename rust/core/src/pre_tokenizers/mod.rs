//! Pre-tokenizers: a text is cut into pieces; some kinds also change it.

mod alphabet_digits;
mod automaton;
mod byte_level;
mod digit_groups;
mod fixed_length;
mod metaspace;
mod pattern;
mod punctuation;
mod regex;
pub mod scanners;
mod sequence;
pub mod spaces;
mod split;
mod unicode_scripts;

use crate::config::{Pattern, PreTokenizerConfig, SplitBehavior};
use crate::error::Result;
use crate::pieces::{Pieces, Span};
use crate::simd::Level;
use crate::text::NormalizedText;
use scanners::Scanner;

/// A compiled pre-tokenizer.
#[derive(Debug)]
pub enum PreTokenizer {
    /// Digits on the bytes that stand for ByteLevel's alphabet.
    AlphabetDigits(alphabet_digits::AlphabetDigits),
    ByteLevel(byte_level::ByteLevel),
    /// Pieces of so many characters.
    FixedLength(usize),
    Metaspace(metaspace::Metaspace),
    Punctuation(punctuation::Punctuation),
    /// A kind (BertPreTokenizer, Whitespace, Digits...), or steps fused, that one scanner does.
    Scanner(Scanner, Level),
    Sequence(sequence::Sequence),
    Split(split::Split),
    UnicodeScripts,
}

/// What a step does where a text has a space between two ASCII letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AtSpaces {
    /// A piece begins at the space, or behind it, and nothing before it has a part in what follows
    /// (nor the other way round).
    Cuts,
    /// Cut there, the two texts have the pieces of the whole, but for one that may go across.
    Local,
    Unknown,
}

impl PreTokenizer {
    /// Compiles what is written in the file; `Unsupported` for kinds the engine does not run.
    ///
    /// With `raw_bytes` the last ByteLevel step does not write its alphabet: the text stays as it
    /// is and the model works on its bytes. The plan asks for it only where that is the same
    /// (`Unsupported` if steps follow that ByteLevel which have to see the alphabet).
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
            // An empty string is found between any two characters.
            Config::Split { pattern: Pattern::String(text), behavior, invert }
                if text.is_empty()
                    && (*behavior == SplitBehavior::Isolated
                        || *behavior == SplitBehavior::Removed && !invert) =>
            {
                Self::FixedLength(1)
            }
            Config::Split { pattern, behavior, invert } => {
                Self::Split(split::Split::compile(pattern, *behavior, *invert)?)
            }
            Config::Whitespace => scanner(Scanner::Whitespace),
            Config::WhitespaceSplit => scanner(Scanner::WhitespaceSplit),
            Config::UnicodeScripts => Self::UnicodeScripts,
        })
    }

    /// The scanner's name (`"gpt2"`, `"cl100k"`, `"bert"`, ...), `"automaton"` or `"regex"`, for
    /// `explain`.
    pub fn name(&self) -> &'static str {
        match self {
            Self::AlphabetDigits(_) => "digits",
            Self::ByteLevel(step) => step.scanner().map_or("none", Scanner::name),
            Self::FixedLength(_) => "fixed-length",
            Self::Metaspace(_) => "metaspace",
            Self::Punctuation(_) => "punctuation",
            Self::Scanner(scanner, _) => scanner.name(),
            Self::Sequence(steps) => steps.name(),
            Self::Split(step) => step.name(),
            Self::UnicodeScripts => "unicode-scripts",
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
            Self::AlphabetDigits(step) => step.cut(text.as_bytes(), shift, out),
            Self::ByteLevel(step) => step.cut(text, shift, out),
            Self::FixedLength(length) => fixed_length::cut(*length, text, shift, out)?,
            Self::Punctuation(step) => step.cut(text, shift, out),
            Self::Scanner(scanner, level) => scanner.scan(*level, text, shift, out),
            // They have been run by the caller.
            Self::Metaspace(_) | Self::Sequence(_) => {}
            Self::Split(step) => step.cut(text, shift, out)?,
            Self::UnicodeScripts => unicode_scripts::cut(text, shift, out),
        }
        Ok(())
    }

    /// Whether steps behind ByteLevel can do without its alphabet.
    pub(crate) fn reads_bytes(steps: &[&PreTokenizerConfig]) -> bool {
        steps.is_empty() || alphabet_digits::AlphabetDigits::compile(steps).is_some()
    }

    pub fn at_spaces(&self) -> AtSpaces {
        let of_scanner = |scanner: Option<Scanner>| scanner.map_or(AtSpaces::Unknown, Scanner::at_spaces);
        match self {
            Self::ByteLevel(step) => of_scanner(step.scanner()),
            Self::Scanner(scanner, _) => scanner.at_spaces(),
            Self::Split(step) => of_scanner(step.scanner()),
            Self::Sequence(steps) => steps.at_spaces(),
            Self::Metaspace(step) if step.cuts() => AtSpaces::Cuts,
            _ => AtSpaces::Unknown,
        }
    }

    /// Whether the step leaves every text and every piece as they are.
    fn is_nothing(&self) -> bool {
        matches!(self, Self::ByteLevel(step) if !step.changes_text() && step.scanner().is_none())
    }
}
