//! Word -> ids, per thread: what was encoded once is not encoded again.
//!
//! Words of up to 15 bytes are their own key: sixteen bytes, the last one the word's length (with
//! a flag beside it), so that equal keys are equal words and no hash is trusted. A line of their
//! table holds two of them with up to four ids each; a new word takes the first place, the one
//! there moves to the second, the one in the second is forgotten.
//!
//! Words of 16 to 31 bytes are keys of 32 bytes, in a table of one word a line with up to seven
//! ids. What has more ids has them in a list apart, which starts over when it is full: entries
//! of the time before are known by their number.
//!
//! Longer words are found by hash and compared byte by byte, in a table that starts over when it
//! is full. No table grows beyond its size.

use std::hash::BuildHasher;

use foldhash::fast::FixedState;

use crate::map::Zeroed;

/// Words up to this many bytes are keys.
pub const KEY_BYTES: usize = 15;
/// Words up to this many bytes are keys of the middle table.
pub const MIDDLE_BYTES: usize = 31;
/// Ids must be below this: the first one of a word shares its 32 bits with their count.
pub const ID_LIMIT: usize = 1 << COUNT_SHIFT;
const COUNT_SHIFT: u32 = 29;
const LISTED: u32 = 1 << 31;

/// Bytes of the first table: 2^16 lines, at most 131,072 words. A text's frequent words are a few
/// thousand, whose lines stay in L2 (1–2 MiB a core); the rest of the table is for the tail and
/// is meant for a share of L3.
const SHORT_BYTES: usize = 4 << 20;
/// Bytes of the middle table: at most 32,768 words.
const MIDDLE_TABLE_BYTES: usize = 2 << 20;
/// Ids in lists: 1 MiB.
const LISTED_IDS: usize = 1 << 18;
/// Bytes the words and ids of the last table may take.
const LONG_BYTES: usize = 1 << 20;
/// Its slots: 2^14 of 16 bytes.
const LONG_SLOTS: usize = 1 << 14;
/// Longer words are not kept.
pub const LONGEST: usize = 512;

/// A word of up to 15 bytes.
pub type Key = [u64; 2];

/// A key no word has: for what is too long for one.
pub const NO_KEY: Key = [u64::MAX; 2];

/// A word of 16 to 31 bytes.
pub type MiddleKey = [u64; 4];

/// By length: which bits of sixteen bytes are the word.
const MASKS: [Key; 16] = masks();

const fn masks() -> [Key; 16] {
    let mut masks = [[0; 2]; 16];
    let mut len = 1;
    while len < 16 {
        masks[len] = if len < 8 { [(1 << (8 * len)) - 1, 0] } else { [u64::MAX, (1 << (8 * (len - 8))) - 1] };
        len += 1;
    }
    masks
}

/// The key of `text[start..start + len]`, `len` from 1 to 15; `flag` (0 or 1) tells apart words
/// that are encoded in another way.
#[inline(always)]
pub fn key(text: &[u8], start: usize, len: usize, flag: u64) -> Key {
    let [low, high] = match text.get(start..start + 16) {
        Some(bytes) => halves(bytes),
        None => key_at_end(text, start),
    };
    let [low_mask, high_mask] = MASKS[len & 15];
    [low & low_mask, (high & high_mask) | (len as u64) << 56 | flag << 63]
}

#[inline(always)]
fn halves(bytes: &[u8]) -> [u64; 2] {
    let mut halves = [[0; 8]; 2];
    halves[0].copy_from_slice(&bytes[..8]);
    halves[1].copy_from_slice(&bytes[8..16]);
    halves.map(u64::from_le_bytes)
}

/// Fewer than sixteen bytes are left.
#[inline(never)]
fn key_at_end(text: &[u8], start: usize) -> [u64; 2] {
    let mut bytes = [0; 16];
    let rest = &text[start..];
    bytes[..rest.len()].copy_from_slice(rest);
    halves(&bytes)
}

