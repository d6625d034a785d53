//! A tokenizer's way back: its decoder, and the look-ups of tokens and ids.

use std::sync::OnceLock;

use crate::config::DecoderConfig;
use crate::decoders::{DecodeTokens, IdDecoder};
use crate::error::{Error, Result};
use crate::options::Semantics;
use crate::plan::Plan;
use crate::tokenizer::Tokenizer;

/// Decoding keeps arrays by id.
const ID_LIMIT: usize = 1 << 24;

/// What a tokenizer decodes with, compiled when it is first asked for: most tokenizers only encode.
#[derive(Debug)]
pub(crate) struct Decoding {
    config: Option<DecoderConfig>,
    semantics: Semantics,
    compiled: OnceLock<Result<IdDecoder>>,
    /// The number of tokens, added ones among them.
    size: OnceLock<usize>,
}

impl Decoding {
    pub(crate) fn new(config: Option<&DecoderConfig>, semantics: Semantics) -> Self {
        Self { config: config.cloned(), semantics, compiled: OnceLock::new(), size: OnceLock::new() }
    }

    /// The string an added token is decoded from: its content; from 0.23 on, of a token with
    /// `normalized`, what the normalizer makes of it.
    fn tokens(&self, plan: &Plan) -> DecodeTokens {
        let normalized = self.semantics.version >= (0, 23, 0);
        let added = plan.added.tokens().iter().map(|(id, token)| {
            let decoded = if normalized { plan.added.decoded(*id) } else { None };
            (*id, decoded.unwrap_or(&token.content).to_string())
        });
        DecodeTokens::new(plan.model.model.vocabulary().clone(), added, plan.added.specials())
    }

    fn decoder(&self, plan: &Plan) -> &Result<IdDecoder> {
        self.compiled.get_or_init(|| {
            let highest = plan.added.tokens().last().map_or(0, |(id, _)| *id as usize);
            if plan.model.model.vocabulary().id_bound().max(highest) > ID_LIMIT {
                return Err(Error::unsupported("decoder", "over ids that are far apart"));
            }
            IdDecoder::compile(self.config.as_ref(), self.tokens(plan))
        })
    }

    /// Bytes held for decoding at present.
    pub(crate) fn cache_bytes(&self) -> usize {
        match self.compiled.get() {
            Some(Ok(decoder)) => decoder.cache_bytes(),
            _ => 0,
        }
    }
}

impl Tokenizer {
    /// What turns ids into text; an error if the engine does not run this decoder.
    pub fn decoder(&self) -> Result<&IdDecoder> {
        self.decoding().decoder(self.plan()).as_ref().map_err(Clone::clone)
    }

    /// The id of a token, added ones first.
    pub fn token_to_id(&self, token: &str) -> Option<u32> {
        self.plan().added.token_to_id(token).or_else(|| self.vocabulary().id(token))
    }

    /// How many tokens there are. With added ones stock counts differently from 0.23 on where a
    /// Unigram lists a token twice.
    pub fn vocab_size(&self, with_added_tokens: bool) -> usize {
        let vocabulary = self.vocabulary();
        if !with_added_tokens {
            return vocabulary.len();
        }
        *self.decoding().size.get_or_init(|| {
            let counts_places = self.decoding().semantics.version >= (0, 23, 0);
            let base = if counts_places { vocabulary.len() } else { vocabulary.distinct_len() };
            base + self.plan().added.contents().filter(|(token, _)| vocabulary.id(token).is_none()).count()
        })
    }

    /// Every (token, id) as stock's `get_vocab` maps them, by id, added ones behind; of a token that
    /// occurs more than once the last one counts.
    pub fn vocab(&self, with_added_tokens: bool) -> impl Iterator<Item = (&str, u32)> {
        let mut added: Vec<_> =
            with_added_tokens.then(|| self.plan().added.contents()).into_iter().flatten().collect();
        added.sort_unstable_by_key(|&(token, id)| (id, token));
        self.vocabulary().iter().map(|(id, token)| (token, id)).chain(added)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokenizer(version: (u32, u32, u32), model: &str) -> Tokenizer {
        let token = |content: &str, special: bool, normalized: bool| {
            format!(
                r#"{{"id":0,"content":"{content}","single_word":false,"lstrip":false,"rstrip":false,"normalized":{normalized},"special":{special}}}"#
            )
        };
        let added = [token("UP", false, true), token("a", true, false), token("S", true, true)].join(",");
        let json = format!(
            r#"{{"version":"1.0","truncation":null,"padding":null,"added_tokens":[{added}],"normalizer":{{"type":"Lowercase"}},"pre_tokenizer":null,"post_processor":null,"decoder":null,"model":{model}}}"#
        );
        Tokenizer::from_json(json.as_bytes(), Semantics { version }).unwrap()
    }

    const WORDS: &str = r#"{"type":"WordLevel","vocab":{"a":0,"b":3,"up":4},"unk_token":"a"}"#;
    const TWICE: &str =
        r#"{"type":"Unigram","unk_id":0,"vocab":[["x",0.0],["a",-1.0],["b",-2.0],["a",-3.0]]}"#;

    #[test]
    fn versions_decode_normalized_tokens_each_in_its_way() {
        // Ids: UP 3 (b's, as the vocabulary has three tokens), a 0, S 4.
        let decode = |version, skip| {
            tokenizer(version, WORDS).decoder().unwrap().decode(&[3, 0, 4, 9, 5], skip).unwrap()
        };
        assert_eq!(decode((0, 23, 3), false), "up a s");
        assert_eq!(decode((0, 22, 2), false), "UP a S");
        // Which are special is a question of their strings.
        assert_eq!(decode((0, 23, 3), true), "up s");
        assert_eq!(decode((0, 22, 2), true), "UP");
    }

    #[test]
    fn look_ups_put_added_tokens_first() {
        let tokenizer = tokenizer((0, 23, 3), WORDS);
        let ids: Vec<_> = ["UP", "a", "S", "b", "up", "s"].map(|token| tokenizer.token_to_id(token)).into();
        assert_eq!(ids, [Some(3), Some(0), Some(4), Some(3), Some(4), None]);
        assert_eq!((tokenizer.vocab_size(false), tokenizer.vocab_size(true)), (3, 5));
        assert_eq!(tokenizer.vocab(false).collect::<Vec<_>>(), [("a", 0), ("b", 3), ("up", 4)]);
        let mut all: Vec<_> = tokenizer.vocab(true).collect();
        all.sort_unstable();
        assert_eq!(all, [("S", 4), ("UP", 3), ("a", 0), ("a", 0), ("b", 3), ("up", 4)]);
    }

    #[test]
    fn a_token_listed_twice_is_special_twice_and_counted_by_version() {
        let new = tokenizer((0, 23, 3), TWICE);
        assert_eq!((new.vocab_size(false), new.vocab_size(true)), (4, 6));
        assert_eq!(tokenizer((0, 22, 2), TWICE).vocab_size(true), 5);
        let decoder = new.decoder().unwrap();
        assert_eq!(decoder.decode(&[0, 1, 2, 3], true).unwrap(), "x b");
        assert_eq!(decoder.decode(&[0, 1, 2, 3], false).unwrap(), "x a b a");
    }
}
