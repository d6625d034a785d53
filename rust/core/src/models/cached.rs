//! The loop over pieces that models with a word cache share.
//!
//! Pieces go in chunks: a first pass makes the keys of a chunk's short pieces and has their cache
//! lines fetched, a second asks the cache and writes ids. What the cache does not know goes to
//! the model.

use crate::error::Result;
use crate::models::word_cache::{self, KEY_BYTES, Key, LONGEST, NO_KEY, WordCache};
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
    let mut keys: [Key; CHUNK] = [NO_KEY; CHUNK];
    let mut hashes = [0_u64; CHUNK];
    for chunk in pieces.chunks(CHUNK) {
        for ((piece, key), hash) in chunk.iter().zip(&mut keys).zip(&mut hashes) {
            let (start, end) = (piece.start as usize, piece.end as usize);
            let len = end.wrapping_sub(start);
            let short = len.wrapping_sub(1) < KEY_BYTES;
            *key = if short { word_cache::key(text, start, len, 0) } else { NO_KEY };
            *hash = word_cache::hash(*key);
            cache.prefetch(*hash);
        }
        let mut sink = Sink::new(ids);
        for ((piece, &key), &hash) in chunk.iter().zip(&keys).zip(&hashes) {
            match cache.get(key, hash) {
                Some(quad) => sink.quad(quad.ids(), quad.count()),
                None => {
                    sink.with(|ids| missed(cache, &text[piece.range()], key, hash, ids, &mut model))?;
                }
            }
        }
    }
    Ok(())
}

#[inline(never)]
fn missed(
    cache: &mut WordCache,
    word: &[u8],
    key: Key,
    hash: u64,
    ids: &mut Vec<u32>,
    model: &mut impl FnMut(&[u8], &mut Vec<u32>) -> Result<()>,
) -> Result<()> {
    let start = ids.len();
    if key == NO_KEY {
        if word.len() <= LONGEST
            && let Some(found) = cache.get_long(word, 0)
        {
            ids.extend_from_slice(found);
            return Ok(());
        }
        model(word, ids)?;
        if word.len() <= LONGEST {
            cache.insert_long(word, 0, &ids[start..]);
        }
        return Ok(());
    }
    if let Some(listed) = cache.get_listed(key, hash) {
        ids.extend_from_slice(listed);
        return Ok(());
    }
    model(word, ids)?;
    if ids.len() > start {
        cache.insert(key, hash, &ids[start..]);
    }
    Ok(())
}
