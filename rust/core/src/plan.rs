//! Turns a configuration into compiled parts; the only place that says `Unsupported`.
//!
//! Decisions made here, once, at load:
//! - **raw bytes**: behind a closing ByteLevel step a BPE reads the text's own bytes. The
//!   vocabulary's strings are turned into the bytes they stand for, so the mapped alphabet (`Ġ`)
//!   is never written. It is the same as long as the mapping is the last thing that happens to
//!   the text: no earlier ByteLevel step, no affixes glued to the symbols.
//! - the model is heavy and compiled once; everything else is light and can be compiled again
//!   around the same model.

use std::sync::Arc;

use crate::added::AddedVocabulary;
use crate::config::{
    AddedToken, LightConfig, ModelConfig, NormalizerConfig, PostProcessorConfig, PreTokenizerConfig,
    TokenizerConfig,
};
use crate::error::{Error, Result};
use crate::models::{Alphabet, Model};
use crate::normalizers::Normalizer;
use crate::post_processors::PostProcessor;
use crate::pre_tokenizers::PreTokenizer;

/// Everything of a configuration but the model.
#[derive(Debug, Clone, Copy)]
pub struct LightParts<'a> {
    pub added_tokens: &'a [AddedToken],
    pub normalizer: Option<&'a NormalizerConfig>,
    pub pre_tokenizer: Option<&'a PreTokenizerConfig>,
    pub post_processor: Option<&'a PostProcessorConfig>,
}

impl<'a> From<&'a TokenizerConfig> for LightParts<'a> {
    fn from(config: &'a TokenizerConfig) -> Self {
        Self {
            added_tokens: &config.added_tokens,
            normalizer: config.normalizer.as_ref(),
            pre_tokenizer: config.pre_tokenizer.as_ref(),
            post_processor: config.post_processor.as_ref(),
        }
    }
}

impl<'a> From<&'a LightConfig> for LightParts<'a> {
    fn from(config: &'a LightConfig) -> Self {
        Self {
            added_tokens: &config.added_tokens,
            normalizer: config.normalizer.as_ref(),
            pre_tokenizer: config.pre_tokenizer.as_ref(),
            post_processor: config.post_processor.as_ref(),
        }
    }
}

/// A model with what the other parts must know of how it was compiled.
#[derive(Debug)]
pub struct CompiledModel {
    pub model: Model,
    pub alphabet: Alphabet,
    /// Whether raw bytes are possible for it (a BPE without affixes).
    accepts_raw_bytes: bool,
}

/// The compiled parts of a tokenizer.
#[derive(Debug)]
pub struct Plan {
    pub added: AddedVocabulary,
    pub normalizer: Option<Normalizer>,
    pub pre_tokenizer: Option<PreTokenizer>,
    pub model: Arc<CompiledModel>,
    pub post_processor: Option<PostProcessor>,
}

impl Plan {
    /// Compiles all parts.
    pub fn compile(config: &TokenizerConfig) -> Result<Self> {
        if shares_ids(&config.model) {
            return Err(Error::unsupported("model", "in which two strings share an id"));
        }
        let accepts_raw_bytes = accepts_raw_bytes(&config.model);
        let alphabet = alphabet(accepts_raw_bytes, config.pre_tokenizer.as_ref());
        let model = Model::compile(&config.model, alphabet)?;
        let model = Arc::new(CompiledModel { model, alphabet, accepts_raw_bytes });
        Self::around(model, LightParts::from(config))
    }

    /// Compiles the light parts around a model.
    ///
    /// # Errors
    /// `Unsupported{part: "model", kind: "alphabet"}` if these parts want the model compiled for
    /// the other alphabet.
    pub fn around(model: Arc<CompiledModel>, light: LightParts<'_>) -> Result<Self> {
        if alphabet(model.accepts_raw_bytes, light.pre_tokenizer) != model.alphabet {
            return Err(Error::unsupported("model", "alphabet"));
        }
        let raw_bytes = model.alphabet == Alphabet::RawBytes;
        let normalizer = light.normalizer.map(Normalizer::compile).transpose()?;
        let pre_tokenizer =
            light.pre_tokenizer.map(|config| PreTokenizer::compile(config, raw_bytes)).transpose()?;
        let post_processor = light.post_processor.map(PostProcessor::compile).transpose()?;
        let added =
            AddedVocabulary::compile(light.added_tokens, model.model.vocabulary(), normalizer.as_ref())?;
        Ok(Self { added, normalizer, pre_tokenizer, model, post_processor })
    }
}

/// Stock is not deterministic where two strings have one id.
fn shares_ids(model: &ModelConfig) -> bool {
    match model {
        ModelConfig::Bpe(bpe) => bpe.vocab.shares_ids(),
        ModelConfig::WordPiece(word_piece) => word_piece.vocab.shares_ids(),
        ModelConfig::WordLevel(word_level) => word_level.vocab.shares_ids(),
        ModelConfig::Unigram(_) => false,
    }
}

fn accepts_raw_bytes(model: &ModelConfig) -> bool {
    match model {
        ModelConfig::Bpe(bpe) => {
            let none = |affix: &Option<String>| affix.as_deref().unwrap_or("").is_empty();
            none(&bpe.continuing_subword_prefix) && none(&bpe.end_of_word_suffix) && !bpe.byte_fallback
        }
        _ => false,
    }
}

/// The alphabet the model reads behind this pre-tokenizer.
fn alphabet(accepts_raw_bytes: bool, pre_tokenizer: Option<&PreTokenizerConfig>) -> Alphabet {
    let mut steps = Vec::new();
    if let Some(config) = pre_tokenizer {
        flatten(config, &mut steps);
    }
    let byte_levels =
        steps.iter().filter(|step| matches!(step, PreTokenizerConfig::ByteLevel { .. })).count();
    let last_is_byte_level = matches!(steps.last(), Some(PreTokenizerConfig::ByteLevel { .. }));
    if accepts_raw_bytes && byte_levels == 1 && last_is_byte_level {
        Alphabet::RawBytes
    } else {
        Alphabet::Characters
    }
}

/// The steps of nested sequences, in order.
fn flatten<'a>(config: &'a PreTokenizerConfig, steps: &mut Vec<&'a PreTokenizerConfig>) {
    match config {
        PreTokenizerConfig::Sequence(parts) => parts.iter().for_each(|part| flatten(part, steps)),
        step => steps.push(step),
    }
}
