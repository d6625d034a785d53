//! The slow twin: the definition, with a map from strings and every substring looked up.

use std::collections::HashMap;

use crate::config::UnigramConfig;

/// A token: its id, string and bytes; `None` in place of them all for an unknown character
/// without an unknown piece.
pub type Tokens = Option<Vec<(u32, String, usize, usize)>>;

pub fn tokenize(config: &UnigramConfig, word: &str) -> Tokens {
    let pieces: HashMap<&str, usize> =
        config.pieces.iter().enumerate().map(|(id, (piece, _))| (piece.as_str(), id)).collect();
    let lowest = config.pieces.iter().fold(f64::INFINITY, |low, (_, score)| low.min(*score));
    // By byte: sum, start and id of the best piece that ends there.
    let mut best: Vec<Option<(f64, usize, usize)>> = vec![None; word.len() + 1];
    for (start, character) in word.char_indices() {
        let before = best[start].map_or(0.0, |(sum, ..)| sum);
        let ends = (start + 1..=word.len()).filter(|&end| word.is_char_boundary(end));
        let mut edges: Vec<(usize, Option<usize>, f64)> = ends
            .filter_map(|end| pieces.get(&word[start..end]).map(|&id| (end, Some(id), config.pieces[id].1)))
            .collect();
        let next = start + character.len_utf8();
        if edges.iter().all(|&(end, ..)| end != next) {
            edges.push((next, config.unk_id, lowest - 10.0));
        }
        for (end, id, score) in edges {
            let sum = score + before;
            if best[end].is_none_or(|(other, ..)| sum > other) {
                best[end] = Some((sum, start, id?));
            }
        }
    }
    let mut path = Vec::new();
    let mut end = word.len();
    while end > 0 {
        let (_, start, id) = best[end]?;
        path.insert(0, (id, start, end));
        end = start;
    }
    path.dedup_by(|next, before| {
        let fuse = Some(next.0) == config.unk_id && Some(before.0) == config.unk_id;
        if fuse {
            before.2 = next.2;
        }
        fuse
    });
    let mut tokens = Vec::new();
    for (_, start, end) in path {
        let text = &word[start..end];
        if let Some(&id) = pieces.get(text) {
            tokens.push((id as u32, text.to_owned(), start, end));
            continue;
        }
        let bytes: Option<Vec<_>> = text
            .bytes()
            .map(|byte| {
                let name = format!("<0x{byte:02X}>");
                pieces.get(name.as_str()).map(|&id| (id as u32, name, start, end))
            })
            .collect();
        match bytes.filter(|_| config.byte_fallback) {
            Some(bytes) => tokens.extend(bytes),
            None => tokens.push((config.unk_id? as u32, text.to_owned(), start, end)),
        }
    }
    Some(tokens)
}