/// Where a key's line is. One multiplication, folded.
#[inline(always)]
pub fn hash(key: Key) -> u64 {
    let product = u128::from(key[0] ^ 0x243F_6A88_85A3_08D3) * u128::from(key[1] ^ 0x1319_8A2E_0370_7344);
    product as u64 ^ (product >> 64) as u64
}

/// The key of `text[start..start + len]`, `len` from 16 to 31.
#[inline(always)]
pub fn middle_key(text: &[u8], start: usize, len: usize, flag: u64) -> MiddleKey {
    let [a, b] = match text.get(start..start + 16) {
        Some(bytes) => halves(bytes),
        None => [0; 2],
    };
    let [c, d] = key(text, start + 16, (len - 16) & 15, flag);
    // `key` has put the length less 16 into the last byte; one bit more makes it the length.
    [a, b, c, d | 16 << 56]
}

#[inline(always)]
pub fn middle_hash(key: MiddleKey) -> u64 {
    hash([key[0] ^ key[2].rotate_left(32), key[1] ^ key[3]])
}

/// Up to four ids with their count, or where more of them are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quad([u64; 2]);

impl Quad {
    /// No ids: a list that was never filled.
    pub const UNKNOWN: Self = Self([LISTED as u64, 0]);

    /// `ids` are one to four, below `ID_LIMIT`.
    #[inline(always)]
    pub fn new(ids: &[u32]) -> Self {
        let at = |index: usize| u64::from(ids.get(index).copied().unwrap_or(0));
        let count = (ids.len() as u64 - 1) << COUNT_SHIFT;
        Self([at(0) | count | at(1) << 32, at(2) | at(3) << 32])
    }

    fn list(list: List) -> Self {
        let List { start, count, number } = list;
        Self([u64::from(LISTED | count) | u64::from(start) << 32, u64::from(number)])
    }

    /// Whether the ids are here.
    #[inline(always)]
    pub fn is_inline(self) -> bool {
        self.0[0] as u32 & LISTED == 0
    }

    fn as_list(self) -> List {
        let [low, high] = self.0;
        List { start: (low >> 32) as u32, count: low as u32 & !LISTED, number: high as u32 }
    }

    /// How many ids are here.
    #[inline(always)]
    pub fn count(self) -> usize {
        (self.0[0] as u32 >> COUNT_SHIFT) as usize + 1
    }

    /// The ids that are here, followed by what is not to be read.
    #[inline(always)]
    pub fn ids(self) -> [u32; 4] {
        let [low, high] = self.0;
        [low as u32 & ((1 << COUNT_SHIFT) - 1), (low >> 32) as u32, high as u32, (high >> 32) as u32]
    }
}

/// Ids in a list: where, how many, and in which filling of it.
#[derive(Debug, Clone, Copy)]
struct List {
    start: u32,
    count: u32,
    number: u32,
}

/// The ids of a word of the middle table.
#[derive(Debug, Clone, Copy)]
pub enum MiddleIds<'a> {
    /// Two quads, of which this many ids count.
    Inline([[u32; 4]; 2], usize),
    List(&'a [u32]),
}

/// All tables.
#[derive(Debug)]
pub struct WordCache {
    /// Two keys, then their two quads.
    lines: Zeroed<[u64; 8]>,
    /// A key, then seven ids and their count.
    middle: Zeroed<[u64; 8]>,
    listed: Vec<u32>,
    /// How often `listed` has been filled.
    number: u32,
    long: LongWords,
}

impl Default for WordCache {
    fn default() -> Self {
        Self {
            lines: Zeroed::new(SHORT_BYTES / 64),
            middle: Zeroed::new(MIDDLE_TABLE_BYTES / 64),
            listed: Vec::new(),
            number: 1,
            long: LongWords::default(),
        }
    }
}

