//! Normalizers: text in, text out, alignment kept when the text tracks it.
//!
//! Each kind first looks for the first place where it changes anything (a text that stays is not
//! copied), then writes the new text in one pass. Stock's own way, step by step over lists of
//! characters, is in [`slow`]: it serves the rare texts that begin with characters aligned with
//! nothing, and is the twin the fast ways are tested against.

mod bert;
mod byte_level;
mod char_map;
mod lowercase;
mod nmt;
mod normal_form;
mod precompiled;
mod prepend;
mod replace;
mod slow;
mod strip;
mod strip_accents;

use crate::config::NormalizerConfig;
use crate::error::Result;
use crate::text::NormalizedText;
use crate::unicode::Form;

pub(crate) use byte_level::char_of;

use bert::BertNormalizer;
use precompiled::Precompiled;
use replace::Replace;

/// A compiled normalizer.
#[derive(Debug)]
pub struct Normalizer(Kind);

#[derive(Debug)]
enum Kind {
    Bert(Box<BertNormalizer>),
    Strip { left: bool, right: bool },
    StripAccents,
    NormalForm(Form),
    Sequence(Vec<Kind>),
    Lowercase,
    Nmt,
    Precompiled(Box<Precompiled>),
    Replace(Box<Replace>),
    Prepend(String),
    ByteLevel,
}

impl Normalizer {
    /// Compiles what is written in the file.
    ///
    /// # Errors
    /// A charsmap or a regex that stock does not load either.
    pub fn compile(config: &NormalizerConfig) -> Result<Self> {
        Kind::compile(config).map(Self)
    }

    /// Changes `text` as stock's normalizer of this kind changes a `NormalizedString`.
    ///
    /// # Errors
    /// Where stock panics.
    pub fn normalize(&self, text: &mut NormalizedText<'_>) -> Result<()> {
        self.0.normalize(text)
    }

    /// Whether a text cut in front of a space between two ASCII letters gives two texts whose
    /// normal forms are the two parts of the whole's, with the space still between letters. These
    /// kinds look at one character at a time, or at a character and the marks behind it.
    pub fn keeps_apart_at_spaces(&self) -> bool {
        self.0.keeps_apart_at_spaces()
    }
}

impl Kind {
    fn compile(config: &NormalizerConfig) -> Result<Self> {
        Ok(match config {
            &NormalizerConfig::BertNormalizer {
                clean_text,
                handle_chinese_chars,
                strip_accents,
                lowercase,
            } => Kind::Bert(Box::new(BertNormalizer::new(
                clean_text,
                handle_chinese_chars,
                strip_accents.unwrap_or(lowercase),
                lowercase,
            ))),
            &NormalizerConfig::Strip { strip_left, strip_right } => {
                Kind::Strip { left: strip_left, right: strip_right }
            }
            NormalizerConfig::StripAccents => Kind::StripAccents,
            NormalizerConfig::Nfc => Kind::NormalForm(Form::Nfc),
            NormalizerConfig::Nfd => Kind::NormalForm(Form::Nfd),
            NormalizerConfig::Nfkc => Kind::NormalForm(Form::Nfkc),
            NormalizerConfig::Nfkd => Kind::NormalForm(Form::Nfkd),
            NormalizerConfig::Sequence(members) => {
                Kind::Sequence(members.iter().map(Self::compile).collect::<Result<_>>()?)
            }
            NormalizerConfig::Lowercase => Kind::Lowercase,
            NormalizerConfig::Nmt => Kind::Nmt,
            NormalizerConfig::Precompiled { precompiled_charsmap } => {
                Kind::Precompiled(Box::new(Precompiled::new(precompiled_charsmap)?))
            }
            NormalizerConfig::Replace { pattern, content } => {
                Kind::Replace(Box::new(Replace::new(pattern, content)?))
            }
            NormalizerConfig::Prepend { prepend } => Kind::Prepend(prepend.clone()),
            NormalizerConfig::ByteLevel => Kind::ByteLevel,
        })
    }

    fn keeps_apart_at_spaces(&self) -> bool {
        match self {
            Kind::Bert(_) | Kind::StripAccents | Kind::NormalForm(_) | Kind::Lowercase | Kind::Nmt => true,
            Kind::Sequence(members) => members.iter().all(Self::keeps_apart_at_spaces),
            Kind::Strip { .. }
            | Kind::Precompiled(_)
            | Kind::Replace(_)
            | Kind::Prepend(_)
            | Kind::ByteLevel => false,
        }
    }

    fn normalize(&self, text: &mut NormalizedText<'_>) -> Result<()> {
        match self {
            Kind::Bert(bert) => bert.normalize(text),
            &Kind::Strip { left, right } => strip::normalize(text, left, right),
            Kind::StripAccents => strip_accents::normalize(text),
            &Kind::NormalForm(form) => normal_form::normalize(text, form),
            Kind::Sequence(members) => members.iter().try_for_each(|member| member.normalize(text)),
            Kind::Lowercase => lowercase::normalize(text),
            Kind::Nmt => nmt::normalize(text),
            Kind::Precompiled(precompiled) => precompiled.normalize(text),
            Kind::Replace(replace) => replace.normalize(text),
            Kind::Prepend(prefix) => prepend::normalize(text, prefix),
            Kind::ByteLevel => byte_level::normalize(text),
        }
    }
}

#[cfg(test)]
mod tests;
