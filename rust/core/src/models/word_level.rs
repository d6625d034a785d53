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
    /// The unknown token's id; stock looks it up only when it is needed, and then raises.
    unk: Option<u32>,
}

impl WordLevel {
    pub fn compile(config: &WordLevelConfig) -> Result<Self> {
        if config.vocab.shares_ids() {
            return Err(Error::unsupported("model", "WordLevel whose tokens share ids"));
        }
        Ok(Self { unk: config.vocab.id(&config.unk_token), vocabulary: Arc::new(config.vocab.clone()) })
    }

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    #[inline]
    fn id(&self, word: &str) -> Result<u32> {
        self.vocabulary
            .id(word)
            .or(self.unk)
            .ok_or_else(|| Error::stock("WordLevel error: Missing [UNK] token from the vocabulary"))
    }

    /// Appends the ids of every piece.
    pub fn ids(&self, text: &str, pieces: &[Span], ids: &mut Vec<u32>) -> Result<()> {
        for piece in pieces {
            ids.push(self.id(&text[piece.range()])?);
        }
        Ok(())
    }

    /// Appends the token of every piece.
    pub fn tokens(&self, text: &str, pieces: &[Span], tokens: &mut Vec<ModelToken>) -> Result<()> {
        for (index, &piece) in pieces.iter().enumerate() {
            let Span { start, end } = piece;
            let id = self.id(&text[piece.range()])?;
            tokens.push(ModelToken { id, start, end, piece: index as u32, surface: false });
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn model(tokens: &[(&str, u32)]) -> WordLevel {
        let vocab = Vocabulary::from_pairs(tokens.iter().copied());
        WordLevel::compile(&WordLevelConfig { vocab, unk_token: "?".to_owned() }).unwrap()
    }

    #[test]
    fn words_are_looked_up() {
        let (text, pieces) = ("hello you", [Span::new(0, 5), Span::new(6, 9)]);
        let known = model(&[("?", 3), ("you", 9)]);
        let (mut ids, mut tokens) = (Vec::new(), Vec::new());
        known.ids(text, &pieces, &mut ids).unwrap();
        known.tokens(text, &pieces, &mut tokens).unwrap();
        assert_eq!(ids, [3, 9]);
        assert_eq!(tokens[1], ModelToken { id: 9, start: 6, end: 9, piece: 1, surface: false });
        let error = model(&[("you", 0)]).ids(text, &pieces, &mut ids).unwrap_err();
        assert_eq!(error.to_string(), "WordLevel error: Missing [UNK] token from the vocabulary");
    }
}
