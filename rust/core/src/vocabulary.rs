//! Token strings and ids of a model, stored once in one arena.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Maps token -> id and id -> token. Ids may have holes.
///
/// Space: the strings once, 8 bytes an id, 4–8 bytes a hash slot.
#[derive(Debug, Default, Clone)]
pub struct Vocabulary {
    arena: String,
    /// By id: start and end in the arena; `u32::MAX` marks a hole.
    ranges: Vec<(u32, u32)>,
    /// Ids, hashed by their string.
    table: HashTable<u32>,
    /// Tokens, which may be more than ids when two strings share one.
    len: usize,
    shares_ids: bool,
}

const HASHER: FixedState = FixedState::with_seed(0x6275_6474);
const HOLE: (u32, u32) = (u32::MAX, u32::MAX);

impl Vocabulary {
    /// Builds from (token, id) pairs; a token given twice keeps its last id, as a map would.
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, u32)>) -> Self {
        let mut vocabulary = Self::default();
        for (token, id) in pairs {
            vocabulary.insert(token, id);
        }
        vocabulary
    }

    fn insert(&mut self, token: &str, id: u32) {
        let hash = HASHER.hash_one(token);
        let (arena, ranges) = (&self.arena, &self.ranges);
        let text = |id: u32| {
            let (start, end) = ranges[id as usize];
            &arena[start as usize..end as usize]
        };
        if let Ok(entry) = self.table.find_entry(hash, |&other| text(other) == token) {
            let other = *entry.get();
            if other == id {
                return;
            }
            entry.remove();
            self.ranges[other as usize] = HOLE;
            self.len -= 1;
        }
        if self.ranges.len() <= id as usize {
            self.ranges.resize(id as usize + 1, HOLE);
        }
        if self.ranges[id as usize] != HOLE {
            // Stock keeps both strings and its id -> token map depends on its hash order; such a
            // vocabulary is not run by the engine (see `shares_ids`), so the first stays.
            self.shares_ids = true;
            return;
        }
        let start = self.arena.len() as u32;
        self.arena.push_str(token);
        self.ranges[id as usize] = (start, self.arena.len() as u32);
        let (arena, ranges) = (&self.arena, &self.ranges);
        self.table.insert_unique(hash, id, |&other| {
            let (start, end) = ranges[other as usize];
            HASHER.hash_one(&arena[start as usize..end as usize])
        });
        self.len += 1;
    }

    /// The id of a token.
    pub fn id(&self, token: &str) -> Option<u32> {
        self.table.find(HASHER.hash_one(token), |&id| self.token(id) == Some(token)).copied()
    }

    /// The token with this id.
    #[inline]
    pub fn token(&self, id: u32) -> Option<&str> {
        match self.ranges.get(id as usize) {
            Some(&range) if range != HOLE => Some(&self.arena[range.0 as usize..range.1 as usize]),
            _ => None,
        }
    }

    /// How many tokens there are (holes not counted).
    pub fn len(&self) -> usize {
        self.len
    }

    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// One more than the highest id.
    pub fn id_bound(&self) -> usize {
        self.ranges.len()
    }

    /// Whether two different strings were given the same id.
    pub fn shares_ids(&self) -> bool {
        self.shares_ids
    }

    /// Every (id, token), by id.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &str)> {
        (0..self.ranges.len() as u32).filter_map(|id| self.token(id).map(|token| (id, token)))
    }
}
