//! Normalizers: text in, text out, alignment kept when the text tracks it.

use crate::config::NormalizerConfig;
use crate::error::{Error, Result};
use crate::text::NormalizedText;

/// A compiled normalizer.
#[derive(Debug)]
pub enum Normalizer {}

impl Normalizer {
    /// Compiles what is written in the file; `Unsupported` for kinds the engine does not run.
    pub fn compile(config: &NormalizerConfig) -> Result<Self> {
        Err(Error::unsupported("normalizer", format!("{config:?}")))
    }

    /// Changes `text` as stock's normalizer of this kind changes a `NormalizedString`.
    pub fn normalize(&self, _text: &mut NormalizedText<'_>) -> Result<()> {
        match *self {}
    }
}
