//! Models: pieces in, ids out.

pub mod bpe;
mod cached;
pub mod unigram;
pub mod word_cache;
pub mod word_level;
pub mod wordpiece;

use std::sync::Arc;

use crate::config::ModelConfig;
use crate::error::{Error, Result};
use crate::pieces::Span;
use crate::vocabulary::Vocabulary;

use bpe::{Bpe, BpeScratch};
use unigram::{Unigram, UnigramScratch};
use word_level::WordLevel;
use wordpiece::{WordPiece, WordPieceScratch};

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

/// What a model reads: characters, raw bytes in place of the byte-level alphabet, or spaces in
/// place of `▁`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Alphabet {
    Characters,
    /// The vocabulary's strings are turned into the bytes they stand for; texts are raw.
    RawBytes,
    /// The vocabulary's `▁` are turned into spaces; texts have spaces where stock's have `▁`, and
    /// no others. Strings with spaces of their own are never met.
    Spaces,
}

/// A compiled model.
#[derive(Debug)]
pub enum Model {
    Bpe(Box<Bpe>),
    WordPiece(Box<WordPiece>),
    WordLevel(Box<WordLevel>),
    Unigram(Box<Unigram>),
}

/// A model's per-thread buffers and word cache.
#[derive(Debug)]
pub enum ModelScratch {
    Bpe(Box<BpeScratch>),
    WordPiece(Box<WordPieceScratch>),
    WordLevel,
    Unigram(Box<UnigramScratch>),
}

impl Model {
    /// Compiles what is written in the file; `Unsupported` for kinds the engine does not run.
    pub fn compile(config: &ModelConfig, alphabet: Alphabet) -> Result<Self> {
        match (config, alphabet) {
            (ModelConfig::Bpe(config), _) => Ok(Model::Bpe(Box::new(Bpe::compile(config, alphabet)?))),
            (ModelConfig::WordPiece(config), Alphabet::Characters) => {
                Ok(Model::WordPiece(Box::new(WordPiece::compile(config)?)))
            }
            (ModelConfig::WordLevel(config), Alphabet::Characters) => {
                Ok(Model::WordLevel(Box::new(WordLevel::compile(config)?)))
            }
            (ModelConfig::WordPiece(_), _) => {
                Err(Error::unsupported("model", "WordPiece over anything but characters"))
            }
            (ModelConfig::WordLevel(_), _) => {
                Err(Error::unsupported("model", "WordLevel over anything but characters"))
            }
            (ModelConfig::Unigram(_), Alphabet::RawBytes) => {
                Err(Error::unsupported("model", "Unigram over raw bytes"))
            }
            (ModelConfig::Unigram(config), _) => {
                Ok(Model::Unigram(Box::new(Unigram::compile(config, alphabet)?)))
            }
        }
    }

    /// The kind's name as stock spells it.
    pub fn name(&self) -> &'static str {
        match self {
            Model::Bpe(_) => "BPE",
            Model::WordPiece(_) => "WordPiece",
            Model::WordLevel(_) => "WordLevel",
            Model::Unigram(_) => "Unigram",
        }
    }

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        match self {
            Model::Bpe(bpe) => bpe.vocabulary(),
            Model::WordPiece(word_piece) => word_piece.vocabulary(),
            Model::WordLevel(word_level) => word_level.vocabulary(),
            Model::Unigram(unigram) => unigram.vocabulary(),
        }
    }

    pub fn scratch(&self) -> ModelScratch {
        match self {
            Model::Bpe(bpe) => ModelScratch::Bpe(Box::new(bpe.scratch())),
            Model::WordPiece(model) => ModelScratch::WordPiece(Box::new(model.scratch())),
            Model::WordLevel(_) => ModelScratch::WordLevel,
            Model::Unigram(_) => ModelScratch::Unigram(Box::default()),
        }
    }

    /// Bytes a scratch's word cache holds.
    pub fn cache_bytes(scratch: &ModelScratch) -> usize {
        match scratch {
            ModelScratch::Bpe(scratch) => scratch.cache_bytes(),
            ModelScratch::WordPiece(scratch) => scratch.cache_bytes(),
            ModelScratch::WordLevel => 0,
            ModelScratch::Unigram(scratch) => scratch.cache_bytes(),
        }
    }

    /// The first place at or after `from` where cutting a piece into two gives the same ids; `None`
    /// if none is proven. (Offsets may differ: BPE counts them from the start of a piece.)
    pub fn cut(&self, piece: &[u8], from: usize) -> Option<usize> {
        match self {
            Model::Bpe(bpe) => bpe.cut(piece, from),
            _ => None,
        }
    }

    /// Appends the ids of every piece of `text` to `ids`.
    pub fn ids(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut ModelScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        match (self, scratch) {
            (Model::Bpe(bpe), ModelScratch::Bpe(scratch)) => bpe.ids(text, pieces, scratch, ids),
            (Model::WordPiece(model), ModelScratch::WordPiece(scratch)) => {
                model.ids(text, pieces, scratch, ids)
            }
            (Model::WordLevel(model), _) => model.ids(text, pieces, ids),
            (Model::Unigram(model), ModelScratch::Unigram(scratch)) => model.ids(text, pieces, scratch, ids),
            _ => Err(foreign_scratch()),
        }
    }

    /// Appends the tokens of every piece of `text`: the same ids, with the bytes they cover.
    pub fn tokens(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut ModelScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        match (self, scratch) {
            (Model::Bpe(bpe), ModelScratch::Bpe(scratch)) => bpe.tokens(text, pieces, scratch, tokens),
            (Model::WordPiece(model), ModelScratch::WordPiece(scratch)) => {
                model.tokens(text, pieces, scratch, tokens)
            }
            (Model::WordLevel(model), _) => model.tokens(text, pieces, tokens),
            (Model::Unigram(model), ModelScratch::Unigram(scratch)) => {
                model.tokens(text, pieces, scratch, tokens)
            }
            _ => Err(foreign_scratch()),
        }
    }
}

/// A scratch of another kind of model: the caller mixed up two tokenizers.
#[cold]
fn foreign_scratch() -> Error {
    Error::unsupported("model", "with another model's scratch")
}
