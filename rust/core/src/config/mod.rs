//! `tokenizer.json` as written: every component type of tokenizers 0.23.3, no behaviour.
//!
//! Parsing accepts what stock accepts (legacy shapes too), serializing gives what stock's
//! `to_str()` gives.

mod decoder;
mod document;
mod fields;
mod merges;
mod model;
mod normalizer;
mod params;
mod parts;
mod post_processor;
mod pre_tokenizer;
#[cfg(test)]
mod tests;

pub use document::LightConfig;
pub use merges::Merges;
pub use parts::{ModelParts, Pieces, VocabParts};

use crate::vocabulary::Vocabulary;

/// How the scores of a Unigram are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scores {
    /// As stock's parser reads them, which is not always right in the last bit: for what stock
    /// has read too. Last bits decide ties.
    AsStockReads,
    /// Correctly rounded: for what stock has written, whose numbers are given back so.
    Exact,
}

/// A whole tokenizer.json.
#[derive(Debug, Clone)]
pub struct TokenizerConfig {
    pub version: String,
    pub truncation: Option<TruncationParams>,
    pub padding: Option<PaddingParams>,
    pub added_tokens: Vec<AddedToken>,
    pub normalizer: Option<NormalizerConfig>,
    pub pre_tokenizer: Option<PreTokenizerConfig>,
    pub post_processor: Option<PostProcessorConfig>,
    pub decoder: Option<DecoderConfig>,
    pub model: ModelConfig,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Direction {
    Left,
    #[default]
    Right,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum TruncationStrategy {
    #[default]
    LongestFirst,
    OnlyFirst,
    OnlySecond,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TruncationParams {
    pub direction: Direction,
    pub max_length: usize,
    pub strategy: TruncationStrategy,
    pub stride: usize,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaddingStrategy {
    BatchLongest,
    Fixed(usize),
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PaddingParams {
    pub strategy: PaddingStrategy,
    pub direction: Direction,
    pub pad_to_multiple_of: Option<usize>,
    pub pad_id: u32,
    pub pad_type_id: u32,
    pub pad_token: String,
}

/// One entry of `added_tokens`. The file's `id` is kept for what is written back, nothing else:
/// stock ignores it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AddedToken {
    pub id: u32,
    pub content: String,
    pub single_word: bool,
    pub lstrip: bool,
    pub rstrip: bool,
    pub normalized: bool,
    pub special: bool,
}

/// What a Split or Replace looks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Pattern {
    String(String),
    Regex(String),
}

#[derive(Debug, Clone, PartialEq)]
pub enum NormalizerConfig {
    BertNormalizer {
        clean_text: bool,
        handle_chinese_chars: bool,
        strip_accents: Option<bool>,
        lowercase: bool,
    },
    Strip {
        strip_left: bool,
        strip_right: bool,
    },
    StripAccents,
    Nfc,
    Nfd,
    Nfkc,
    Nfkd,
    Sequence(Vec<NormalizerConfig>),
    Lowercase,
    Nmt,
    /// The charsmap as written (base64 of the precompiled trie and its replacements).
    Precompiled {
        precompiled_charsmap: String,
    },
    Replace {
        pattern: Pattern,
        content: String,
    },
    Prepend {
        prepend: String,
    },
    ByteLevel,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SplitBehavior {
    Removed,
    Isolated,
    MergedWithPrevious,
    MergedWithNext,
    Contiguous,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PrependScheme {
    First,
    Never,
    Always,
}

#[derive(Debug, Clone, PartialEq)]
pub enum PreTokenizerConfig {
    BertPreTokenizer,
    ByteLevel { add_prefix_space: bool, trim_offsets: bool, use_regex: bool },
    CharDelimiterSplit { delimiter: char },
    Metaspace { replacement: char, prepend_scheme: PrependScheme, split: bool },
    Whitespace,
    Sequence(Vec<PreTokenizerConfig>),
    Split { pattern: Pattern, behavior: SplitBehavior, invert: bool },
    Punctuation { behavior: SplitBehavior },
    WhitespaceSplit,
    Digits { individual_digits: bool },
    UnicodeScripts,
    FixedLength { length: usize },
}

/// A piece of a template: one of the two sequences, or a special token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TemplatePiece {
    /// `second` is `$B`.
    Sequence {
        second: bool,
        type_id: u32,
    },
    SpecialToken {
        id: String,
        type_id: u32,
    },
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TemplateSpecialToken {
    pub id: String,
    pub ids: Vec<u32>,
    pub tokens: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PostProcessorConfig {
    Roberta {
        sep: (String, u32),
        cls: (String, u32),
        trim_offsets: bool,
        add_prefix_space: bool,
    },
    Bert {
        sep: (String, u32),
        cls: (String, u32),
    },
    ByteLevel {
        add_prefix_space: bool,
        trim_offsets: bool,
        use_regex: bool,
    },
    Template {
        single: Vec<TemplatePiece>,
        pair: Vec<TemplatePiece>,
        special_tokens: Vec<TemplateSpecialToken>,
    },
    Sequence(Vec<PostProcessorConfig>),
}

#[derive(Debug, Clone, PartialEq)]
pub enum DecoderConfig {
    BpeDecoder { suffix: String },
    ByteLevel { add_prefix_space: bool, trim_offsets: bool, use_regex: bool },
    WordPiece { prefix: String, cleanup: bool },
    Metaspace { replacement: char, prepend_scheme: PrependScheme, split: bool },
    Ctc { pad_token: String, word_delimiter_token: String, cleanup: bool },
    Sequence(Vec<DecoderConfig>),
    Replace { pattern: Pattern, content: String },
    Fuse,
    Strip { content: char, start: usize, stop: usize },
    ByteFallback,
}

#[derive(Debug, Clone)]
pub struct BpeConfig {
    pub vocab: Vocabulary,
    pub merges: Merges,
    pub dropout: Option<f32>,
    pub unk_token: Option<String>,
    pub continuing_subword_prefix: Option<String>,
    pub end_of_word_suffix: Option<String>,
    pub fuse_unk: bool,
    pub byte_fallback: bool,
    pub ignore_merges: bool,
}

#[derive(Debug, Clone)]
pub struct WordPieceConfig {
    pub vocab: Vocabulary,
    pub unk_token: String,
    pub continuing_subword_prefix: String,
    pub max_input_chars_per_word: usize,
}

#[derive(Debug, Clone)]
pub struct WordLevelConfig {
    pub vocab: Vocabulary,
    pub unk_token: String,
}

#[derive(Debug, Clone)]
pub struct UnigramConfig {
    /// Pieces and scores in the order of their ids.
    pub pieces: Vec<(String, f64)>,
    pub unk_id: Option<usize>,
    pub byte_fallback: bool,
}

#[derive(Debug, Clone)]
pub enum ModelConfig {
    Bpe(BpeConfig),
    WordPiece(WordPieceConfig),
    WordLevel(WordLevelConfig),
    Unigram(UnigramConfig),
}
