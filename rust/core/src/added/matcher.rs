//! Leftmost-longest search for a set of strings.
//!
//! Few strings, or strings that begin with few different bytes (the usual `<|...|>`, `[...]`):
//! candidates are found by their first byte (memchr) and proven by their first two (a bit set),
//! then the sorted strings are narrowed byte by byte: O(length · log strings) a candidate, no
//! cost between candidates. Many strings with many beginnings: a double-array Aho-Corasick
//! automaton over the whole text, O(1) a byte.

use daachorse::{DoubleArrayAhoCorasick, DoubleArrayAhoCorasickBuilder, MatchKind};

use crate::error::{Error, Result};

/// From how many strings on, with more than three first bytes, the automaton is used.
const MANY: usize = 64;

/// A match: where, and the value of the string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Match {
    pub start: usize,
    pub end: usize,
    pub value: u32,
}

/// A set of strings with values.
pub enum Matcher {
    Narrowing(Narrowing),
    Automaton(DoubleArrayAhoCorasick<u32>),
}

impl std::fmt::Debug for Matcher {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Matcher::Narrowing(_) => "Narrowing",
            Matcher::Automaton(_) => "Automaton",
        })
    }
}

/// The sorted strings.
pub struct Narrowing {
    strings: Vec<(Box<[u8]>, u32)>,
    first_bytes: Vec<u8>,
    is_first: [bool; 256],
    /// Bit `first << 8 | second`: some string begins so, or is the first byte alone.
    pairs: Box<[u64; 1024]>,
}

impl Matcher {
    /// Builds from non-empty strings; two equal ones are an error, as they are for stock.
    pub fn build(mut strings: Vec<(Box<[u8]>, u32)>) -> Result<Self> {
        strings.sort();
        if strings.windows(2).any(|pair| pair[0].0 == pair[1].0) {
            return Err(Error::unsupported("added_tokens", "two tokens of the same normalized content"));
        }
        if strings.iter().any(|(string, _)| string.is_empty()) {
            return Err(Error::unsupported("added_tokens", "a token whose normalized content is empty"));
        }
        let mut first_bytes: Vec<u8> = strings.iter().map(|(string, _)| string[0]).collect();
        first_bytes.dedup();
        if first_bytes.len() > 3 && strings.len() > MANY {
            return DoubleArrayAhoCorasickBuilder::new()
                .match_kind(MatchKind::LeftmostLongest)
                .build_with_values(strings)
                .map(Matcher::Automaton)
                .map_err(|error| Error::config(error.to_string()));
        }
        let mut is_first = [false; 256];
        let mut pairs = Box::new([0u64; 1024]);
        for (string, _) in &strings {
            is_first[usize::from(string[0])] = true;
            let seconds = match string.get(1) {
                Some(&second) => second..=second,
                None => 0..=255,
            };
            for second in seconds {
                let bit = usize::from(string[0]) << 8 | usize::from(second);
                pairs[bit >> 6] |= 1 << (bit & 63);
            }
        }
        Ok(Matcher::Narrowing(Narrowing { strings, first_bytes, is_first, pairs }))
    }

    /// Calls `found` for every match, leftmost first, the longest at each place, none overlapping.
    pub fn each(&self, text: &[u8], mut found: impl FnMut(Match) -> Result<()>) -> Result<()> {
        match self {
            Matcher::Narrowing(strings) => {
                let mut from = 0;
                while let Some(start) = strings.candidate(text, from) {
                    match strings.longest(&text[start..]) {
                        Some((len, value)) => {
                            found(Match { start, end: start + len, value })?;
                            from = start + len;
                        }
                        None => from = start + 1,
                    }
                }
                Ok(())
            }
            Matcher::Automaton(automaton) => automaton
                .leftmost_find_iter(text)
                .try_for_each(|m| found(Match { start: m.start(), end: m.end(), value: m.value() })),
        }
    }
}

