//! Which id each added token gets, as stock gives them when a file is loaded.
//!
//! The file's ids are ignored. In the file's order: an empty content is dropped, an exact
//! repetition skipped; a content known already (as an added token, or to the model) has that id;
//! any other takes the next number, counted from the model's number of tokens. So numbers can
//! collide with the model's own when its ids have holes, and a later token then takes over what
//! an id means.

use std::collections::BTreeMap;

use hashbrown::HashMap;

use crate::config::{AddedToken, ModelConfig};
use crate::vocabulary::Vocabulary;

/// Added tokens with their ids.
#[derive(Debug, Default)]
pub(crate) struct Assigned<'a> {
    /// Every content's id.
    pub ids: HashMap<&'a str, u32>,
    /// What each id stands for: the last token that was given it.
    pub by_id: BTreeMap<u32, &'a AddedToken>,
    /// Every (token, id) that took effect, in the file's order.
    pub given: Vec<(&'a AddedToken, u32)>,
}

/// `model_id` and `model_len` are the model's look-up and number of tokens.
pub(crate) fn assign<'a>(
    tokens: &'a [AddedToken],
    model_len: usize,
    model_id: impl Fn(&str) -> Option<u32>,
) -> Assigned<'a> {
    let mut assigned = Assigned::default();
    let mut next = model_len as u32;
    for token in tokens {
        let content = token.content.as_str();
        if content.is_empty() {
            continue;
        }
        let known = assigned.ids.get(content).copied();
        if known.is_some_and(|id| assigned.by_id.get(&id).is_some_and(|other| same(other, token))) {
            continue;
        }
        let id = known.or_else(|| model_id(content)).unwrap_or_else(|| {
            next = next.wrapping_add(1);
            next.wrapping_sub(1)
        });
        assigned.give(token, id);
    }
    assigned
}

impl<'a> Assigned<'a> {
    /// Lets a token have an id, whatever that id stood for before.
    pub fn give(&mut self, token: &'a AddedToken, id: u32) {
        self.ids.insert(&token.content, id);
        self.by_id.insert(id, token);
        self.given.push((token, id));
    }
}

/// The same but for the file's id.
fn same(a: &AddedToken, b: &AddedToken) -> bool {
    a.content == b.content
        && (a.single_word, a.lstrip, a.rstrip, a.normalized, a.special)
            == (b.single_word, b.lstrip, b.rstrip, b.normalized, b.special)
}

/// The tokens as stock writes them back: with their ids, by id.
pub(crate) fn written(tokens: &[AddedToken], model: &ModelConfig) -> Vec<AddedToken> {
    let assigned = match model {
        ModelConfig::Bpe(bpe) => assign_to(tokens, &bpe.vocab),
        ModelConfig::WordPiece(word_piece) => assign_to(tokens, &word_piece.vocab),
        ModelConfig::WordLevel(word_level) => assign_to(tokens, &word_level.vocab),
        ModelConfig::Unigram(unigram) => {
            let ids: HashMap<&str, u32> = unigram
                .pieces
                .iter()
                .enumerate()
                .map(|(id, (piece, _))| (piece.as_str(), id as u32))
                .collect();
            assign(tokens, unigram.pieces.len(), |content| ids.get(content).copied())
        }
    };
    assigned.by_id.iter().map(|(&id, &token)| AddedToken { id, ..token.clone() }).collect()
}

fn assign_to<'a>(tokens: &'a [AddedToken], vocabulary: &Vocabulary) -> Assigned<'a> {
    assign(tokens, vocabulary.len(), |content| vocabulary.id(content))
}