impl WordCache {
    /// Bytes held.
    pub fn bytes(&self) -> usize {
        self.lines.bytes() + self.middle.bytes() + self.listed.capacity() * 4 + self.long.bytes()
    }

    /// Has a key's line fetched.
    #[inline(always)]
    pub fn prefetch(&self, hash: u64) {
        self.lines.prefetch_masked(hash as usize);
    }

    #[inline(always)]
    pub fn prefetch_middle(&self, hash: u64) {
        self.middle.prefetch_masked(hash as usize);
    }

    /// A word whose ids are in its line.
    #[inline(always)]
    pub fn get(&self, key: Key, hash: u64) -> Option<Quad> {
        let line = self.lines.masked(hash as usize);
        let first = (line[0] ^ key[0]) | (line[1] ^ key[1]) == 0;
        let second = (line[2] ^ key[0]) | (line[3] ^ key[1]) == 0;
        let at = if first { 4 } else { 6 };
        let quad = Quad([line[at], line[at + 1]]);
        ((first | second) & quad.is_inline()).then_some(quad)
    }

    /// A word whose ids are in the list.
    #[inline]
    pub fn get_listed(&self, key: Key, hash: u64) -> Option<&[u32]> {
        let line = self.lines.masked(hash as usize);
        let at = match () {
            () if line[..2] == key => 4,
            () if line[2..4] == key => 6,
            () => return None,
        };
        self.list(Quad([line[at], line[at + 1]]))
    }

    fn list(&self, quad: Quad) -> Option<&[u32]> {
        if quad.is_inline() {
            return None;
        }
        let List { start, count, number } = quad.as_list();
        (number == self.number).then(|| &self.listed[start as usize..(start + count) as usize])
    }

    fn add_list(&mut self, ids: &[u32]) -> List {
        if self.listed.len() + ids.len() > LISTED_IDS {
            self.listed.clear();
            // After 2^32 fillings an entry of the first could be taken for one of now: then none
            // may be left.
            self.number = self.number.checked_add(1).unwrap_or_else(|| {
                self.lines.fill([0; 8]);
                self.middle.fill([0; 8]);
                1
            });
        }
        let start = self.listed.len() as u32;
        self.listed.extend_from_slice(ids);
        List { start, count: ids.len() as u32, number: self.number }
    }

    /// Keeps a word's ids, which are at least one. If `get` or `get_listed` would find it, these
    /// take their place.
    #[inline]
    pub fn insert(&mut self, key: Key, hash: u64, ids: &[u32]) {
        let quad = if ids.len() <= 4 { Quad::new(ids) } else { Quad::list(self.add_list(ids)) };
        let line = self.lines.masked_mut(hash as usize);
        *line = [key[0], key[1], line[0], line[1], quad.0[0], quad.0[1], line[4], line[5]];
    }

    #[inline(always)]
    pub fn get_middle(&self, key: MiddleKey, hash: u64) -> Option<MiddleIds<'_>> {
        let line = self.middle.masked(hash as usize);
        if line[..4] != key {
            return None;
        }
        let header = line[4] as u32;
        if header & LISTED != 0 {
            return self.list(Quad([line[4], line[5]])).map(MiddleIds::List);
        }
        let ids = [
            [(line[4] >> 32) as u32, line[5] as u32, (line[5] >> 32) as u32, line[6] as u32],
            [(line[6] >> 32) as u32, line[7] as u32, (line[7] >> 32) as u32, 0],
        ];
        Some(MiddleIds::Inline(ids, header as usize))
    }

    /// Keeps a word of 16 to 31 bytes, of at least one id.
    pub fn insert_middle(&mut self, key: MiddleKey, hash: u64, ids: &[u32]) {
        let at = |index: usize| u64::from(ids.get(index).copied().unwrap_or(0));
        let values = if ids.len() <= 7 {
            [ids.len() as u64 | at(0) << 32, at(1) | at(2) << 32, at(3) | at(4) << 32, at(5) | at(6) << 32]
        } else {
            let [low, high] = Quad::list(self.add_list(ids)).0;
            [low, high, 0, 0]
        };
        let line = self.middle.masked_mut(hash as usize);
        line[..4].copy_from_slice(&key);
        line[4..].copy_from_slice(&values);
    }

    /// The ids of a longer word; `flag` as in `key`.
    pub fn get_long(&self, word: &[u8], flag: u64) -> Option<&[u32]> {
        self.long.get(word, flag)
    }

    /// Keeps a longer word's ids, if neither is too long.
    pub fn insert_long(&mut self, word: &[u8], flag: u64, ids: &[u32]) {
        if word.len() <= LONGEST && ids.len() <= LONGEST && !ids.is_empty() {
            self.long.insert(word, flag, ids);
        }
    }
}

