//! WordPiece: each word greedily from the left, the longest piece first; one place without a
//! match makes the whole word unknown.

mod trie;

use std::sync::Arc;

use crate::config::WordPieceConfig;
use crate::error::{Error, Result};
use crate::models::word_cache::{ID_LIMIT, WordCache};
use crate::models::{ModelToken, cached};
use crate::pieces::Span;
use crate::vocabulary::Vocabulary;

use trie::Trie;

/// A compiled WordPiece model.
#[derive(Debug)]
pub struct WordPiece {
    vocabulary: Arc<Vocabulary>,
    trie: Trie,
    unknown: Option<u32>,
    prefix_len: usize,
    longest: usize,
}

/// A thread's word cache.
#[derive(Debug, Default)]
pub struct WordPieceScratch {
    cache: WordCache,
    ids: Vec<u32>,
}

impl WordPieceScratch {
    pub fn cache_bytes(&self) -> usize {
        self.cache.bytes()
    }
}

impl WordPiece {
    /// # Errors
    /// `Unsupported` if two tokens share an id, or an id is too large for the word cache.
    pub fn compile(config: &WordPieceConfig) -> Result<Self> {
        let vocabulary = Arc::new(config.vocab.clone());
        if vocabulary.shares_ids() {
            return Err(Error::unsupported("model", "WordPiece in which two tokens share an id"));
        }
        if vocabulary.id_bound() >= ID_LIMIT {
            return Err(Error::unsupported("model", "WordPiece with an id of 2^30 or more"));
        }
        // The tries' nodes are numbered with 24 bits.
        if vocabulary.iter().map(|(_, token)| token.len()).sum::<usize>() >= 1 << 23 {
            return Err(Error::unsupported("model", "WordPiece with a vocabulary of over 8 MB"));
        }
        Ok(Self {
            trie: Trie::build(&vocabulary, &config.continuing_subword_prefix),
            unknown: vocabulary.id(&config.unk_token),
            prefix_len: config.continuing_subword_prefix.len(),
            longest: config.max_input_chars_per_word,
            vocabulary,
        })
    }

    pub fn vocabulary(&self) -> &Arc<Vocabulary> {
        &self.vocabulary
    }

    /// Appends the ids of every piece.
    pub fn ids(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut WordPieceScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        cached::encode(&mut scratch.cache, text.as_bytes(), pieces, ids, |word, ids| self.word(word, ids))
    }

    /// Appends the tokens of every piece: a token covers what its string has after the prefix.
    pub fn tokens(
        &self,
        text: &str,
        pieces: &[Span],
        scratch: &mut WordPieceScratch,
        tokens: &mut Vec<ModelToken>,
    ) -> Result<()> {
        let WordPieceScratch { cache, ids } = scratch;
        for (index, &span) in pieces.iter().enumerate() {
            ids.clear();
            cached::encode(cache, text.as_bytes(), &[span], ids, |word, ids| self.word(word, ids))?;
            let piece = index as u32;
            if let [id] = ids[..] {
                // A whole word, or an unknown one: both cover all of it.
                tokens.push(ModelToken { id, start: span.start, end: span.end, piece, surface: false });
                continue;
            }
            let mut start = span.start;
            for &id in ids.iter() {
                let len = self.vocabulary.token(id).map_or(0, str::len);
                let prefix = if start == span.start { 0 } else { self.prefix_len };
                let end = start + len.saturating_sub(prefix) as u32;
                tokens.push(ModelToken { id, start, end, piece, surface: false });
                start = end;
            }
        }
        Ok(())
    }

    /// One word the cache does not know.
    fn word(&self, word: &[u8], ids: &mut Vec<u32>) -> Result<()> {
        let start = ids.len();
        let too_long = word.len() > self.longest && characters(word) > self.longest;
        if too_long || !self.trie.cut(word, ids) {
            ids.truncate(start);
            let missing = || Error::stock("WordPiece error: Missing [UNK] token from the vocabulary");
            ids.push(self.unknown.ok_or_else(missing)?);
        }
        Ok(())
    }
}

fn characters(word: &[u8]) -> usize {
    word.iter().filter(|&&byte| byte & 0xC0 != 0x80).count()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The slow twin: longest match first, by looking every substring up.
    fn naive(config: &WordPieceConfig, word: &str) -> Option<Vec<u32>> {
        let unknown = config.vocab.id(&config.unk_token);
        if word.chars().count() > config.max_input_chars_per_word {
            return unknown.map(|id| vec![id]);
        }
        let (mut ids, mut start) = (Vec::new(), 0);
        while start < word.len() {
            let found =
                (start + 1..=word.len()).rev().filter(|&end| word.is_char_boundary(end)).find_map(|end| {
                    let prefix = if start > 0 { config.continuing_subword_prefix.as_str() } else { "" };
                    config.vocab.id(&format!("{prefix}{}", &word[start..end])).map(|id| (id, end))
                });
            match found {
                Some((id, end)) => {
                    ids.push(id);
                    start = end;
                }
                None => return unknown.map(|id| vec![id]),
            }
        }
        Some(ids)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(500))]
        #[test]
        fn words_are_cut_as_the_slow_twin_cuts_them(
            tokens in prop::collection::vec("[ab\u{e9}#]{0,4}", 0..24),
            words in prop::collection::vec("[ab\u{e9}#c]{1,24}", 1..12),
            prefix in prop::sample::select(vec!["##", "", "#", "ab"]),
            longest in 1..24usize,
            unknown in any::<bool>(),
        ) {
            let mut pairs: Vec<(&str, u32)> = Vec::new();
            for token in &tokens {
                if !pairs.iter().any(|(other, _)| other == token) {
                    pairs.push((token, pairs.len() as u32 * 3));
                }
            }
            if unknown {
                pairs.push(("[UNK]", 1000));
            }
            let config = WordPieceConfig {
                vocab: Vocabulary::from_pairs(pairs),
                unk_token: "[UNK]".into(),
                continuing_subword_prefix: prefix.into(),
                max_input_chars_per_word: longest,
            };
            let model = WordPiece::compile(&config).expect("it compiles");
            let mut scratch = WordPieceScratch::default();
            for word in words.iter().chain(&words) {
                let span = [Span::new(0, word.len())];
                let mut ids = Vec::new();
                let done = model.ids(word, &span, &mut scratch, &mut ids);
                match naive(&config, word) {
                    Some(expected) => {
                        prop_assert_eq!(done, Ok(()));
                        prop_assert_eq!(&ids, &expected, "{}", word);
                        let mut tokens = Vec::new();
                        model.tokens(word, &span, &mut scratch, &mut tokens).expect("as the ids");
                        prop_assert_eq!(tokens.iter().map(|token| token.id).collect::<Vec<_>>(), expected);
                        prop_assert_eq!(tokens.last().map(|token| token.end as usize), Some(word.len()));
                    }
                    None => prop_assert!(done.is_err()),
                }
            }
        }
    }
}
