//! The vocabulary's strings as whole words, answered without merging.
//!
//! With `ignore_merges` stock looks a whole piece up first, so all of them are here. Without it
//! only those are that merging gives back as themselves (each is merged once, at load): a word
//! seen for the first time is often a token.
//!
//! Words of up to 15 bytes are keys, as in the word cache: three in a line with their ids; a full
//! line passes on to the next one. Longer ones are compared with the token's text.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;
use hashbrown::HashTable;
use memchr::memmem;

use crate::map::Zeroed;
use crate::models::Alphabet;
use crate::models::word_cache::{self, KEY_BYTES, Key};
use crate::pre_tokenizers::spaces::MARK;
use crate::vocabulary::Vocabulary;

use super::alphabet;

const HASHER: FixedState = FixedState::with_seed(0x6270_6577);
/// In a line's last 32 bits: words that belong here are in the next line.
const PASSED_ON: u64 = 1 << 32;

/// The tokens' texts.
#[derive(Debug)]
pub struct Texts {
    arena: Vec<u8>,
    /// By id: start and end in the arena; equal where there is no text.
    ranges: Vec<(u32, u32)>,
}

impl Texts {
    /// Over bytes, strings outside the byte alphabet are left out, over spaces those that have
    /// some: no text is one of them.
    ///
    /// A token with the suffix (if there is one) stands for what comes before it.
    pub fn new(vocabulary: &Vocabulary, alphabet: Alphabet, suffix: &str) -> Self {
        let marks = memmem::Finder::new(MARK);
        let mut texts = Self { arena: Vec::new(), ranges: vec![(0, 0); vocabulary.id_bound()] };
        for (id, token) in vocabulary.iter() {
            let start = texts.arena.len();
            let token = token.strip_suffix(suffix).unwrap_or(token);
            match alphabet {
                Alphabet::RawBytes => {
                    if !alphabet::decode(token, &mut texts.arena) {
                        continue;
                    }
                }
                Alphabet::Characters => texts.arena.extend_from_slice(token.as_bytes()),
                Alphabet::Spaces if token.contains(' ') => continue,
                Alphabet::Spaces => {
                    let mut from = 0;
                    for at in marks.find_iter(token.as_bytes()) {
                        texts.arena.extend_from_slice(&token.as_bytes()[from..at]);
                        texts.arena.push(b' ');
                        from = at + MARK.len();
                    }
                    texts.arena.extend_from_slice(&token.as_bytes()[from..]);
                }
            }
            texts.ranges[id as usize] = (start as u32, texts.arena.len() as u32);
        }
        texts
    }

    /// The text of a token; empty for those no text is made of.
    pub fn get(&self, id: u32) -> &[u8] {
        let (start, end) = self.ranges[id as usize];
        &self.arena[start as usize..end as usize]
    }

    /// Every id with a text.
    pub fn iter(&self) -> impl Iterator<Item = (u32, &[u8])> {
        (0..self.ranges.len() as u32).map(|id| (id, self.get(id))).filter(|(_, text)| !text.is_empty())
    }

    /// The key of a token of up to 15 bytes.
    fn key(&self, id: u32) -> Key {
        let (start, end) = self.ranges[id as usize];
        word_cache::key(&self.arena, start as usize, (end - start) as usize, 0)
    }
}

/// Text of a token -> id.
#[derive(Debug)]
pub struct Words {
    /// Three keys, three ids, `PASSED_ON`.
    lines: Zeroed<[u64; 8]>,
    /// Ids of longer ones, by the text's hash.
    long: HashTable<u32>,
    /// The longest text.
    longest: usize,
}

impl Words {
    /// `ids`: the tokens that are answered.
    pub fn new(texts: &Texts, ids: &[u32]) -> Self {
        let (short, long): (Vec<u32>, Vec<u32>) =
            ids.iter().partition(|&&id| texts.get(id).len() <= KEY_BYTES);
        let mut words = Self {
            lines: Zeroed::new(short.len() * 10 / 19 + 1),
            long: HashTable::with_capacity(long.len()),
            longest: ids.iter().map(|&id| texts.get(id).len()).max().unwrap_or(0),
        };
        for id in short {
            words.insert(texts.key(id), id);
        }
        for id in long {
            let hash = HASHER.hash_one(texts.get(id));
            // There is room for all: the hasher is never called again.
            words.long.insert_unique(hash, id, |_| hash);
        }
        words
    }

    fn insert(&mut self, key: Key, id: u32) {
        let mut at = self.place(word_cache::hash(key));
        loop {
            let line = &mut self.lines[at];
            // No key is zero: it holds the length.
            if let Some(slot) = (0..3).find(|&slot| line[2 * slot + 1] == 0) {
                line[2 * slot] = key[0];
                line[2 * slot + 1] = key[1];
                line[6 + slot / 2] |= u64::from(id) << (32 * (slot % 2));
                return;
            }
            line[7] |= PASSED_ON;
            at = if at + 1 == self.lines.len() { 0 } else { at + 1 };
        }
    }

    /// The cache takes the lower bits of the hash.
    #[inline(always)]
    fn place(&self, hash: u64) -> usize {
        self.lines.scale((hash >> 32) as u32)
    }

    /// Has a key's line fetched.
    #[inline(always)]
    pub fn prefetch(&self, hash: u64) {
        self.lines.prefetch(self.place(hash));
    }

    /// The id of the token with this key.
    #[inline(always)]
    pub fn id(&self, key: Key, hash: u64) -> Option<u32> {
        let mut at = self.place(hash);
        // Never endless: a third of the places is free.
        loop {
            let line = &self.lines[at];
            let is = |slot: usize| (line[2 * slot] ^ key[0]) | (line[2 * slot + 1] ^ key[1]) == 0;
            let (first, second, third) = (is(0), is(1), is(2));
            if first | second | third {
                let ids =
                    if third { line[7] & (PASSED_ON - 1) } else { line[6] >> if second { 32 } else { 0 } };
                return Some(ids as u32);
            }
            if line[7] & PASSED_ON == 0 {
                return None;
            }
            at = if at + 1 == self.lines.len() { 0 } else { at + 1 };
        }
    }

    /// The id of the token whose text is `word`, of more than 15 bytes.
    pub fn long_id(&self, texts: &Texts, word: &[u8]) -> Option<u32> {
        if word.len() > self.longest {
            return None;
        }
        self.long.find(HASHER.hash_one(word), |&id| texts.get(id) == word).copied()
    }

    /// The id of the token whose text is `word`, of any length.
    pub fn any_id(&self, texts: &Texts, word: &[u8]) -> Option<u32> {
        if word.is_empty() || word.len() > KEY_BYTES {
            return self.long_id(texts, word);
        }
        let key = word_cache::key(word, 0, word.len(), 0);
        self.id(key, word_cache::hash(key))
    }
}
