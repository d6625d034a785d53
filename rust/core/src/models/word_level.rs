//! WordLevel: a piece is a token, or unknown.

use std::sync::Arc;

use crate::config::WordLevelConfig;
use crate::error::{Error, Result};
use crate::models::ModelToken;
use crate::pieces::Span;
use crate::vocabulary::Vocabulary;

/// A compiled WordLevel model.
#[derive(Debug)]
pub struct WordLevel {
    vocabulary: Arc<Vocabulary>,
    unknown: Option<u32>,
}

impl WordLevel {
    /// # Errors
    /// `Unsupported` if two tokens share an id.
    pub fn compile(config: &WordLevelConfig) -> Result<Self> {
        let vocabulary = Arc::new(config.vocab.clone());
        if vocabulary.shares_ids() {
            return Err(Error::unsupported("model", "WordLevel in which two tokens share an id"));
        }
        Ok(Self { unknown: vocabulary.id(&config.unk_token), vocabulary })
    }

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    fn word(&self, word: &str) -> Result<u32> {
        self.vocabulary
            .id(word)
            .or(self.unknown)
            .ok_or_else(|| Error::stock("WordLevel error: Missing [UNK] token from the vocabulary"))
    }

    /// Appends the id of every piece.
    pub fn ids(&self, text: &str, pieces: &[Span], ids: &mut Vec<u32>) -> Result<()> {
        for piece in pieces {
            ids.push(self.word(&text[piece.range()])?);
        }
        Ok(())
    }

    /// Appends the token of every piece.
    pub fn tokens(&self, text: &str, pieces: &[Span], tokens: &mut Vec<ModelToken>) -> Result<()> {
        for (index, span) in pieces.iter().enumerate() {
            let id = self.word(&text[span.range()])?;
            let (start, end) = (span.start, span.end);
            tokens.push(ModelToken { id, start, end, piece: index as u32, surface: false });
        }
        Ok(())
    }
}
