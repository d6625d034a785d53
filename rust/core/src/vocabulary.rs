//! Token strings and ids of a model, stored once in one arena.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::{HashMap, HashTable};

/// Maps token -> id and id -> token. Ids may have holes.
///
/// Space: the strings once, 8 bytes an id, 5–9 bytes a hash slot.
#[derive(Debug, Default, Clone)]
pub struct Vocabulary {
    arena: String,
    /// By id: start and end in the arena; `u32::MAX` marks a hole.
    ranges: Vec<(u32, u32)>,
    /// Ids, hashed by their string.
    table: HashTable<u32>,
    /// Tokens, which may be more than ids when two strings share one.
    len: usize,
    /// What the arrays above cannot hold; nearly always absent.
    odd: Option<Box<Odd>>,
}

/// Tokens apart from the arrays, so that no odd file costs the others anything.
#[derive(Debug, Default, Clone)]
struct Odd {
    /// Strings whose id is not theirs alone, or too far from the others for an array.
    ids: HashMap<Box<str>, u32>,
    /// Ids too far for the array, in order, with their token.
    far: Vec<(u32, Box<str>)>,
    shares_ids: bool,
}

const HASHER: FixedState = FixedState::with_seed(0x6275_6474);
const HOLE: (u32, u32) = (u32::MAX, u32::MAX);

/// The array of ids may be this large, or 16 times the number of tokens.
const NEAR_IDS: usize = 1 << 22;

/// Takes tokens one by one: their text is appended to the arena, then their id is given.
#[derive(Debug, Default, Clone)]
pub struct VocabularyBuilder {
    arena: String,
    /// Id and end in the arena; each token starts where the one before ends.
    entries: Vec<(u32, u32)>,
}

impl VocabularyBuilder {
    /// Where the next token's text is appended.
    pub fn arena(&mut self) -> &mut String {
        &mut self.arena
    }

    /// Makes what was appended since the last call a token with this id.
    pub fn finish_token(&mut self, id: u32) {
        self.entries.push((id, self.arena.len() as u32));
    }

    /// Builds the tables; a token given twice keeps its last id, as a map would.
    pub fn build(self) -> Vocabulary {
        let near = NEAR_IDS.max(self.entries.len().saturating_mul(16));
        let bound = self.entries.iter().map(|&(id, _)| id as usize + 1).filter(|&bound| bound <= near).max();
        let mut vocabulary = Vocabulary {
            arena: self.arena,
            ranges: vec![HOLE; bound.unwrap_or(0)],
            table: HashTable::with_capacity(self.entries.len()),
            len: 0,
            odd: None,
        };
        let mut start = 0;
        for (id, end) in self.entries {
            vocabulary.insert(start, end, id);
            start = end;
        }
        vocabulary.sort_far();
        vocabulary
    }
}

