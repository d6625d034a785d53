//! Pre-tokenizers: a text is cut into pieces; some kinds also change it.

use crate::config::PreTokenizerConfig;
use crate::error::{Error, Result};
use crate::pieces::Pieces;
use crate::text::NormalizedText;

/// A compiled pre-tokenizer.
#[derive(Debug)]
pub enum PreTokenizer {}

impl PreTokenizer {
    /// Compiles what is written in the file; `Unsupported` for kinds the engine does not run.
    ///
    /// With `raw_bytes` the last ByteLevel step does not write its alphabet: the text stays as it
    /// is and the model works on its bytes. The plan asks for it only where that is the same.
    pub fn compile(config: &PreTokenizerConfig, _raw_bytes: bool) -> Result<Self> {
        Err(Error::unsupported("pre_tokenizer", format!("{config:?}")))
    }

    /// The scanner's name (`"gpt2"`, `"cl100k"`, `"bert"`, ...) or `"regex"`, for `explain`.
    pub fn name(&self) -> &'static str {
        match *self {}
    }

    /// Cuts each of `pieces` further; on entry they are the whole text. Where the kind changes
    /// the text (Metaspace, ByteLevel with a prefix space), `text` is changed and the pieces are
    /// ranges of the new text.
    pub fn pre_tokenize(&self, _text: &mut NormalizedText<'_>, _pieces: &mut Pieces) -> Result<()> {
        match *self {}
    }
}