/// Words compared byte by byte.
#[derive(Debug, Default)]
struct LongWords {
    /// (upper half of the hash with the flag, start in `words`, start in `ids`, lengths); free
    /// when the lengths are zero. Linear probing, at most half full.
    slots: Vec<Slot>,
    used: usize,
    words: Vec<u8>,
    ids: Vec<u32>,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Slot {
    tag: u32,
    word: u32,
    ids: u32,
    word_len: u16,
    id_count: u16,
}

const HASHER: FixedState = FixedState::with_seed(0x776F_7264);

impl LongWords {
    fn bytes(&self) -> usize {
        self.slots.capacity() * size_of::<Slot>() + self.words.capacity() + self.ids.capacity() * 4
    }

    fn place(word: &[u8], flag: u64) -> (usize, u32) {
        let hash = HASHER.hash_one(word);
        (hash as usize, (hash >> 32) as u32 & !1 | flag as u32)
    }

    fn get(&self, word: &[u8], flag: u64) -> Option<&[u32]> {
        if self.slots.is_empty() {
            return None;
        }
        let (mut at, tag) = Self::place(word, flag);
        loop {
            let slot = self.slots[at % LONG_SLOTS];
            if slot == Slot::default() {
                return None;
            }
            let start = slot.word as usize;
            if slot.tag == tag && &self.words[start..start + slot.word_len as usize] == word {
                return Some(&self.ids[slot.ids as usize..][..slot.id_count as usize]);
            }
            at = at.wrapping_add(1);
        }
    }

