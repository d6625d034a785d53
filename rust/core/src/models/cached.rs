//! The loop over pieces that models with a word cache share.
//!
//! Pieces go in chunks: a first pass makes the keys of a chunk's pieces and has their cache lines
//! fetched, a second asks the cache and writes ids. What the cache does not know goes to
//! the model.

use crate::error::Result;
use crate::models::word_cache::{self, KEY_BYTES, Key, LONGEST, MIDDLE_BYTES, MiddleIds, NO_KEY, WordCache};
use crate::pieces::Span;
use crate::unchecked::Sink;

/// Pieces a chunk. Their keys and hashes (24 bytes each) stay in L1, and the first line has
/// arrived when the second pass begins.
const CHUNK: usize = 64;

/// Appends the ids of every piece; `model` appends those of a word the cache does not know.
#[inline(always)]
pub fn encode(
    cache: &mut WordCache,
    text: &[u8],
    pieces: &[Span],
    ids: &mut Vec<u32>,
    mut model: impl FnMut(&[u8], &mut Vec<u32>) -> Result<()>,
) -> Result<()> {
    encode_each(cache, text, pieces, ids, |word, ids| model(word, ids).map(|()| true), |_| {})
}

/// As `encode`; `model` also says whether a word's ids may be kept.
#[inline(always)]
pub fn encode_if(
    cache: &mut WordCache,
    text: &[u8],
    pieces: &[Span],
    ids: &mut Vec<u32>,
    model: impl FnMut(&[u8], &mut Vec<u32>) -> Result<bool>,
) -> Result<()> {
    encode_each(cache, text, pieces, ids, model, |_| {})
}

/// As `encode_if`; `after` is told how long `ids` is after each piece.
#[inline(always)]
pub fn encode_each(
    cache: &mut WordCache,
    text: &[u8],
    pieces: &[Span],
    ids: &mut Vec<u32>,
    mut model: impl FnMut(&[u8], &mut Vec<u32>) -> Result<bool>,
    mut after: impl FnMut(usize),
) -> Result<()> {
    let mut keys: [Key; CHUNK] = [NO_KEY; CHUNK];
    let mut hashes = [0_u64; CHUNK];
    for chunk in pieces.chunks(CHUNK) {
        for ((piece, key), hash) in chunk.iter().zip(&mut keys).zip(&mut hashes) {
            let (start, end) = (piece.start as usize, piece.end as usize);
            let len = end.wrapping_sub(start);
            if len.wrapping_sub(1) < KEY_BYTES {
                *key = word_cache::key(text, start, len, 0);
                *hash = word_cache::hash(*key);
                cache.prefetch(*hash);
            } else {
                *key = NO_KEY;
                if len.wrapping_sub(1) < MIDDLE_BYTES {
                    *hash = word_cache::middle_hash(word_cache::middle_key(text, start, len, 0));
                    cache.prefetch_middle(*hash);
                }
            }
        }
        let mut sink = Sink::new(ids);
        for ((piece, &key), &hash) in chunk.iter().zip(&keys).zip(&hashes) {
            match cache.get(key, hash) {
                Some(quad) => sink.quad(quad.ids(), quad.count()),
                None => {
                    let missed = if key == NO_KEY { longer } else { short };
                    sink.with(|ids| missed(cache, text, *piece, key, hash, ids, &mut model))?;
                }
            }
            after(sink.written());
        }
    }
    Ok(())
}

/// A word of up to 15 bytes that the first table does not have in its line.
#[inline(never)]
fn short<F: FnMut(&[u8], &mut Vec<u32>) -> Result<bool>>(
    cache: &mut WordCache,
    text: &[u8],
    piece: Span,
    key: Key,
    hash: u64,
    ids: &mut Vec<u32>,
    model: &mut F,
) -> Result<()> {
    if let Some(listed) = cache.get_listed(key, hash) {
        ids.extend_from_slice(listed);
        return Ok(());
    }
    let start = ids.len();
    if model(&text[piece.range()], ids)? && ids.len() > start {
        cache.insert(key, hash, &ids[start..]);
    }
    Ok(())
}

/// A longer word, or an empty one.
#[inline(never)]
fn longer<F: FnMut(&[u8], &mut Vec<u32>) -> Result<bool>>(
    cache: &mut WordCache,
    text: &[u8],
    piece: Span,
    _: Key,
    hash: u64,
    ids: &mut Vec<u32>,
    model: &mut F,
) -> Result<()> {
    let word = &text[piece.range()];
    let start = ids.len();
    if word.len() > MIDDLE_BYTES {
        if word.len() > LONGEST {
            return model(word, ids).map(|_| ());
        }
        if let Some(found) = cache.get_long(word, 0) {
            ids.extend_from_slice(found);
        } else if model(word, ids)? {
            cache.insert_long(word, 0, &ids[start..]);
        }
        return Ok(());
    }
    if word.len() <= KEY_BYTES {
        return model(word, ids).map(|_| ());
    }
    let key = word_cache::middle_key(text, piece.start as usize, word.len(), 0);
    match cache.get_middle(key, hash) {
        Some(MiddleIds::Inline([first, second], count)) => {
            ids.extend_from_slice(&first[..count.min(4)]);
            ids.extend_from_slice(&second[..count.saturating_sub(4)]);
        }
        Some(MiddleIds::List(listed)) => ids.extend_from_slice(listed),
        None => {
            if model(word, ids)? && ids.len() > start {
                cache.insert_middle(key, hash, &ids[start..]);
            }
        }
    }
    Ok(())
}
