//! Arguments of a call: never state of an engine, so two threads cannot disturb each other.

use crate::config::{PaddingParams, TruncationParams};

/// The version-dependent behaviours, chosen once from the installed `tokenizers`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Semantics {
    /// (major, minor, patch) of the installed `tokenizers`.
    pub version: (u32, u32, u32),
}

impl Default for Semantics {
    fn default() -> Self {
        Self { version: (0, 23, 3) }
    }
}

/// How much of an [`Encoding`](crate::Encoding) is filled in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// ids, type ids, masks, sequence ranges.
    Ids,
    /// Also tokens, offsets (in characters) and word ids.
    Full,
}

/// One encode call's options.
#[derive(Debug, Clone)]
pub struct EncodeOptions {
    pub add_special_tokens: bool,
    /// Special tokens in the text are encoded as ordinary text.
    pub encode_special_tokens: bool,
    pub truncation: Option<TruncationParams>,
    pub padding: Option<PaddingParams>,
    pub level: Level,
    /// Stock's `encode_batch_fast`: tokens are empty strings, offsets (0, 0), words `None`.
    pub fast: bool,
}

/// One sequence: a text, or words already cut by the caller.
#[derive(Debug, Clone, Copy)]
pub enum Sequence<'a> {
    Raw(&'a str),
    PreTokenized(&'a [&'a str]),
}

/// What is encoded into one encoding: a sequence, or a pair.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    pub first: Sequence<'a>,
    pub second: Option<Sequence<'a>>,
}
