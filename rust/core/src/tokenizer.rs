//! The pipeline, read top to bottom.

use std::sync::Arc;

use crate::config::TokenizerConfig;
use crate::encoding::Encoding;
use crate::error::{Error, Result};
use crate::options::{EncodeOptions, Input, Semantics};
use crate::scratch::Scratch;
use crate::vocabulary::Vocabulary;

/// A compiled tokenizer: immutable, shared by threads.
#[derive(Debug)]
pub struct Tokenizer {
    vocabulary: Arc<Vocabulary>,
}

/// What `explain` shows of an engine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// `"BPE"`, `"WordPiece"`...
    pub model: &'static str,
    /// The scanner's name, `"regex"`, or `"none"`.
    pub pre_tokenizer: &'static str,
    /// The SIMD level in use: `"scalar"`, `"avx2"`...
    pub simd: &'static str,
    /// Bytes held by word caches at present.
    pub cache_bytes: usize,
}

impl Tokenizer {
    /// Compiles a whole tokenizer.json. Truncation and padding of the file are not kept: they are
    /// arguments of a call.
    pub fn from_json(json: &[u8], semantics: Semantics) -> Result<Self> {
        let _ = (json, semantics);
        Err(Error::unsupported("model", "any"))
    }

    /// Compiles a configuration.
    pub fn compile(config: &TokenizerConfig, semantics: Semantics) -> Result<Self> {
        let _ = (config, semantics);
        Err(Error::unsupported("model", "any"))
    }

    /// The same model (shared, not compiled again) with other light parts. `light` is a whole
    /// tokenizer.json whose `model` is `null`; `Unsupported{part: "model"}` if the light parts
    /// need the model compiled in another way: the caller then compiles from the whole file.
    pub fn with_light_parts(&self, light: &[u8], semantics: Semantics) -> Result<Self> {
        let _ = (light, semantics);
        Err(Error::unsupported("model", "any"))
    }

    /// Encodes one input. Padding is applied as stock's `encode` does (fixed length, or to a
    /// multiple).
    pub fn encode(
        &self,
        input: &Input<'_>,
        options: &EncodeOptions,
        scratch: &mut Scratch,
    ) -> Result<Encoding> {
        let _ = (input, options, scratch);
        Err(Error::unsupported("model", "any"))
    }

    /// Encodes a batch on the threads of `pool` (`None`: on this thread), in order. Padding is
    /// applied over the batch, after what `encode` does to each.
    pub fn encode_batch(
        &self,
        inputs: &[Input<'_>],
        options: &EncodeOptions,
        pool: Option<&rayon::ThreadPool>,
    ) -> Result<Vec<Encoding>> {
        let _ = (inputs, options, pool);
        Err(Error::unsupported("model", "any"))
    }

    /// The model's own vocabulary (without added tokens).
    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// One more than the highest id that can occur, added tokens included.
    pub fn id_bound(&self) -> usize {
        self.vocabulary.id_bound()
    }

    /// Buffers for `encode`, from the engine's pool; give them back by dropping.
    pub fn scratch(&self) -> Scratch {
        Scratch {}
    }

    pub fn report(&self) -> Report {
        Report { model: "", pre_tokenizer: "none", simd: "scalar", cache_bytes: 0 }
    }
}
