//! Post-processors: special tokens around the sequences, offsets trimmed, sequences merged.

use crate::config::PostProcessorConfig;
use crate::encoding::Encoding;
use crate::error::{Error, Result};

/// A compiled post-processor.
#[derive(Debug)]
pub enum PostProcessor {}

impl PostProcessor {
    pub fn compile(config: &PostProcessorConfig) -> Result<Self> {
        Err(Error::unsupported("post_processor", format!("{config:?}")))
    }

    /// How many tokens it adds to a single sequence or a pair.
    pub fn added_tokens(&self, _is_pair: bool) -> usize {
        match *self {}
    }

    /// Stock's `PostProcessor::process`.
    pub fn process(
        &self,
        _first: Encoding,
        _second: Option<Encoding>,
        _add_special_tokens: bool,
    ) -> Result<Encoding> {
        match *self {}
    }
}
