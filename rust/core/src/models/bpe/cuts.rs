//! Where a word can be cut without changing what it merges to.
//!
//! Theorem. Let every merge's result be the plain concatenation of its parts, each id name one
//! string, and x, y be neighbouring starting symbols of a word. If no token that a merge makes
//! holds what ends with x's text followed by what starts with y's text, cutting the word between
//! x and y changes nothing. Proof: a symbol that covers both would be such a token, so the pair
//! at the junction never has a merge. All other pairs lie on one side; the least of all pairs, if
//! it is on one side, is the least of that side, and merging it leaves the other side's pairs as
//! they were. So the merges of the whole word are those of both sides, interleaved.
//!
//! (It is void where the characters beside the cut do not stand for themselves: see `closed`.)
//!
//! The test is made between characters. Two whole characters side by side inside a token are a
//! pair of the table. Over bytes, a token can also begin or end inside of a character at the
//! junction; those (a few hundred) are listed by the two bytes at the junction and compared.
//! Text: O(1) a character.

use hashbrown::{HashMap, HashSet};

use super::atoms::{NO_SYMBOL, Pages};
use super::pairs::{NO_PRIORITY, PairTable};

/// What may meet at a junction, one part of it incomplete: the end of the left character's
/// bytes, the start of the right one's.
type Partial = (Box<[u8]>, Box<[u8]>);

#[derive(Debug)]
pub struct Cuts {
    /// By character: its number in `pairs`; `OPEN` for those nothing is cut beside; `NO_SYMBOL`
    /// for those in no pair.
    characters: Pages,
    /// Whether characters that were never seen are open.
    others_open: bool,
    pairs: PairTable,
    /// By two ASCII characters: bit `right` of `ascii[left]` is set if they can be cut apart.
    ascii: Box<[[u64; 2]; 128]>,
    /// A bit for (last byte of the left, first byte of the right) of some partial junction.
    partial_bits: Box<[u64; 1024]>,
    partial: HashMap<u16, Vec<Partial>>,
}

/// Bytes of ASCII that are looked at together, the one before among them.
const BLOCK: usize = 33;

/// The character's own bytes or symbols do not stand for it alone.
const OPEN: u32 = NO_SYMBOL - 1;

