//! The merge tables: how vocabulary ids, symbols and priorities correspond.
//!
//! Symbols are the tokens that can occur while merging, numbered anew: first what texts start
//! from, then merge results in the order of their first rank. Where the ranks of each result lie
//! together (every file made by a trainer, and those converted from tiktoken or SentencePiece,
//! which list all splits of a token in a row), a priority is `symbol << shift | split`: it rises
//! with the rank and holds the result, so that a merge needs no second table. Else a priority is
//! the rank, and `by_rank` has the results.

use crate::config::BpeConfig;
use crate::error::{Error, Result};

use super::pairs::PairTable;

pub use super::pairs::NO_PRIORITY;

/// Priorities are below this, so that a priority and a position below 32 share 32 bits.
pub const PRIORITY_BITS: u32 = 27;

#[derive(Debug)]
pub struct Merges {
    pub pairs: PairTable,
    shift: u32,
    by_rank: Vec<u32>,
    /// By symbol: the vocabulary's id.
    pub ids: Vec<u32>,
    /// Every merge makes a string longer than each of its parts, so that the pair at a position
    /// never gives the same result twice. Only then is "lowest rank, leftmost" all of stock's
    /// rule (see `queue`).
    pub plain: bool,
}

/// Two symbols and the priority of their merge.
pub type Pair = (u32, u32, u32);

/// One merge in vocabulary ids.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Listed {
    pub left: u32,
    pub right: u32,
    pub result: u32,
}

impl Merges {
    /// The result of the merge with this priority.
    #[inline(always)]
    pub fn result(&self, priority: u32) -> u32 {
        if self.by_rank.is_empty() { priority >> self.shift } else { self.by_rank[priority as usize] }
    }

    /// Looks the merges' strings up, with stock's errors.
    pub fn resolve(config: &BpeConfig) -> Result<(Vec<Listed>, bool)> {
        let vocab = &config.vocab;
        let out = |token: &str| Error::config(format!("Token `{token}` out of vocabulary"));
        let prefix_len = config.continuing_subword_prefix.as_ref().map_or(0, String::len);
        let longest = vocab.iter().map(|(_, token)| token.len()).max().unwrap_or(0);
        let mut listed: Vec<Listed> = Vec::with_capacity(config.merges.len());
        let mut plain = true;
        // The splits of one token often stand in a row.
        let (mut string, mut last) = (String::new(), None);
        for (left, right) in config.merges.iter() {
            let left_id = vocab.id(left).ok_or_else(|| out(left))?;
            let right_id = vocab.id(right).ok_or_else(|| out(right))?;
            let Some(rest) = right.as_bytes().get(prefix_len..) else {
                return Err(Error::would_panic("a merge's right part is shorter than the prefix"));
            };
            if left.len() + rest.len() > longest {
                return Err(Error::would_panic("a merge makes a token longer than any of the vocabulary"));
            }
            plain &= !left.is_empty() && !rest.is_empty();
            let same = string.len() == left.len() + rest.len()
                && string.as_bytes().starts_with(left.as_bytes())
                && string.as_bytes().ends_with(rest);
            if !same || last.is_none() {
                string.clear();
                string.push_str(left);
                match std::str::from_utf8(rest) {
                    Ok(rest) => string.push_str(rest),
                    Err(_) => return Err(out(&String::from_utf8_lossy(&[left.as_bytes(), rest].concat()))),
                }
                last = Some(vocab.id(&string).ok_or_else(|| out(&string))?);
            }
            let result = last.unwrap_or_default();
            listed.push(Listed { left: left_id, right: right_id, result });
        }
        Ok((listed, plain))
    }

    /// Numbers the symbols (`starting`: the ids that texts start from, in the order their symbols
    /// shall have) and builds the tables. Gives also
    /// each id's symbol, and the pairs by rising priority.
    pub fn build(
        listed: &[Listed],
        plain: bool,
        starting: impl Iterator<Item = u32>,
        id_bound: usize,
    ) -> Result<(Self, Vec<u32>, Vec<Pair>)> {
        const NONE: u32 = super::atoms::NO_SYMBOL;
        const RESULT: u32 = NONE - 1;
        let mut symbols = vec![NONE; id_bound];
        for merge in listed {
            symbols[merge.result as usize] = RESULT;
        }
        let mut ids = Vec::with_capacity(id_bound);
        for id in starting {
            // Those that are results too are numbered among the results.
            if symbols[id as usize] == NONE {
                symbols[id as usize] = ids.len() as u32;
                ids.push(id);
            }
        }
        // How many splits a result has at most; whether each result's lie together.
        let (mut most, mut row, mut together) = (1_u32, 0_u32, true);
        for (rank, merge) in listed.iter().enumerate() {
            let symbol = &mut symbols[merge.result as usize];
            if *symbol == RESULT {
                *symbol = ids.len() as u32;
                ids.push(merge.result);
                row = 1;
            } else {
                together &= rank > 0 && listed[rank - 1].result == merge.result;
                row += 1;
                most = most.max(row);
            }
        }
        let shift = most.next_power_of_two().trailing_zeros();
        let bits = usize::BITS - ids.len().leading_zeros();
        let too_many = || Error::unsupported("model", "BPE with more merges than the engine's tables hold");
        if listed.len() >= 1 << PRIORITY_BITS {
            return Err(too_many());
        }
        let usable = |merge: &Listed| {
            let (left, right) = (symbols[merge.left as usize], symbols[merge.right as usize]);
            // A part that nothing makes never occurs.
            (left < RESULT && right < RESULT).then_some((left, right, symbols[merge.result as usize]))
        };
        if together && bits + shift < PRIORITY_BITS {
            let mut split = 0;
            let mut previous = NONE;
            let pairs: Vec<_> = listed
                .iter()
                .filter_map(|merge| {
                    split = if merge.result == previous { split + 1 } else { 0 };
                    previous = merge.result;
                    usable(merge).map(|(left, right, result)| (left, right, result << shift | split))
                })
                .collect();
            match PairTable::build(pairs.iter().copied(), ids.len()) {
                Ok(table) => {
                    let merges = Self { pairs: table, shift, by_rank: Vec::new(), ids, plain };
                    return Ok((merges, symbols, pairs));
                }
                Err(false) => return Err(too_many()),
                // Listed twice: below.
                Err(true) => {}
            }
        }
        // The last rank of each pair counts.
        let mut seen = hashbrown::HashSet::with_capacity(listed.len());
        let mut pairs: Vec<_> = listed
            .iter()
            .enumerate()
            .rev()
            .filter_map(|(rank, merge)| {
                usable(merge)
                    .filter(|&(left, right, _)| seen.insert((left, right)))
                    .map(|(left, right, _)| (left, right, rank as u32))
            })
            .collect();
        pairs.reverse();
        let by_rank = listed.iter().map(|merge| symbols[merge.result as usize]).collect();
        match PairTable::build(pairs.iter().copied(), ids.len()) {
            Ok(table) => Ok((Self { pairs: table, shift: 0, by_rank, ids, plain }, symbols, pairs)),
            Err(_) => Err(too_many()),
        }
    }
}
