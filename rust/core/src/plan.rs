//! Turns a configuration into compiled parts; the only place that says `Unsupported`.
//!
//! Decisions made here, once, at load:
//! - **raw bytes**: behind a closing ByteLevel step a BPE reads the text's own bytes. The
//!   vocabulary's strings are turned into the bytes they stand for, so the mapped alphabet (`Ġ`)
//!   is never written. It is the same as long as the mapping is the last thing that happens to
//!   the text: no earlier ByteLevel step, no prefixes glued to the symbols.
//! - **spaces**: where every space becomes `▁`, model and text keep the spaces instead (see
//!   `pre_tokenizers::spaces`).
//! - the model is heavy and compiled once; everything else is light and can be compiled again
//!   around the same model.

use std::sync::Arc;

use crate::added::{AddedVocabulary, LiveTokens};
use crate::config::{
    AddedToken, BpeConfig, LightConfig, ModelConfig, NormalizerConfig, PostProcessorConfig,
    PreTokenizerConfig, PrependScheme, TokenizerConfig,
};
use crate::error::{Error, Result};
use crate::models::unigram::Unigram;
use crate::models::{Alphabet, Model, bpe};
use crate::normalizers::Normalizer;
use crate::post_processors::PostProcessor;
use crate::pre_tokenizers::spaces::{MARK, MARK_CHAR, Route, Spaces};
use crate::pre_tokenizers::{AtSpaces, PreTokenizer};
use crate::vocabulary::Vocabulary;

/// Everything of a configuration but the model.
#[derive(Debug, Clone, Copy)]
pub struct LightParts<'a> {
    pub added_tokens: AddedTokens<'a>,
    pub normalizer: Option<&'a NormalizerConfig>,
    pub pre_tokenizer: Option<&'a PreTokenizerConfig>,
    pub post_processor: Option<&'a PostProcessorConfig>,
}

/// Where the added tokens come from.
#[derive(Debug, Clone, Copy)]
pub enum AddedTokens<'a> {
    /// A file: ids are given as stock gives them on load.
    Listed(&'a [AddedToken]),
    /// A tokenizer that has them already.
    Live(&'a LiveTokens),
}

impl AddedTokens<'_> {
    fn compile(
        self,
        vocabulary: &Arc<Vocabulary>,
        normalizer: Option<&Normalizer>,
    ) -> Result<AddedVocabulary> {
        match self {
            Self::Listed(tokens) => AddedVocabulary::compile(tokens, vocabulary, normalizer),
            Self::Live(live) => AddedVocabulary::compile_live(live, normalizer),
        }
    }

    /// `compile` with a normalizer that gives spaces where the tokenizer's own gives `▁`.
    fn compile_spaced(
        self,
        vocabulary: &Arc<Vocabulary>,
        normalizer: Option<&Normalizer>,
    ) -> Result<AddedVocabulary> {
        let Self::Live(live) = self else { return self.compile(vocabulary, normalizer) };
        let mut live = live.clone();
        for text in live.tokens.iter_mut().filter_map(|token| token.text.as_mut()) {
            if text.contains(' ') {
                // It was normalized in another way, and is found in no text now.
                return Err(Error::unsupported("added_tokens", "normalized by an earlier normalizer"));
            }
            *text = text.replace(MARK, " ");
        }
        AddedVocabulary::compile_live(&live, normalizer)
    }

    fn any(self, mut holds: impl FnMut(&AddedToken) -> bool) -> bool {
        match self {
            Self::Listed(tokens) => tokens.iter().any(holds),
            Self::Live(live) => live.tokens.iter().any(|live| holds(&live.token)),
        }
    }
}

impl<'a> From<&'a TokenizerConfig> for LightParts<'a> {
    fn from(config: &'a TokenizerConfig) -> Self {
        Self {
            added_tokens: AddedTokens::Listed(&config.added_tokens),
            normalizer: config.normalizer.as_ref(),
            pre_tokenizer: config.pre_tokenizer.as_ref(),
            post_processor: config.post_processor.as_ref(),
        }
    }
}

