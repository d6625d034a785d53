//! Scanners: known patterns without a regex engine. One file a family; each is the scalar twin
//! of a kernel in [`simd`](crate::simd).

pub mod cased;
pub mod deepseek;
pub mod runs;
pub mod words;

use super::AtSpaces;
use crate::pieces::Span;
use crate::simd::{self, Level};

/// A scanner: a known pattern, kind, or chain of steps.
macro_rules! scanners {
    ($($(#[$doc:meta])* $scanner:ident $name:literal => $kernel:ident $rules:ty,)*) => {
        /// A known way to cut a text, by what its pattern (or kind, or chain of steps) is known for.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Scanner {
            $($(#[$doc])* $scanner,)*
        }

        impl Scanner {
            pub const ALL: &[Self] = &[$(Self::$scanner),*];

            pub fn name(self) -> &'static str {
                match self {
                    $(Self::$scanner => $name,)*
                }
            }

            /// Appends the pieces of `text`, whose first byte is byte `shift` of the whole text
            /// (bytes, under 4 GiB).
            pub fn scan(self, level: Level, text: &str, shift: usize, out: &mut Vec<Span>) {
                debug_assert!(shift + text.len() <= u32::MAX as usize);
                let shift = shift as u32;
                match self {
                    $(Self::$scanner => simd::$kernel::<$rules>(level, text, shift, out),)*
                }
            }
        }
    };
}

scanners! {
    Gpt2 "gpt2" => words words::Gpt2,
    DigitsGpt2 "digits-gpt2" => words words::DigitsGpt2,
    Cl100k "cl100k" => words words::Cl100k,
    DigitsCl100k "digits-cl100k" => words words::DigitsCl100k,
    Qwen2 "qwen2" => words words::Qwen2,
    Qwen35 "qwen3.5" => words words::Qwen35,
    Zeta "zeta" => words words::Zeta,
    DeepSeek "deepseek" => words words::DeepSeek,
    O200k "o200k" => cased cased::O200k,
    Nemo "nemo" => cased cased::Nemo,
    Kimi "kimi" => cased cased::Kimi,
    Bert "bert" => runs runs::Bert,
    Whitespace "whitespace" => runs runs::Whitespace,
    WhitespaceSplit "whitespace-split" => runs runs::WhitespaceSplit,
    Punctuation "punctuation" => runs runs::Punctuation<false>,
    PunctuationRuns "punctuation-runs" => runs runs::Punctuation<true>,
    Digits "digits" => runs runs::Digits<false>,
    DigitRuns "digit-runs" => runs runs::Digits<true>,
}

impl Scanner {
    /// What the pattern does where a text has a space between two ASCII letters. Patterns look
    /// back at nothing, so what matters is that every match that holds the first letter ends
    /// behind it.
    pub fn at_spaces(self) -> AtSpaces {
        match self {
            Self::Gpt2
            | Self::DigitsGpt2
            | Self::Cl100k
            | Self::DigitsCl100k
            | Self::Qwen2
            | Self::Qwen35
            | Self::Zeta
            | Self::DeepSeek
            | Self::O200k
            | Self::Nemo
            | Self::Kimi
            | Self::Bert
            | Self::Whitespace
            | Self::WhitespaceSplit => AtSpaces::Cuts,
            Self::Punctuation | Self::PunctuationRuns | Self::Digits | Self::DigitRuns => AtSpaces::Local,
        }
    }
}

/// The scalar at byte `at` of a valid UTF-8 text, and its length in bytes.
#[inline(always)]
pub(crate) fn decode(text: &[u8], at: usize) -> (u32, usize) {
    let tail = |i: usize| u32::from(text[at + i] & 0x3F);
    let lead = u32::from(text[at]);
    match lead {
        0..0x80 => (lead, 1),
        0x80..0xE0 => ((lead & 0x1F) << 6 | tail(1), 2),
        0xE0..0xF0 => ((lead & 0x0F) << 12 | tail(1) << 6 | tail(2), 3),
        _ => ((lead & 0x07) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3), 4),
    }
}