impl Narrowing {
    /// The next place at or after `from` whose first two bytes begin some string.
    fn candidate(&self, text: &[u8], mut from: usize) -> Option<usize> {
        loop {
            let rest = text.get(from..)?;
            let at = from
                + match self.first_bytes[..] {
                    [a] => memchr::memchr(a, rest)?,
                    [a, b] => memchr::memchr2(a, b, rest)?,
                    [a, b, c] => memchr::memchr3(a, b, c, rest)?,
                    _ => rest.iter().position(|&byte| self.is_first[usize::from(byte)])?,
                };
            // At the text's end any second byte stands for "none": only one-byte strings fit there.
            let bit = usize::from(text[at]) << 8 | usize::from(*text.get(at + 1).unwrap_or(&0));
            if self.pairs[bit >> 6] >> (bit & 63) & 1 == 1 {
                return Some(at);
            }
            from = at + 1;
        }
    }

    /// The longest string that `text` begins with.
    fn longest(&self, text: &[u8]) -> Option<(usize, u32)> {
        let mut range = &self.strings[..];
        let mut longest = None;
        for (depth, &byte) in text.iter().enumerate() {
            // All of `range` share the first `depth` bytes; a string of just those comes first.
            let start = range.partition_point(|(string, _)| string.get(depth).is_none_or(|&b| b < byte));
            range = &range[start..];
            let end = range.partition_point(|(string, _)| string[depth] == byte);
            range = &range[..end];
            match range.first() {
                None => break,
                Some((string, value)) if string.len() == depth + 1 => longest = Some((depth + 1, *value)),
                Some(_) => {}
            }
        }
        longest
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The slow twin: at each place, every string.
    fn naive(strings: &[(Box<[u8]>, u32)], text: &[u8]) -> Vec<Match> {
        let (mut matches, mut start) = (Vec::new(), 0);
        while start < text.len() {
            let longest = strings
                .iter()
                .filter(|(string, _)| text[start..].starts_with(string))
                .max_by_key(|(string, _)| string.len());
            match longest {
                Some((string, value)) => {
                    matches.push(Match { start, end: start + string.len(), value: *value });
                    start += string.len();
                }
                None => start += 1,
            }
        }
        matches
    }

    fn all(matcher: &Matcher, text: &[u8]) -> Vec<Match> {
        let mut matches = Vec::new();
        matcher
            .each(text, |found| {
                matches.push(found);
                Ok(())
            })
            .expect("nothing fails");
        matches
    }

    proptest! {
        #[test]
        fn matches_are_leftmost_and_longest(
            words in prop::collection::btree_set("[ab<|]{1,4}", 1..12),
            text in "[ab<|c]{0,60}",
        ) {
            let strings: Vec<(Box<[u8]>, u32)> =
                words.iter().enumerate().map(|(i, word)| (word.as_bytes().into(), i as u32)).collect();
            let matcher = Matcher::build(strings.clone()).expect("distinct strings");
            prop_assert_eq!(all(&matcher, text.as_bytes()), naive(&strings, text.as_bytes()));
        }

        #[test]
        fn the_automaton_finds_the_same(text in "[a-h]{0,80}") {
            let strings: Vec<(Box<[u8]>, u32)> = (0..200u32)
                .map(|i| {
                    let letter = |n: u32| b'a' + (n % 8) as u8;
                    (vec![letter(i), letter(i / 8), letter(i / 64 + i), letter(i / 3)].into(), i)
                })
                .map(|(word, i): (Box<[u8]>, u32)| (word[..2 + i as usize % 3].into(), i))
                .collect();
            let mut distinct = strings;
            distinct.sort();
            distinct.dedup_by(|a, b| a.0 == b.0);
            let matcher = Matcher::build(distinct.clone()).expect("distinct strings");
            prop_assert!(matches!(matcher, Matcher::Automaton(_)));
            prop_assert_eq!(all(&matcher, text.as_bytes()), naive(&distinct, text.as_bytes()));
        }
    }
}
