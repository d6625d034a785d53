//! Added tokens: found in the raw text first, then (those with `normalized`) in the normalized.

use std::sync::Arc;

use crate::config::AddedToken;
use crate::error::Result;
use crate::normalizers::Normalizer;
use crate::vocabulary::Vocabulary;

/// A part of a text: an added token, or what lies between.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Part {
    /// The added token's id, if it is one.
    pub id: Option<u32>,
    pub start: u32,
    pub end: u32,
}

/// The added tokens of a tokenizer, compiled for matching.
#[derive(Debug)]
pub struct AddedVocabulary {}

impl AddedVocabulary {
    /// Compiles the tokens in their order, giving ids as stock does on load: the model's id for
    /// the content, else the next free one. Tokens with `normalized` match their normalized form.
    pub fn compile(
        _tokens: &[AddedToken],
        _vocabulary: &Vocabulary,
        _normalizer: Option<&Normalizer>,
    ) -> Result<Self> {
        Ok(Self {})
    }

    /// The parts of a raw text (first phase). Empty parts may occur, as in stock.
    pub fn split_raw(&self, text: &str, encode_special_tokens: bool, parts: &mut Vec<Part>) -> Result<()> {
        let _ = encode_special_tokens;
        parts.push(Part { id: None, start: 0, end: text.len() as u32 });
        Ok(())
    }

    /// The parts of a normalized text (second phase).
    pub fn split_normalized(
        &self,
        text: &str,
        encode_special_tokens: bool,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let _ = encode_special_tokens;
        parts.push(Part { id: None, start: 0, end: text.len() as u32 });
        Ok(())
    }

    /// Whether the second phase can match anything.
    pub fn has_normalized(&self) -> bool {
        false
    }

    /// Every (id, token), by id.
    pub fn tokens(&self) -> &[(u32, Arc<AddedToken>)] {
        &[]
    }
}
