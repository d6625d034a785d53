//! Added tokens: found in the raw text first, then (those with `normalized`) in the normalized.

pub(crate) mod assign;
mod matcher;
mod rules;

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::config::AddedToken;
use crate::error::{Error, Result};
use crate::normalizers::Normalizer;
use crate::text::NormalizedText;
use crate::vocabulary::Vocabulary;

use matcher::Matcher;

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
pub struct AddedVocabulary {
    /// Every (id, token), by id.
    tokens: Vec<(u32, Arc<AddedToken>)>,
    /// Every content's id; a content whose id was given to another token too is still here.
    ids: HashMap<Box<str>, u32>,
    special: HashSet<Box<str>>,
    /// What decoders see of a token that normalization changes.
    normalized: HashMap<u32, Box<str>>,
    /// Values are positions in `tokens`.
    raw: Option<Matcher>,
    after_normalizer: Option<Matcher>,
}

impl AddedVocabulary {
    /// Compiles the tokens in their order, giving ids as stock does on load: the model's id for
    /// the content, else the next free one. Tokens with `normalized` match their normalized form.
    pub fn compile(
        tokens: &[AddedToken],
        vocabulary: &Vocabulary,
        normalizer: Option<&Normalizer>,
    ) -> Result<Self> {
        let assigned = assign::assign(tokens, vocabulary.len(), |content| vocabulary.id(content));
        let mut normalized = HashMap::new();
        let mut special = HashSet::new();
        for &(token, id) in &assigned.given {
            if let (true, Some(normalizer)) = (token.normalized, normalizer) {
                let mut text = NormalizedText::new(&token.content, 0, false);
                normalizer.normalize(&mut text)?;
                if text.get() != token.content {
                    normalized.insert(id, Box::from(text.get()));
                }
            }
            if token.special {
                special.insert(Box::from(token.content.as_str()));
            }
        }
        let tokens: Vec<(u32, Arc<AddedToken>)> =
            assigned.by_id.iter().map(|(&id, &token)| (id, Arc::new(token.clone()))).collect();
        let (mut raw, mut after_normalizer) = (Vec::new(), Vec::new());
        for (position, (id, token)) in tokens.iter().enumerate() {
            let value = position as u32;
            if token.normalized {
                let content = normalized.get(id).map_or(token.content.as_str(), |text| text);
                after_normalizer.push((content.as_bytes().into(), value));
            } else {
                raw.push((token.content.as_bytes().into(), value));
            }
        }
        let build = |strings: Vec<(Box<[u8]>, u32)>| match strings.is_empty() {
            true => Ok(None),
            false => Matcher::build(strings).map(Some),
        };
        Ok(Self {
            raw: build(raw)?,
            after_normalizer: build(after_normalizer)?,
            ids: assigned.ids.iter().map(|(&content, &id)| (content.into(), id)).collect(),
            special,
            normalized,
            tokens,
        })
    }

    /// The parts of a raw text (first phase). Parts may be empty, and may overlap, as in stock.
    ///
    /// # Errors
    /// `WouldPanic` where stock panics: a token whose start its own `lstrip` moved past its end.
    pub fn split_raw(&self, text: &str, encode_special_tokens: bool, parts: &mut Vec<Part>) -> Result<()> {
        self.split(self.raw.as_ref(), text, encode_special_tokens, parts)
    }

    /// The parts of a normalized text (second phase).
    ///
    /// # Errors
    /// As [`split_raw`](Self::split_raw).
    pub fn split_normalized(
        &self,
        text: &str,
        encode_special_tokens: bool,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        self.split(self.after_normalizer.as_ref(), text, encode_special_tokens, parts)
    }

    fn split(
        &self,
        matcher: Option<&Matcher>,
        text: &str,
        encode_special_tokens: bool,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        let mut done = 0;
        if let Some(matcher) = matcher {
            matcher.each(text.as_bytes(), |found| {
                let (id, token) = &self.tokens[found.value as usize];
                let (mut start, mut end) = (found.start, found.end);
                if encode_special_tokens && self.special.contains(token.content.as_str()) {
                    return Ok(());
                }
                if token.single_word
                    && (rules::ends_with_word(&text[..start]) || rules::starts_with_word(&text[end..]))
                {
                    return Ok(());
                }
                if token.lstrip {
                    // What the token before has taken stays its own.
                    start = rules::space_at_end(&text[..start]).max(done);
                }
                if token.rstrip {
                    end += rules::space_at_start(&text[end..]);
                }
                if start > end {
                    return Err(Error::would_panic("an added token's start lies past its end"));
                }
                if done < start {
                    parts.push(part(None, done, start));
                }
                parts.push(part(Some(*id), start, end));
                done = end;
                Ok(())
            })?;
        }
        if done != text.len() {
            parts.push(part(None, done, text.len()));
        }
        Ok(())
    }

    /// Whether the second phase can match anything.
    pub fn has_normalized(&self) -> bool {
        self.after_normalizer.is_some()
    }

    /// Every (id, token), by id.
    pub fn tokens(&self) -> &[(u32, Arc<AddedToken>)] {
        &self.tokens
    }

    /// The id of an added token's content.
    pub fn token_to_id(&self, content: &str) -> Option<u32> {
        self.ids.get(content).copied()
    }

    /// The added token with this id.
    pub fn id_to_token(&self, id: u32) -> Option<&AddedToken> {
        let at = self.tokens.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        Some(&self.tokens[at].1)
    }

    /// The string that decoders see of an added token: its normalized form where that differs.
    pub fn decoded_token(&self, id: u32) -> Option<&str> {
        let token = self.id_to_token(id)?;
        Some(self.normalized.get(&id).map_or(token.content.as_str(), |text| text))
    }

    /// Whether a string is the content of a special token.
    pub fn is_special(&self, content: &str) -> bool {
        self.special.contains(content)
    }
}

fn part(id: Option<u32>, start: usize, end: usize) -> Part {
    Part { id, start: start as u32, end: end as u32 }
}
