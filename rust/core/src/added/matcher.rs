//! Leftmost-longest search for many patterns in texts that mostly hold none of them.
//!
//! Idea: a pattern can only start at one of few bytes (`<`, `[`, two spaces), so a vectorizable
//! filter finds candidates and a trie decides each. Time O(n) while candidates fail early;
//! adversarial texts (a long shared prefix, repeated) make the trie's work grow, and once it has
//! looked at more than a few times the text's bytes, an Aho-Corasick automaton takes over, which
//! is linear always. It is built only then. Both give the same matches: those of the leftmost
//! start, of these the longest, the next search from its end.

use std::sync::OnceLock;

use daachorse::{DoubleArrayAhoCorasick, DoubleArrayAhoCorasickBuilder, MatchKind};
use memchr::{memchr, memchr2, memchr3};

use super::trie::Trie;

#[derive(Debug)]
pub(super) struct Matcher {
    patterns: Vec<Box<[u8]>>,
    starts: Starts,
    trie: Trie,
    automaton: OnceLock<Option<Automaton>>,
}

struct Automaton(DoubleArrayAhoCorasick<u32>);

impl std::fmt::Debug for Automaton {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Automaton")
    }
}

/// The state of one pass over a text.
#[derive(Debug, Default)]
pub(super) struct Search {
    /// Where to search next.
    position: usize,
    /// Bytes the trie looked at in vain.
    wasted: usize,
}

/// A found pattern.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    pub pattern: u32,
    pub start: usize,
    pub end: usize,
}

impl Matcher {
    /// `patterns` are different, not empty and sorted by their bytes.
    pub fn new(patterns: &[&[u8]]) -> Self {
        Self {
            patterns: patterns.iter().map(|&pattern| pattern.into()).collect(),
            starts: Starts::new(patterns),
            trie: Trie::new(patterns),
            automaton: OnceLock::new(),
        }
    }

    /// The next match after what `search` has seen.
    #[inline]
    pub fn next(&self, text: &[u8], search: &mut Search) -> Option<Found> {
        loop {
            if search.wasted > 8 * search.position + 4096
                && let Some(automaton) = self.automaton()
            {
                return automaton.next(text, search);
            }
            let start = self.starts.find(text, search.position)?;
            let longest = self.trie.longest(text, start);
            if let Some((pattern, end)) = longest.found {
                search.wasted += longest.steps - (end - start);
                search.position = end;
                return Some(Found { pattern, start, end });
            }
            search.wasted += longest.steps;
            search.position = start + 1;
        }
    }

    fn automaton(&self) -> Option<&Automaton> {
        let build = || {
            let patterns = self.patterns.iter().enumerate().map(|(value, pattern)| (pattern, value as u32));
            DoubleArrayAhoCorasickBuilder::new()
                .match_kind(MatchKind::LeftmostLongest)
                .build_with_values(patterns)
                .ok()
                .map(Automaton)
        };
        if let Some(automaton) = self.automaton.get() {
            return automaton.as_ref();
        }
        // Built before, not inside: a child forked meanwhile would wait for ever.
        let automaton = build();
        self.automaton.get_or_init(|| automaton).as_ref()
    }
}

impl Automaton {
    fn next(&self, text: &[u8], search: &mut Search) -> Option<Found> {
        let from = search.position;
        let found = self.0.leftmost_find_iter(&text[from..]).next()?;
        search.position = from + found.end();
        Some(Found { pattern: found.value(), start: from + found.start(), end: from + found.end() })
    }
}

/// Where a pattern could start.
#[derive(Debug)]
enum Starts {
    One(u8),
    Two(u8, u8),
    Three(u8, u8, u8),
    /// Few first bytes, some with the one byte that must follow.
    Pairs(Vec<Pair>),
    /// Many first bytes: a bit for each pair of bytes.
    Table(Box<PairTable>),
}

#[derive(Debug, Clone, Copy)]
struct Pair {
    first: u8,
    second: u8,
    /// All ones if any byte may follow, even none.
    any: u8,
}

/// How many pairs are still cheaper to compare one by one.
const MOST_PAIRS: usize = 8;

