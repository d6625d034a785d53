//! Models: pieces in, ids out.

use std::sync::Arc;

use crate::config::ModelConfig;
use crate::error::{Error, Result};
use crate::pieces::Span;
use crate::vocabulary::Vocabulary;

/// A token with the bytes of the text it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ModelToken {
    pub id: u32,
    /// Bytes of the text given to the model.
    pub start: u32,
    pub end: u32,
    /// Which of the pieces it lies in.
    pub piece: u32,
    /// The token's string is the text it covers, not the vocabulary's string of its id
    /// (Unigram's unknown).
    pub surface: bool,
}

/// What a model reads: characters, or raw bytes in place of the byte-level alphabet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    Characters,
    /// The vocabulary's strings are turned into the bytes they stand for; texts are raw.
    RawBytes,
}

/// A compiled model.
#[derive(Debug)]
pub enum Model {}

/// A model's per-thread buffers and word cache.
#[derive(Debug)]
pub enum ModelScratch {}

impl Model {
    /// Compiles what is written in the file; `Unsupported` for kinds the engine does not run.
    pub fn compile(config: &ModelConfig, _alphabet: Alphabet) -> Result<Self> {
        Err(Error::unsupported(
            "model",
            match config {
                ModelConfig::Bpe(_) => "BPE",
                ModelConfig::WordPiece(_) => "WordPiece",
                ModelConfig::WordLevel(_) => "WordLevel",
                ModelConfig::Unigram(_) => "Unigram",
            },
        ))
    }

    /// The kind's name as stock spells it.
    pub fn name(&self) -> &'static str {
        match *self {}
    }

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        match *self {}
    }

    pub fn scratch(&self) -> ModelScratch {
        match *self {}
    }

    /// Appends the ids of every piece of `text` to `ids`.
    pub fn ids(
        &self,
        _text: &str,
        _pieces: &[Span],
        _scratch: &mut ModelScratch,
        _ids: &mut Vec<u32>,
    ) -> Result<()> {
        match *self {}
    }

    /// Appends the tokens of every piece of `text`: the same ids, with the bytes they cover.
    pub fn tokens(
        &self,
        _text: &str,
        _pieces: &[Span],
        _scratch: &mut ModelScratch,
        _tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        match *self {}
    }
}