impl<'a> From<&'a LightConfig> for LightParts<'a> {
    fn from(config: &'a LightConfig) -> Self {
        Self {
            added_tokens: AddedTokens::Listed(&config.added_tokens),
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
    accepts: Accepts,
}

/// The alphabets beside characters that a model can be compiled for.
#[derive(Debug, Clone, Copy)]
struct Accepts {
    raw_bytes: bool,
    spaces: bool,
}

/// The compiled parts of a tokenizer.
#[derive(Debug)]
pub struct Plan {
    pub added: AddedVocabulary,
    pub normalizer: Option<Normalizer>,
    pub pre_tokenizer: Option<PreTokenizer>,
    /// What follows the pre-tokenizer, if the model reads spaces.
    pub spaces: Option<Spaces>,
    pub model: Arc<CompiledModel>,
    pub post_processor: Option<PostProcessor>,
    /// Whether a section cut in front of a space between two ASCII letters gives two sections
    /// whose tokens are those of the whole: the normalizer looks at single characters, or at
    /// marks, and a piece always begins there. (A normalized added token may hold a space.)
    pub cuts_at_spaces: bool,
}

impl Plan {
    /// Compiles all parts.
    pub fn compile(config: &TokenizerConfig) -> Result<Self> {
        if shares_ids(&config.model) {
            return Err(Error::unsupported("model", "in which two strings share an id"));
        }
        let accepts = Accepts::of(&config.model);
        let (alphabet, _) = alphabet(accepts, LightParts::from(config));
        let model = Model::compile(&config.model, alphabet)?;
        let model = Arc::new(CompiledModel { model, alphabet, accepts });
        Self::around(model, LightParts::from(config))
    }

    /// Compiles the light parts around a model.
    ///
    /// # Errors
    /// `Unsupported{part: "model", kind: "alphabet"}` if these parts want the model compiled for
    /// the other alphabet.
    pub fn around(model: Arc<CompiledModel>, light: LightParts<'_>) -> Result<Self> {
        let (alphabet, route) = alphabet(model.accepts, light);
        if alphabet != model.alphabet {
            return Err(Error::unsupported("model", "alphabet"));
        }
        let raw_bytes = model.alphabet == Alphabet::RawBytes;
        let mut normalizer = light.normalizer.map(Normalizer::compile).transpose()?;
        let mut pre_tokenizer = light.pre_tokenizer;
        let post_processor = light.post_processor.map(PostProcessor::compile).transpose()?;
        let vocabulary = model.model.vocabulary();
        let mut added = light.added_tokens.compile(vocabulary, normalizer.as_ref())?;
        let mut spaces = None;
        if let Some(route) = &route {
            normalizer = route.normalizer.as_ref().map(Normalizer::compile).transpose()?;
            pre_tokenizer = route.pre_tokenizer.as_ref();
            if route.spaces.normalized && added.has_normalized() {
                let respelled = light.added_tokens.compile_spaced(vocabulary, normalizer.as_ref())?;
                added = added.matching_as(respelled);
            }
        }
        let pre_tokenizer =
            pre_tokenizer.map(|config| PreTokenizer::compile(config, raw_bytes)).transpose()?;
        if let Some(route) = route {
            spaces = Some(route.spaces);
        }
        let cuts_at_spaces = spaces.is_none()
            && !added.has_normalized()
            && normalizer.as_ref().is_none_or(Normalizer::keeps_apart_at_spaces)
            && pre_tokenizer.as_ref().is_some_and(|part| part.at_spaces() == AtSpaces::Cuts);
        Ok(Self { added, normalizer, pre_tokenizer, spaces, model, post_processor, cuts_at_spaces })
    }
}

impl Plan {
    /// Whether the model reads what stock rewrites before its model sees it.
    pub fn writes_later(&self) -> bool {
        match self.model.alphabet {
            Alphabet::Characters => false,
            Alphabet::RawBytes => true,
            Alphabet::Spaces => self.spaces.as_ref().is_some_and(|spaces| !spaces.normalized),
        }
    }

    /// The pre-tokenizer's name for `explain`: what a scanner does, `"regex"`, or `"none"`.
    pub fn pre_tokenizer_name(&self) -> &'static str {
        let step = self.spaces.as_ref().and_then(Spaces::name);
        match (self.pre_tokenizer.as_ref().map(PreTokenizer::name), step) {
            (Some("regex"), _) => "regex",
            (Some(_), Some(_)) => "sequence",
            (name, step) => name.or(step).unwrap_or("none"),
        }
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

/// Whether every character has tokens. Else stock's offsets slip behind those that have none, by the
/// lengths of what it has written (`▁` is longer than a space).
fn covers_all(config: &BpeConfig) -> bool {
    config.byte_fallback && (0..=u8::MAX).all(|byte| config.vocab.id(&format!("<0x{byte:02X}>")).is_some())
}

impl Accepts {
    fn of(model: &ModelConfig) -> Self {
        match model {
            ModelConfig::Bpe(config) => Self {
                raw_bytes: bpe::Bpe::accepts(config, Alphabet::RawBytes) && !config.byte_fallback,
                spaces: bpe::Bpe::accepts(config, Alphabet::Spaces)
                    && config.vocab.id(MARK).is_some()
                    && covers_all(config),
            },
            ModelConfig::Unigram(unigram) => {
                Self { raw_bytes: false, spaces: Unigram::accepts_spaces(unigram) }
            }
            _ => Self { raw_bytes: false, spaces: false },
        }
    }
}

/// The pre-tokenizer that a model is probably going to have, as far as compiling it depends on that.
pub fn likely_pre_tokenizer(model: &ModelConfig) -> Option<PreTokenizerConfig> {
    let accepts = Accepts::of(model);
    match model {
        ModelConfig::Bpe(config) if accepts.raw_bytes && bpe::has_byte_alphabet(&config.vocab) => {
            Some(PreTokenizerConfig::ByteLevel {
                add_prefix_space: false,
                trim_offsets: true,
                use_regex: true,
            })
        }
        _ if accepts.spaces => Some(PreTokenizerConfig::Metaspace {
            replacement: MARK_CHAR,
            prepend_scheme: PrependScheme::First,
            split: false,
        }),
        _ => None,
    }
}

/// The alphabet the model reads behind these parts, and which others to compile for it.
fn alphabet(accepts: Accepts, light: LightParts<'_>) -> (Alphabet, Option<Route>) {
    if accepts.raw_bytes && ends_in_bytes(light.pre_tokenizer) {
        return (Alphabet::RawBytes, None);
    }
    // An added token's white space is measured in the normalized text, where `▁` is none.
    let strips = light.added_tokens.any(|token| token.normalized && (token.lstrip || token.rstrip));
    let route = if accepts.spaces { Route::find(light.normalizer, light.pre_tokenizer) } else { None };
    match route {
        Some(route) if !(route.spaces.normalized && strips) => (Alphabet::Spaces, Some(route)),
        _ => (Alphabet::Characters, None),
    }
}

/// Whether the byte-level alphabet is written last, and once.
fn ends_in_bytes(pre_tokenizer: Option<&PreTokenizerConfig>) -> bool {
    let mut steps = Vec::new();
    if let Some(config) = pre_tokenizer {
        flatten(config, &mut steps);
    }
    let byte_levels =
        steps.iter().filter(|step| matches!(step, PreTokenizerConfig::ByteLevel { .. })).count();
    let last = steps.iter().rposition(|step| matches!(step, PreTokenizerConfig::ByteLevel { .. }));
    byte_levels == 1 && last.is_some_and(|at| PreTokenizer::reads_bytes(&steps[at + 1..]))
}

/// The steps of nested sequences, in order.
fn flatten<'a>(config: &'a PreTokenizerConfig, steps: &mut Vec<&'a PreTokenizerConfig>) {
    match config {
        PreTokenizerConfig::Sequence(parts) => parts.iter().for_each(|part| flatten(part, steps)),
        step => steps.push(step),
    }
}