impl Vocabulary {
    /// Builds from (token, id) pairs; a token given twice keeps its last id, as a map would.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut builder = VocabularyBuilder::default();
        for (token, id) in pairs {
            builder.arena().push_str(token);
            builder.finish_token(id);
        }
        builder.build()
    }

    /// Builds from a list in which a token's place is its id, as Unigram's is. A token listed
    /// twice has its last id, both ids have the token, and both count.
    pub fn from_list<'a>(tokens: impl IntoIterator<Item = &'a str>) -> Self {
        let tokens = tokens.into_iter();
        let (count, _) = tokens.size_hint();
        let mut vocabulary = Self {
            ranges: Vec::with_capacity(count),
            table: HashTable::with_capacity(count),
            ..Self::default()
        };
        for (id, token) in tokens.enumerate() {
            let start = vocabulary.arena.len() as u32;
            vocabulary.arena.push_str(token);
            vocabulary.ranges.push((start, vocabulary.arena.len() as u32));
            let hash = HASHER.hash_one(token);
            let (arena, ranges) = (&vocabulary.arena, &vocabulary.ranges);
            match vocabulary.table.find_mut(hash, |&other| text(arena, ranges, other) == token) {
                Some(slot) => *slot = id as u32,
                None => {
                    let rehash = |&other: &u32| HASHER.hash_one(text(arena, ranges, other));
                    vocabulary.table.insert_unique(hash, id as u32, rehash);
                }
            }
        }
        vocabulary.len = vocabulary.ranges.len();
        vocabulary
    }

    /// Gives the token at `start..end` of the arena an id.
    fn insert(&mut self, start: u32, end: u32, id: u32) {
        let Self { arena, ranges, table, .. } = self;
        let token = &arena[start as usize..end as usize];
        let hash = HASHER.hash_one(token);
        let earlier = table.find_entry(hash, |&other| text(arena, ranges, other) == token);
        if let Ok(entry) = earlier {
            let other = *entry.get();
            if other == id {
                return;
            }
            entry.remove();
            ranges[other as usize] = HOLE;
            self.len -= 1;
        } else if let Some(odd) = &mut self.odd
            && odd.ids.remove(token).is_some()
        {
            odd.far.retain(|(_, other)| **other != *token);
            self.len -= 1;
        }
        self.len += 1;
        match ranges.get_mut(id as usize) {
            Some(range) if *range == HOLE => {
                *range = (start, end);
                let rehash = |&other: &u32| HASHER.hash_one(text(arena, ranges, other));
                table.insert_unique(hash, id, rehash);
            }
            // Stock keeps both strings and its id -> token map depends on its hash order; such a
            // vocabulary is not run by the engine (see `shares_ids`).
            Some(_) => {
                let odd = self.odd.get_or_insert_default();
                odd.shares_ids = true;
                odd.ids.insert(token.into(), id);
            }
            None => {
                let odd = self.odd.get_or_insert_default();
                odd.ids.insert(token.into(), id);
                odd.far.push((id, token.into()));
            }
        }
    }

    /// Orders the far ids and keeps the first token of each.
    fn sort_far(&mut self) {
        if let Some(odd) = &mut self.odd {
            odd.far.sort_by_key(|&(id, _)| id);
            let before = odd.far.len();
            odd.far.dedup_by_key(|&mut (id, _)| id);
            odd.shares_ids |= odd.far.len() != before;
        }
    }

    /// The id of a token.
    #[inline]
    pub fn id(&self, token: &str) -> Option<u32> {
        let (arena, ranges) = (&self.arena, &self.ranges);
        let id = self.table.find(HASHER.hash_one(token), |&id| text(arena, ranges, id) == token);
        match (id, &self.odd) {
            (Some(&id), _) => Some(id),
            (None, Some(odd)) => odd.ids.get(token).copied(),
            (None, None) => None,
        }
    }

    /// The token with this id.
    #[inline]
    pub fn token(&self, id: u32) -> Option<&str> {
        match (self.ranges.get(id as usize), &self.odd) {
            (Some(&range), _) if range != HOLE => Some(&self.arena[range.0 as usize..range.1 as usize]),
            (None, Some(odd)) => {
                let place = odd.far.binary_search_by_key(&id, |&(id, _)| id).ok()?;
                Some(&odd.far[place].1)
            }
            _ => None,
        }
    }

    /// How many tokens there are (holes not counted).
    pub fn len(&self) -> usize {
        self.len
    }

    /// How many different tokens there are: fewer than [`len`](Self::len) if some are listed twice.
    pub fn distinct_len(&self) -> usize {
        self.table.len() + self.odd.as_ref().map_or(0, |odd| odd.ids.len())
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more than the highest id.
    pub fn id_bound(&self) -> usize {
        match &self.odd {
            Some(odd) => odd.far.last().map_or(self.ranges.len(), |&(id, _)| id as usize + 1),
            None => self.ranges.len(),
        }
    }

    /// Whether two different strings were given the same id.
    pub fn shares_ids(&self) -> bool {
        self.odd.as_ref().is_some_and(|odd| odd.shares_ids)
    }

    /// Whether some id is so far from the others that arrays by id would be wasteful.
    pub fn has_far_ids(&self) -> bool {
        self.odd.as_ref().is_some_and(|odd| !odd.far.is_empty())
    }

    /// Every (id, token), by id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        let near = (0..self.ranges.len() as u32).filter_map(|id| self.token(id).map(|token| (id, token)));
        let far = self.odd.iter().flat_map(|odd| odd.far.iter().map(|(id, token)| (*id, &**token)));
        near.chain(far)
    }
}

#[inline]
fn text<'a>(arena: &'a str, ranges: &[(u32, u32)], id: u32) -> &'a str {
    let (start, end) = ranges[id as usize];
    &arena[start as usize..end as usize]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_both_ways_with_holes() {
        let vocabulary = Vocabulary::from_pairs([("a", 0), ("b", 3), ("", 2)]);
        assert_eq!(vocabulary.id("b"), Some(3));
        assert_eq!(vocabulary.id(""), Some(2));
        assert_eq!(vocabulary.id("c"), None);
        assert_eq!(vocabulary.token(1), None);
        assert_eq!((vocabulary.len(), vocabulary.id_bound()), (3, 4));
        assert_eq!(vocabulary.iter().collect::<Vec<_>>(), [(0, "a"), (2, ""), (3, "b")]);
    }

    #[test]
    fn a_token_given_twice_keeps_its_last_id() {
        let vocabulary = Vocabulary::from_pairs([("a", 0), ("b", 1), ("a", 2), ("b", 1)]);
        assert_eq!(
            (vocabulary.id("a"), vocabulary.token(0), vocabulary.token(2)),
            (Some(2), None, Some("a"))
        );
        assert_eq!(vocabulary.len(), 2);
        assert!(!vocabulary.shares_ids());
    }

    #[test]
    fn strings_that_share_an_id_are_both_found() {
        let vocabulary = Vocabulary::from_pairs([("a", 0), ("b", 0), ("b", 0), ("c", 1)]);
        assert!(vocabulary.shares_ids());
        assert_eq!((vocabulary.id("a"), vocabulary.id("b")), (Some(0), Some(0)));
        assert_eq!((vocabulary.token(0), vocabulary.len()), (Some("a"), 3));
    }

    #[test]
    fn far_ids_cost_no_array() {
        let vocabulary = Vocabulary::from_pairs([("a", 0), ("z", u32::MAX), ("y", u32::MAX - 1)]);
        assert_eq!(vocabulary.token(u32::MAX), Some("z"));
        assert_eq!(vocabulary.id("y"), Some(u32::MAX - 1));
        assert!(vocabulary.has_far_ids() && !vocabulary.shares_ids());
        assert_eq!(vocabulary.iter().map(|(id, _)| id).collect::<Vec<_>>(), [0, u32::MAX - 1, u32::MAX]);
        assert_eq!(vocabulary.id_bound(), 1 << 32);
    }

    #[test]
    fn a_list_gives_repeated_tokens_their_last_place() {
        let vocabulary = Vocabulary::from_list(["a", "b", "a"]);
        assert_eq!((vocabulary.id("a"), vocabulary.token(0), vocabulary.len()), (Some(2), Some("a"), 3));
        assert!(!vocabulary.shares_ids());
    }
}
