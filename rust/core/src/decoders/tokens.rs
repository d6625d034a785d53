//! What string an id stands for when it is decoded.

use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashSet};

use crate::vocabulary::Vocabulary;

/// The token strings of a tokenizer's ids, added tokens included.
#[derive(Debug, Default)]
pub struct DecodeTokens {
    vocabulary: Arc<Vocabulary>,
    /// Ids whose string is not the vocabulary's.
    added: HashMap<u32, Box<str>, FixedState>,
    /// One bit an id: its string is a special token's.
    special: Vec<u64>,
    bound: usize,
}

impl DecodeTokens {
    /// `added`: each added token's id with the string it is decoded from. That is its content; from
    /// tokenizers 0.23 on, of a token with `normalized`, the normalized content.
    /// `special`: the contents of the special tokens. Which ids are skipped is decided by comparing
    /// these with the strings above, as stock does.
    pub fn new<'a>(
        vocabulary: Arc<Vocabulary>,
        added: impl IntoIterator<Item = (u32, String)>,
        special: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let added: HashMap<u32, Box<str>, FixedState> =
            added.into_iter().map(|(id, token)| (id, token.into_boxed_str())).collect();
        let highest = added.keys().copied().max().map_or(0, |id| id as usize + 1);
        let bound = vocabulary.id_bound().max(highest);
        let mut tokens = Self { vocabulary, added, special: vec![0; bound.div_ceil(64)], bound };
        tokens.mark(&special.into_iter().collect());
        tokens
    }

    fn mark(&mut self, special: &HashSet<&str, FixedState>) {
        let Self { vocabulary, added, special: bits, .. } = self;
        let mut set = |id: u32| bits[id as usize / 64] |= 1 << (id % 64);
        added.iter().filter(|(_, token)| special.contains(&***token)).for_each(|(&id, _)| set(id));
        if vocabulary.distinct_len() < vocabulary.len() {
            // A token listed twice is special under both ids.
            let of_model =
                vocabulary.iter().filter(|(id, token)| special.contains(token) && !added.contains_key(id));
            of_model.for_each(|(id, _)| set(id));
        } else {
            let of_model = special.iter().filter_map(|token| vocabulary.id(token));
            of_model.filter(|id| !added.contains_key(id)).for_each(set);
        }
    }

    /// The string of an id; `None` for an id that is nobody's: such ids are left out.
    pub fn token(&self, id: u32) -> Option<&str> {
        match self.added.get(&id) {
            Some(token) => Some(token),
            None => self.vocabulary.token(id),
        }
    }

    /// Whether the id is left out with `skip_special_tokens`.
    #[inline]
    pub fn is_special(&self, id: u32) -> bool {
        self.special.get(id as usize / 64).is_some_and(|bits| bits >> (id % 64) & 1 == 1)
    }

    /// One more than the highest id.
    pub fn id_bound(&self) -> usize {
        self.bound
    }
}
