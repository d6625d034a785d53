//! Added tokens: found in the raw text first, then (those with `normalized`) in the normalized.
//!
//! [`assign`] says which id each token has, `matcher` finds contents (leftmost, then longest),
//! `rules` decides what a found content covers.

pub(crate) mod assign;
mod matcher;
mod rules;
#[cfg(test)]
mod tests;
mod trie;

use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::config::AddedToken;
use crate::error::{Error, Result};
use crate::normalizers::Normalizer;
use crate::text::NormalizedText;
use crate::vocabulary::Vocabulary;
use assign::Assigned;
use rules::{Phase, Rule};

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
    /// By id.
    tokens: Vec<(u32, Arc<AddedToken>)>,
    ids: HashMap<Box<str>, u32>,
    special: HashSet<Box<str>>,
    /// By id: the normalized content, where it is not the content.
    normalized: HashMap<u32, Box<str>>,
    raw_phase: Option<Phase>,
    normalized_phase: Option<Phase>,
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
        Self::compile_assigned(&assigned, normalizer)
    }

    /// Compiles tokens with the ids they carry: those of a tokenizer that has been added to,
    /// whose ids need not be the ones a reload would give.
    pub fn compile_with_ids(tokens: &[AddedToken], normalizer: Option<&Normalizer>) -> Result<Self> {
        let mut assigned = Assigned::default();
        for token in tokens {
            assigned.give(token, token.id);
        }
        Self::compile_assigned(&assigned, normalizer)
    }

    fn compile_assigned(assigned: &Assigned<'_>, normalizer: Option<&Normalizer>) -> Result<Self> {
        let mut normalized: HashMap<u32, Box<str>> = HashMap::new();
        let mut special: HashSet<Box<str>> = HashSet::new();
        // Every token that was given an id leaves its normalized form under it, and nobody takes
        // it away: a later token of that id without one inherits it.
        for &(token, id) in &assigned.given {
            if token.normalized
                && let Some(normalizer) = normalizer
            {
                let mut text = NormalizedText::new(&token.content, 0, false);
                normalizer.normalize(&mut text)?;
                if text.get() != token.content {
                    normalized.insert(id, text.get().into());
                }
            }
            if token.special {
                special.insert(token.content.as_str().into());
            }
        }
        let rule = |id: u32, token: &AddedToken| Rule {
            id,
            single_word: token.single_word,
            lstrip: token.lstrip,
            rstrip: token.rstrip,
            special: special.contains(token.content.as_str()),
        };
        let (mut raw, mut after) = (Vec::new(), Vec::new());
        for (&id, &token) in &assigned.by_id {
            if token.normalized {
                let pattern = normalized.get(&id).map_or(token.content.as_str(), |text| text);
                after.push((pattern, rule(id, token)));
            } else {
                raw.push((token.content.as_str(), rule(id, token)));
            }
        }
        Ok(Self {
            raw_phase: Phase::compile(raw)?,
            normalized_phase: Phase::compile(after)?,
            tokens: assigned
                .by_id
                .iter()
                .map(|(&id, &token)| (id, Arc::new(AddedToken { id, ..token.clone() })))
                .collect(),
            ids: assigned.ids.iter().map(|(&content, &id)| (content.into(), id)).collect(),
            special,
            normalized,
        })
    }

    /// Appends the parts of a raw text (first phase). Empty parts may occur, as in stock.
    pub fn split_raw(&self, text: &str, encode_special_tokens: bool, parts: &mut Vec<Part>) -> Result<()> {
        split(self.raw_phase.as_ref(), text, encode_special_tokens, parts)
    }

    /// Appends the parts of a normalized text (second phase).
    pub fn split_normalized(
        &self,
        text: &str,
        encode_special_tokens: bool,
        parts: &mut Vec<Part>,
    ) -> Result<()> {
        split(self.normalized_phase.as_ref(), text, encode_special_tokens, parts)
    }

    /// Whether the first phase can match anything.
    pub fn has_raw(&self) -> bool {
        self.raw_phase.is_some()
    }

    /// Whether the second phase can match anything.
    pub fn has_normalized(&self) -> bool {
        self.normalized_phase.is_some()
    }

    /// Every (id, token), by id; each token's own `id` is this one too.
    pub fn tokens(&self) -> &[(u32, Arc<AddedToken>)] {
        &self.tokens
    }

    /// The id of an added content.
    pub fn token_to_id(&self, content: &str) -> Option<u32> {
        self.ids.get(content).copied()
    }

    /// The added token with this id.
    pub fn id_to_token(&self, id: u32) -> Option<&Arc<AddedToken>> {
        let place = self.tokens.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        Some(&self.tokens[place].1)
    }

    /// The string an added id has when it is decoded, and in an encoding's tokens: the normalized
    /// content if that differs from the content.
    pub fn decoded(&self, id: u32) -> Option<&str> {
        let token = self.id_to_token(id)?;
        Some(self.normalized.get(&id).map_or(token.content.as_str(), |text| text))
    }

    /// Whether a string is a special token's content.
    pub fn is_special(&self, content: &str) -> bool {
        self.special.contains(content)
    }
}

fn split(
    phase: Option<&Phase>,
    text: &str,
    encode_special_tokens: bool,
    parts: &mut Vec<Part>,
) -> Result<()> {
    match phase {
        Some(phase) if !text.is_empty() => phase.split(text, encode_special_tokens, parts),
        _ => {
            parts.push(Part { id: None, start: 0, end: text.len() as u32 });
            Ok(())
        }
    }
}

/// Added tokens between which stock's choice depends on the order of a hash map.
fn ambiguous(pattern: &str) -> Error {
    Error::unsupported("added_tokens", format!("two tokens that match {pattern:?}"))
}
