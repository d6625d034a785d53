//! The slow twin: BPE by its definition, on strings, quadratic.

use std::collections::HashMap;

use crate::config::BpeConfig;

/// (token, bytes covered) of one piece, or `None` where an unknown token is needed and missing.
///
/// Only for models whose merges lengthen strings and have no affixes.
pub fn encode(config: &BpeConfig, piece: &str) -> Option<Vec<(u32, usize)>> {
    let id = |token: &str| config.vocab.id(token);
    if config.ignore_merges
        && let Some(id) = id(piece)
    {
        return Some(vec![(id, piece.len())]);
    }
    let mut ranks = HashMap::new();
    for (rank, (left, right)) in config.merges.iter().enumerate() {
        ranks.insert((id(left)?, id(right)?), (rank, id(&format!("{left}{right}"))?));
    }
    let mut word: Vec<(u32, usize)> = Vec::new();
    let mut pending: Option<(u32, usize)> = None;
    for character in piece.chars() {
        let string = character.to_string();
        if let Some(id) = id(&string) {
            word.extend(pending.take());
            word.push((id, string.len()));
            continue;
        }
        let bytes: Option<Vec<u32>> = string.bytes().map(|byte| id(&format!("<0x{byte:02X}>"))).collect();
        if let Some(bytes) = bytes.filter(|_| config.byte_fallback) {
            word.extend(bytes.into_iter().map(|id| (id, 1)));
            continue;
        }
        if let Some(unknown) = &config.unk_token {
            let unknown = id(unknown)?;
            match &mut pending {
                Some((_, len)) if config.fuse_unk => *len += string.len(),
                _ => {
                    word.extend(pending.take());
                    pending = Some((unknown, string.len()));
                }
            }
        }
    }
    word.extend(pending);
    loop {
        let best = (1..word.len())
            .filter_map(|at| ranks.get(&(word[at - 1].0, word[at].0)).map(|&(rank, id)| (rank, at, id)))
            .min();
        let Some((_, at, id)) = best else { return Some(word) };
        word[at - 1] = (id, word[at - 1].1 + word[at].1);
        word.remove(at);
    }
}