impl Starts {
    fn new(patterns: &[&[u8]]) -> Self {
        let mut firsts: Vec<u8> = patterns.iter().map(|pattern| pattern[0]).collect();
        firsts.dedup();
        if !firsts.iter().any(|&byte| is_common(byte)) {
            match firsts[..] {
                [a] => return Self::One(a),
                [a, b] => return Self::Two(a, b),
                [a, b, c] => return Self::Three(a, b, c),
                _ => {}
            }
        }
        let mut pairs = Vec::new();
        for &first in &firsts {
            let mut seconds: Vec<Option<u8>> = patterns
                .iter()
                .filter(|pattern| pattern[0] == first)
                .map(|pattern| pattern.get(1).copied())
                .collect();
            seconds.dedup();
            if seconds[0].is_none() || seconds.len() > 2 {
                pairs.push(Pair { first, second: 0, any: u8::MAX });
            } else {
                pairs.extend(seconds.iter().flatten().map(|&second| Pair { first, second, any: 0 }));
            }
        }
        let dense = pairs.iter().any(|pair| pair.any != 0 && is_common(pair.first));
        if pairs.len() <= MOST_PAIRS && !dense {
            Self::Pairs(pairs)
        } else {
            Self::Table(Box::new(PairTable::new(patterns)))
        }
    }

    #[inline]
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let rest = &text[from..];
        match self {
            &Self::One(a) => memchr(a, rest).map(|at| from + at),
            &Self::Two(a, b) => memchr2(a, b, rest).map(|at| from + at),
            &Self::Three(a, b, c) => memchr3(a, b, c, rest).map(|at| from + at),
            Self::Pairs(pairs) => find_pair(pairs, text, from),
            Self::Table(table) => table.find(text, from),
        }
    }
}

/// Bytes that ordinary text is full of: a search for one of them finds little else.
fn is_common(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b" \n.,'\"-_()/=:;".contains(&byte) || byte >= 0x80
}

/// 32 places at once, in plain code that compilers turn into vector compares.
fn find_pair(pairs: &[Pair], text: &[u8], mut from: usize) -> Option<usize> {
    while let (Some(here), Some(next)) =
        (text[from..].first_chunk::<32>(), text.get(from + 1..).and_then(<[u8]>::first_chunk::<32>))
    {
        let mut hits = [0u8; 32];
        for pair in pairs {
            for (hit, (&here, &next)) in hits.iter_mut().zip(here.iter().zip(next)) {
                let second = if next == pair.second { u8::MAX } else { 0 };
                let first = if here == pair.first { u8::MAX } else { 0 };
                *hit |= first & (second | pair.any);
            }
        }
        if hits.iter().fold(0, |all, &hit| all | hit) != 0 {
            return hits.iter().position(|&hit| hit != 0).map(|at| from + at);
        }
        from += 32;
    }
    (from..text.len()).find(|&at| {
        pairs
            .iter()
            .any(|pair| text[at] == pair.first && (pair.any != 0 || text.get(at + 1) == Some(&pair.second)))
    })
}

/// Which byte pairs can start a pattern.
#[derive(Debug)]
struct PairTable {
    /// By first byte: 0 no pattern, 1 it depends on the next byte, 2 a pattern of one byte.
    first: [u8; 256],
    /// A bit for each (first, second).
    pairs: [u64; 1024],
}

impl PairTable {
    fn new(patterns: &[&[u8]]) -> Self {
        let mut table = Self { first: [0; 256], pairs: [0; 1024] };
        for pattern in patterns {
            let first = usize::from(pattern[0]);
            match pattern.get(1) {
                None => table.first[first] = 2,
                Some(&second) => {
                    table.first[first] = table.first[first].max(1);
                    table.pairs[first << 2 | usize::from(second >> 6)] |= 1 << (second & 63);
                }
            }
        }
        table
    }

    #[inline]
    fn find(&self, text: &[u8], from: usize) -> Option<usize> {
        let mut at = from;
        while let Some(&byte) = text.get(at) {
            let first = usize::from(byte);
            match self.first[first] {
                0 => {}
                1 => {
                    if let Some(&second) = text.get(at + 1)
                        && self.pairs[first << 2 | usize::from(second >> 6)] >> (second & 63) & 1 != 0
                    {
                        return Some(at);
                    }
                }
                _ => return Some(at),
            }
            at += 1;
        }
        None
    }
}