/// Bytes of a character, by its first byte (of valid UTF-8).
#[inline(always)]
fn width(first: u8) -> usize {
    match first {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

#[inline(always)]
fn continues(byte: u8) -> bool {
    byte & 0xC0 == 0x80
}

/// The first character of bytes that start with a whole one.
#[inline(always)]
fn decode(bytes: &[u8]) -> Option<char> {
    let at = |index: usize| bytes.get(index).map_or(0, |&byte| u32::from(byte & 0x3F));
    let first = u32::from(*bytes.first()?);
    let scalar = match width(first as u8) {
        1 => first,
        2 => (first & 0x1F) << 6 | at(1),
        3 => (first & 0xF) << 12 | at(1) << 6 | at(2),
        _ => (first & 7) << 18 | at(1) << 12 | at(2) << 6 | at(3),
    };
    char::from_u32(scalar)
}

impl Cuts {
    /// `made`: the texts of the tokens that merges make. `closed` says of a character whether it
    /// always stands for itself: its symbols come from it alone, in place. It is asked of those in
    /// `made`, of ASCII and of `known`; `others_open`: all others are not closed. `None` if the
    /// tables do not fit.
    pub fn new<'a>(
        made: impl Iterator<Item = &'a [u8]>,
        known: impl Iterator<Item = char>,
        closed: impl Fn(char) -> bool,
        others_open: bool,
    ) -> Option<Self> {
        let mut whole: HashSet<(char, char)> = HashSet::new();
        let mut partial: HashMap<u16, Vec<Partial>> = HashMap::new();
        let mut partial_bits = Box::new([0; 1024]);
        for token in made {
            for at in 1..token.len() {
                if continues(token[at]) {
                    continue;
                }
                let start = (0..at).rev().find(|&start| !continues(token[start])).unwrap_or(0);
                let end = (at + 1..token.len()).find(|&end| !continues(token[end])).unwrap_or(token.len());
                let (left, right) = (&token[start..at], &token[at..end]);
                if width(left[0]) == left.len() && !continues(left[0]) && width(right[0]) == right.len() {
                    whole.insert((decode(left)?, decode(right)?));
                } else {
                    let junction = u16::from(token[at - 1]) << 8 | u16::from(token[at]);
                    partial_bits[junction as usize / 64] |= 1_u64 << (junction % 64);
                    let entry = (left.into(), right.into());
                    let list = partial.entry(junction).or_default();
                    if !list.contains(&entry) {
                        list.push(entry);
                    }
                }
            }
        }
        let mut characters = Pages::default();
        let mut count = 0;
        // ASCII first: its pairs then lie in the table's grid.
        for character in
            ('\0'..='\x7F').chain(whole.iter().flat_map(|&(left, right)| [left, right])).chain(known)
        {
            if characters.get(character) == NO_SYMBOL {
                if closed(character) {
                    characters.insert(character, count);
                    count += 1;
                } else {
                    characters.insert(character, OPEN);
                }
            }
        }
        let numbered: Vec<(u32, u32, u32)> = whole
            .iter()
            .map(|&(left, right)| (characters.get(left), characters.get(right), 1))
            .filter(|&(left, right, _)| left < OPEN && right < OPEN)
            .collect();
        let pairs = PairTable::build(numbered.into_iter(), count as usize).ok()?;
        let ascii = Box::new([[0; 2]; 128]);
        let mut cuts = Self { characters, others_open, pairs, ascii, partial_bits, partial };
        for left in 0..128_u8 {
            for right in 0..128_u8 {
                if cuts.between(cuts.number(left.into()), cuts.number(right.into()), &[left, right], 1) {
                    cuts.ascii[usize::from(left)][usize::from(right >> 6)] |= 1 << (right & 63);
                }
            }
        }
        Some(cuts)
    }

    #[inline(always)]
    fn number(&self, character: char) -> u32 {
        let number = self.characters.get(character);
        if number == NO_SYMBOL && self.others_open { OPEN } else { number }
    }

    /// Calls `each` with the ranges `word` may be cut into (one range if nothing is cut). The word
    /// is a piece of UTF-8 text; characters that are cut by its ends stay with their neighbours.
    #[inline]
    pub fn cut(&self, word: &[u8], mut each: impl FnMut(usize, usize)) {
        let (mut start, mut at) = (0, 0);
        let mut left = OPEN;
        while at < word.len() {
            let first = word[at];
            if first < 0x80 {
                // A run of ASCII, by its table.
                let mut previous = first;
                let right = self.number(char::from(first));
                if at > 0 && self.between(left, right, word, at) {
                    each(start, at);
                    start = at;
                }
                at += 1;
                while let Some(block) = word[at - 1..].first_chunk::<BLOCK>()
                    && let Some(mut cuts) = self.ascii_cuts(block)
                {
                    while cuts != 0 {
                        let cut = at + cuts.trailing_zeros() as usize;
                        cuts &= cuts - 1;
                        each(start, cut);
                        start = cut;
                    }
                    at += BLOCK - 1;
                    previous = block[BLOCK - 1];
                }
                while let Some(&next) = word.get(at).filter(|&&next| next < 0x80) {
                    let bits = self.ascii[usize::from(previous & 127)][usize::from(next >> 6 & 1)];
                    if bits >> (next & 63) & 1 != 0 {
                        each(start, at);
                        start = at;
                    }
                    previous = next;
                    at += 1;
                }
                left = self.number(char::from(previous));
                continue;
            }
            let width = width(first);
            let whole = !continues(first) && at + width <= word.len();
            let right = match decode(&word[at..]) {
                Some(character) if whole => self.number(character),
                _ => OPEN,
            };
            if at > 0 && self.between(left, right, word, at) {
                each(start, at);
                start = at;
            }
            left = right;
            at += width;
        }
        if start < word.len() {
            each(start, word.len());
        }
    }

    /// The first place at or after `from` (and inside of the word) where `cut` would cut.
    pub fn next(&self, word: &[u8], from: usize) -> Option<usize> {
        let boundary = |at: &usize| !continues(word[*at]);
        let start = (0..from.min(word.len())).rev().find(boundary)?;
        let mut left = start;
        for at in (start + 1..word.len()).filter(boundary) {
            let number = |range: std::ops::Range<usize>| match decode(&word[range.clone()]) {
                Some(character) if range.len() == width(word[range.start]) => self.number(character),
                _ => OPEN,
            };
            let right = (at + width(word[at])).min(word.len());
            if at >= from && self.between(number(left..at), number(at..right), word, at) {
                return Some(at);
            }
            left = at;
        }
        None
    }

    /// Where a block of ASCII can be cut, one bit a place: bit 0 is the place before its second
    /// byte. `None` for other blocks.
    #[inline(always)]
    fn ascii_cuts(&self, block: &[u8; BLOCK]) -> Option<u64> {
        if !block.is_ascii() {
            return None;
        }
        // Whether there is a cut cannot be predicted: no branch asks.
        let mut cuts = 0;
        for at in 1..BLOCK {
            let (left, right) = (block[at - 1], block[at]);
            let bits = self.ascii[usize::from(left & 127)][usize::from(right >> 6 & 1)];
            cuts = cuts >> 1 | (bits >> (right & 63)) << 63;
        }
        Some(cuts >> (65 - BLOCK))
    }

    #[inline(always)]
    fn between(&self, left: u32, right: u32, word: &[u8], at: usize) -> bool {
        if left == OPEN || right == OPEN {
            return false;
        }
        if left != NO_SYMBOL && right != NO_SYMBOL && self.pairs.any(left, right) != NO_PRIORITY {
            return false;
        }
        let junction = u16::from(word[at - 1]) << 8 | u16::from(word[at]);
        self.partial_bits[junction as usize / 64] >> (junction % 64) & 1 == 0
            || self.no_partial(junction, &word[..at], &word[at..])
    }

    #[inline(never)]
    fn no_partial(&self, junction: u16, before: &[u8], after: &[u8]) -> bool {
        self.partial.get(&junction).is_none_or(|list| {
            !list.iter().any(|(left, right)| before.ends_with(left) && after.starts_with(right))
        })
    }
}
