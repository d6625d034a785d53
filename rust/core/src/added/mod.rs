//! Added tokens: found in the raw text first, then (those with `normalized`) in the normalized.
//!
//! [`assign`] says which id each token has, `matcher` finds contents (leftmost, then longest),
//! `rules` decides what a found content covers.

pub(crate) mod assign;
mod live;
mod matcher;
mod rules;
#[cfg(test)]
mod tests;
mod trie;

use std::collections::BTreeMap;
use std::sync::Arc;

use hashbrown::{HashMap, HashSet};

use crate::config::AddedToken;
use crate::error::{Error, Result};
use crate::normalizers::Normalizer;
use crate::text::NormalizedText;
use crate::vocabulary::Vocabulary;
use assign::Assigned;
use rules::{Phase, Rule};

pub use live::{LiveToken, LiveTokens};

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
    /// Of some content it is not known whether it was special once.
    unclear: bool,
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

    /// Compiles the tokens of a tokenizer as it has them, which need not be what a reload gives.
    pub fn compile_live(live: &LiveTokens, normalizer: Option<&Normalizer>) -> Result<Self> {
        let mut normalized = HashMap::new();
        let mut special: HashSet<Box<str>> = HashSet::new();
        let mut unclear: HashSet<u32> = HashSet::new();
        let mut by_id = BTreeMap::new();
        for LiveToken { token, text, special: is_special } in &live.tokens {
            let text = match text {
                Some(text) => (*text != token.content).then(|| text.as_str().into()),
                None => normalized_content(token, normalizer)?,
            };
            if let Some(text) = text {
                normalized.insert(token.id, text);
            }
            if token.special || *is_special == Some(true) {
                special.insert(token.content.as_str().into());
            } else if is_special.is_none() {
                unclear.insert(token.id);
            }
            by_id.insert(token.id, token);
        }
        let shadowed = live.shadowed.iter().map(|(content, id)| (content.as_str().into(), *id));
        let own = by_id.iter().map(|(&id, token)| (token.content.as_str().into(), id));
        let ids = shadowed.chain(own).collect();
        let mut added = Self::build(&by_id, ids, normalized, special, &unclear)?;
        added.unclear |= !live.shadowed.is_empty();
        Ok(added)
    }

    fn compile_assigned(assigned: &Assigned<'_>, normalizer: Option<&Normalizer>) -> Result<Self> {
        let mut normalized = HashMap::new();
        let mut special: HashSet<Box<str>> = HashSet::new();
        // Every token that was given an id leaves its normalized form under it, and nobody takes
        // it away: a later token of that id without one inherits it.
        for &(token, id) in &assigned.given {
            if let Some(text) = normalized_content(token, normalizer)? {
                normalized.insert(id, text);
            }
            if token.special {
                special.insert(token.content.as_str().into());
            }
        }
        let ids = assigned.ids.iter().map(|(&content, &id)| (content.into(), id)).collect();
        Self::build(&assigned.by_id, ids, normalized, special, &HashSet::new())
    }

    fn build(
        by_id: &BTreeMap<u32, &AddedToken>,
        ids: HashMap<Box<str>, u32>,
        normalized: HashMap<u32, Box<str>>,
        special: HashSet<Box<str>>,
        unclear: &HashSet<u32>,
    ) -> Result<Self> {
        let rule = |id: u32, token: &AddedToken| Rule {
            id,
            single_word: token.single_word,
            lstrip: token.lstrip,
            rstrip: token.rstrip,
            special: (!unclear.contains(&id)).then(|| special.contains(token.content.as_str())),
        };
        let (mut raw, mut after) = (Vec::new(), Vec::new());
        for (&id, &token) in by_id {
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
            tokens: by_id
                .iter()
                .map(|(&id, &token)| (id, Arc::new(AddedToken { id, ..token.clone() })))
                .collect(),
            ids,
            special,
            unclear: !unclear.is_empty(),
            normalized,
        })
    }

    /// Finds normalized tokens in the form that `other`, the same tokens compiled with another
    /// normalizer, has for them.
    #[must_use]
    pub fn matching_as(self, other: Self) -> Self {
        Self { normalized_phase: other.normalized_phase, ..self }
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

    /// Every (content, id), also of contents whose id another token has now.
    pub fn contents(&self) -> impl Iterator<Item = (&str, u32)> {
        self.ids.iter().map(|(content, &id)| (&**content, id))
    }

    /// The contents of the special tokens.
    pub fn specials(&self) -> impl Iterator<Item = &str> {
        self.special.iter().map(|content| &**content)
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

    /// The contents of all tokens that are special or were; `None` if not all are known.
    pub fn special_contents(&self) -> Option<impl Iterator<Item = &str>> {
        (!self.unclear).then(|| self.special.iter().map(|content| &**content))
    }

    /// Whether a string is a special token's content.
    pub fn is_special(&self, content: &str) -> bool {
        self.special.contains(content)
    }
}

/// What a token with `normalized` is looked for as, if that is not its content.
fn normalized_content(token: &AddedToken, normalizer: Option<&Normalizer>) -> Result<Option<Box<str>>> {
    let Some(normalizer) = normalizer.filter(|_| token.normalized) else { return Ok(None) };
    let mut text = NormalizedText::new(&token.content, 0, false);
    normalizer.normalize(&mut text)?;
    Ok((text.get() != token.content).then(|| text.get().into()))
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
