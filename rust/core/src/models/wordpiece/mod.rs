//! WordPiece: the longest token from the left, again and again.
//!
//! A word is asked for in the thread's word cache first; `trie` matches those it does not know.

mod encode;
mod naive;
#[cfg(test)]
mod tests;
mod trie;

use std::sync::Arc;

use crate::config::WordPieceConfig;
use crate::error::{Error, Result};
use crate::models::word_cache::{ID_LIMIT, WordCache};
use crate::vocabulary::Vocabulary;

use trie::Trie;

/// A compiled WordPiece model.
#[derive(Debug)]
pub struct WordPiece {
    vocabulary: Arc<Vocabulary>,
    /// Absent for odd vocabularies, whose words are matched naively.
    trie: Option<Trie>,
    /// The unknown token's id; stock looks it up only when it is needed, and then raises.
    unk: Option<u32>,
    /// Words of more characters are unknown.
    max_chars: usize,
    /// What continuing tokens are written with.
    prefix: String,
}

/// A thread's buffers and word cache.
#[derive(Debug, Default)]
pub struct WordPieceScratch {
    cache: WordCache,
    ids: Vec<u32>,
    /// How many ids there are after each piece.
    ends: Vec<usize>,
}

impl WordPieceScratch {
    /// Bytes held by the word cache.
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }
}

impl WordPiece {
    pub fn compile(config: &WordPieceConfig) -> Result<Self> {
        let vocabulary = &config.vocab;
        if vocabulary.shares_ids() {
            return Err(Error::unsupported("model", "WordPiece whose tokens share ids"));
        }
        if vocabulary.id_bound() > ID_LIMIT {
            return Err(Error::unsupported("model", "WordPiece with ids above 2^29"));
        }
        Ok(Self {
            trie: Trie::new(vocabulary, &config.continuing_subword_prefix),
            unk: vocabulary.id(&config.unk_token),
            max_chars: config.max_input_chars_per_word,
            prefix: config.continuing_subword_prefix.clone(),
            vocabulary: Arc::new(vocabulary.clone()),
        })
    }

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    pub fn scratch(&self) -> WordPieceScratch {
        WordPieceScratch::default()
    }

    /// The ids of one word, matched anew.
    fn word(&self, word: &[u8], ids: &mut Vec<u32>) -> Result<()> {
        let start = ids.len();
        if word.is_empty() {
            return Ok(());
        }
        let characters = || word.iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
        // A character is at least one byte, so most words need no counting.
        let too_long = word.len() > self.max_chars && characters() > self.max_chars;
        let known = !too_long
            && match &self.trie {
                Some(trie) => trie.tokens(word, ids),
                None => std::str::from_utf8(word)
                    .is_ok_and(|word| naive::append(&self.vocabulary, &self.prefix, word, ids)),
            };
        if !known {
            ids.truncate(start);
            ids.push(self.unk.ok_or_else(missing_unk)?);
        }
        Ok(())
    }
}

fn missing_unk() -> Error {
    Error::stock("WordPiece error: Missing [UNK] token from the vocabulary")
}