    fn insert(&mut self, word: &[u8], flag: u64, ids: &[u32]) {
        let taken = self.words.len() + word.len() + 4 * (self.ids.len() + ids.len());
        if taken > LONG_BYTES || self.used >= LONG_SLOTS / 2 {
            self.slots.clear();
            self.used = 0;
            self.words.clear();
            self.ids.clear();
        }
        self.slots.resize(LONG_SLOTS, Slot::default());
        let (mut at, tag) = Self::place(word, flag);
        while self.slots[at % LONG_SLOTS] != Slot::default() {
            at = at.wrapping_add(1);
        }
        self.slots[at % LONG_SLOTS] = Slot {
            tag,
            word: self.words.len() as u32,
            ids: self.ids.len() as u32,
            word_len: word.len() as u16,
            id_count: ids.len() as u16,
        };
        self.used += 1;
        self.words.extend_from_slice(word);
        self.ids.extend_from_slice(ids);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn keys_are_the_word_and_its_length() {
        let text = b"hello world, this is some text";
        for start in 0..text.len() {
            for len in 1..=(text.len() - start).min(KEY_BYTES) {
                let [low, high] = key(text, start, len, 0);
                let mut bytes = [low.to_le_bytes(), high.to_le_bytes()].concat();
                assert_eq!(bytes.pop(), Some(len as u8));
                assert_eq!(&bytes[..len], &text[start..start + len]);
                assert!(bytes[len..].iter().all(|&byte| byte == 0));
                assert_ne!(key(text, start, len, 1), [low, high]);
            }
        }
    }

    #[test]
    fn keys_of_middle_words() {
        let text = b"0123456789abcdefghijklmnopqrstuvwxyz";
        for start in 0..6 {
            for len in 16..=MIDDLE_BYTES.min(text.len() - start) {
                let key = middle_key(text, start, len, 0);
                let mut bytes: Vec<u8> = key.iter().flat_map(|part| part.to_le_bytes()).collect();
                assert_eq!(bytes.pop(), Some(len as u8));
                assert_eq!(&bytes[..len], &text[start..start + len]);
                assert!(bytes[len..].iter().all(|&byte| byte == 0));
                assert_ne!(middle_key(text, start, len, 1), key);
            }
        }
    }

    #[test]
    fn lists_start_over() {
        let mut cache = WordCache::default();
        for number in 0..40_000_u32 {
            let word = number.to_string();
            let key = key(word.as_bytes(), 0, word.len(), 0);
            cache.insert(key, hash(key), &[number; 9]);
            assert_eq!(cache.get_listed(key, hash(key)), Some(&[number; 9][..]));
        }
        let first = key(b"0", 0, 1, 0);
        assert_eq!(cache.get_listed(first, hash(first)), None);
        assert!(cache.listed.len() <= LISTED_IDS);
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 100, failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn what_it_answers_was_put_in(
            words in prop::collection::vec(
                ("[ab]{1,40}", 0..2_u64, prop::collection::vec(0..ID_LIMIT as u32, 1..20)), 1..400)
        ) {
            let mut cache = WordCache::default();
            let mut map = HashMap::new();
            for (word, flag, ids) in &words {
                let ids: &Vec<u32> = map.entry((word.clone(), *flag)).or_insert(ids.clone());
                let bytes = word.as_bytes();
                if word.len() <= KEY_BYTES {
                    let key = key(bytes, 0, word.len(), *flag);
                    if let Some(quad) = cache.get(key, hash(key)) {
                        assert_eq!(&quad.ids()[..quad.count()], &ids[..]);
                    } else if let Some(found) = cache.get_listed(key, hash(key)) {
                        assert_eq!(found, &ids[..]);
                    } else {
                        cache.insert(key, hash(key), ids);
                    }
                    match cache.get(key, hash(key)) {
                        Some(quad) => assert_eq!(&quad.ids()[..quad.count()], &ids[..]),
                        None => assert_eq!(cache.get_listed(key, hash(key)), Some(&ids[..])),
                    }
                } else if word.len() <= MIDDLE_BYTES {
                    let key = middle_key(bytes, 0, word.len(), *flag);
                    for _ in 0..2 {
                        match cache.get_middle(key, middle_hash(key)) {
                            Some(MiddleIds::Inline(quads, count)) => {
                                assert_eq!(&quads.concat()[..count], &ids[..]);
                            }
                            Some(MiddleIds::List(list)) => assert_eq!(list, &ids[..]),
                            None => cache.insert_middle(key, middle_hash(key), ids),
                        }
                    }
                    assert!(cache.get_middle(key, middle_hash(key)).is_some());
                } else {
                    match cache.get_long(bytes, *flag) {
                        Some(found) => assert_eq!(found, &ids[..]),
                        None => cache.insert_long(bytes, *flag, ids),
                    }
                    assert_eq!(cache.get_long(bytes, *flag), Some(&ids[..]));
                }
            }
        }
    }

    #[test]
    fn the_second_table_stays_within_its_bytes() {
        let mut cache = WordCache::default();
        for number in 0..200_000_u32 {
            let word = format!("a long word with the number {number}");
            cache.insert_long(word.as_bytes(), 0, &[number; 9]);
            assert_eq!(cache.get_long(word.as_bytes(), 0), Some(&[number; 9][..]));
        }
        assert!(cache.long.bytes() <= 2 * LONG_BYTES + LONG_SLOTS * size_of::<Slot>());
    }
}
