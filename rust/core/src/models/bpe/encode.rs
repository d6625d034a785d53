//! The loop over pieces.
//!
//! Pieces go in chunks. A first pass makes the keys of a chunk's pieces and has their cache lines
//! fetched; a second asks the cache and writes ids. From the first piece that the cache does not
//! know on, the rest of the chunk goes another way (`items`). A long piece is cut where that is
//! proven to change nothing (`cuts`), and its parts go the same way as pieces.

use crate::error::Result;
use crate::models::word_cache::{self, KEY_BYTES, Key, MIDDLE_BYTES, NO_KEY};
use crate::pieces::Span;
use crate::unchecked::{Job, Sink};

use super::atoms::{Atoms, NO_SYMBOL, Pages};
use super::items::Items;
use super::short::{SHORT, ShortWord};
use super::{Bpe, BpeScratch};

/// Pieces a chunk. Their keys and hashes (24 bytes each) stay in L1, and the first line has
/// arrived when the second pass begins.
pub const CHUNK: usize = 128;

/// Parts of a very long piece that are encoded at a time.
const PARTS: usize = 4096;

/// How a piece is encoded: as it is, or as a part of a longer one, which `ignore_merges` does
/// not look up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whole {
    Word,
    Part,
}

/// One call.
struct Encode<'a> {
    bpe: &'a Bpe,
    text: &'a [u8],
    pieces: &'a [Span],
    whole: Whole,
    scratch: &'a mut BpeScratch,
    ids: &'a mut Vec<u32>,
}

impl Job for Encode<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn run(self) -> Result<()> {
        let Self { bpe, text, pieces, whole, scratch, ids } = self;
        bpe.encode_chunks(text, pieces, whole, scratch, ids)
    }
}

/// The keys of a chunk.
#[derive(Debug)]
pub struct Chunk {
    pub keys: [Key; CHUNK],
    pub hashes: [u64; CHUNK],
}

impl Default for Chunk {
    fn default() -> Self {
        Self { keys: [NO_KEY; CHUNK], hashes: [0; CHUNK] }
    }
}

/// The buffers of a call; parts of a piece are encoded inside of the call for the piece.
#[derive(Debug, Default)]
pub struct Buffers {
    chunk: Chunk,
    pub items: Items,
}

impl Bpe {
    /// Appends the ids of every piece.
    pub(super) fn encode(
        &self,
        text: &[u8],
        pieces: &[Span],
        whole: Whole,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        self.level.run(Encode { bpe: self, text, pieces, whole, scratch, ids })
    }

    /// What tells apart the cached ids of a part from those of the same text as a piece.
    #[inline(always)]
    pub(super) fn flag(&self, whole: Whole) -> u64 {
        u64::from(self.ignore_merges && whole == Whole::Part)
    }

    #[inline(always)]
    fn encode_chunks(
        &self,
        text: &[u8],
        pieces: &[Span],
        whole: Whole,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let mut buffers = scratch.buffers[whole as usize].take().unwrap_or_default();
        let done = self.encode_in(text, pieces, whole, &mut buffers, scratch, ids);
        scratch.buffers[whole as usize] = Some(buffers);
        done
    }

    #[inline(always)]
    fn encode_in(
        &self,
        text: &[u8],
        pieces: &[Span],
        whole: Whole,
        buffers: &mut Buffers,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let flag = self.flag(whole);
        let Buffers { chunk, items } = buffers;
        for pieces in pieces.chunks(CHUNK) {
            for ((piece, key), hash) in pieces.iter().zip(&mut chunk.keys).zip(&mut chunk.hashes) {
                let (start, end) = (piece.start as usize, piece.end as usize);
                let len = end.wrapping_sub(start);
                if len.wrapping_sub(1) < KEY_BYTES {
                    *key = word_cache::key(text, start, len, flag);
                    *hash = word_cache::hash(*key);
                    scratch.cache.prefetch(*hash);
                } else {
                    *key = NO_KEY;
                    if len.wrapping_sub(1) < MIDDLE_BYTES {
                        *hash = word_cache::middle_hash(word_cache::middle_key(text, start, len, flag));
                        scratch.cache.prefetch_middle(*hash);
                    }
                }
            }
            let mut sink = Sink::new(ids);
            for (index, (&key, &hash)) in chunk.keys.iter().zip(&chunk.hashes).enumerate().take(pieces.len())
            {
                match scratch.cache.get(key, hash) {
                    Some(quad) => sink.quad(quad.ids(), quad.count()),
                    None if self.cached(text, pieces[index], key, hash, flag, scratch, &mut sink) => {}
                    None => {
                        self.rest(text, pieces, index, chunk, whole, items, scratch, &mut sink)?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    #[inline(always)]
    pub(super) fn to_ids(&self, short: &mut ShortWord) {
        for symbol in &mut short.symbols[..short.len.min(SHORT)] {
            *symbol = self.merges.ids[*symbol as usize];
        }
    }

    /// A short piece whose characters are not all known, or of a model that is not plain.
    #[inline(never)]
    pub(super) fn general(
        &self,
        word: &[u8],
        key: Key,
        hash: u64,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let start = ids.len();
        self.merge_any(word, scratch)?;
        ids.extend(scratch.word.symbols.iter().map(|&symbol| self.merges.ids[symbol as usize]));
        if ids.len() > start {
            scratch.cache.insert(key, hash, &ids[start..]);
        }
        Ok(())
    }

    /// A piece of more than 31 bytes.
    #[inline(never)]
    pub(super) fn longest(
        &self,
        word: &[u8],
        whole: Whole,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let flag = self.flag(whole);
        if word.len() <= word_cache::LONGEST
            && let Some(found) = scratch.cache.get_long(word, flag)
        {
            ids.extend_from_slice(found);
            return Ok(());
        }
        let start = ids.len();
        let cut = self.long(word, whole, scratch, ids)?;
        if !cut {
            scratch.cache.insert_long(word, flag, &ids[start..]);
        }
        Ok(())
    }

    /// A piece of more than 15 bytes that no cache knows; tells whether it was cut.
    #[inline(never)]
    pub(super) fn long(
        &self,
        word: &[u8],
        whole: Whole,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<bool> {
        if word.is_empty() {
            return Ok(false);
        }
        if (!self.ignore_merges || whole == Whole::Word)
            && let Some(id) = self.words.long_id(&self.texts, word)
        {
            ids.push(id);
            return Ok(false);
        }
        if let Some(cuts) = &self.cuts
            && whole == Whole::Word
        {
            let mut parts = std::mem::take(&mut scratch.parts);
            parts.clear();
            let mut done = Ok(());
            cuts.cut(word, |start, end| {
                if parts.len() == PARTS {
                    if done.is_ok() {
                        done = self.encode(word, &parts, Whole::Part, scratch, ids);
                    }
                    parts.clear();
                }
                parts.push(Span::new(start, end));
            });
            let several = !matches!(parts[..], [Span { start: 0, .. }]);
            if several && done.is_ok() {
                done = self.encode(word, &parts, Whole::Part, scratch, ids);
            }
            scratch.parts = parts;
            done?;
            if several {
                return Ok(true);
            }
        }
        self.level.run(MergeLong { bpe: self, word, scratch, ids })?;
        Ok(false)
    }

    #[inline(always)]
    fn merge_long(&self, word: &[u8], scratch: &mut BpeScratch, ids: &mut Vec<u32>) -> Result<()> {
        let mut short = ShortWord::new();
        if self.merge_short(word, &mut short) {
            ids.extend(short.as_slice().iter().map(|&symbol| self.merges.ids[symbol as usize]));
            return Ok(());
        }
        self.merge_any(word, scratch)?;
        ids.extend(scratch.word.symbols.iter().map(|&symbol| self.merges.ids[symbol as usize]));
        Ok(())
    }

    /// Merges a word of few symbols, all of its characters known; `false` for others.
    #[inline(always)]
    pub(super) fn merge_short(&self, word: &[u8], short: &mut ShortWord) -> bool {
        let started = self.start_short(word, short);
        if started {
            short.merge(&self.merges);
        }
        started
    }

    /// Fills in what such a word starts from.
    #[inline(always)]
    pub(super) fn start_short(&self, word: &[u8], short: &mut ShortWord) -> bool {
        if !self.merges.plain {
            return false;
        }
        match &self.atoms {
            Atoms::Bytes(symbols) => {
                let Some(premerge) = &self.premerge else { return false };
                match premerge.start(symbols, word, &mut short.symbols) {
                    Some(count) => short.len = count,
                    None => return false,
                }
            }
            Atoms::Suffixed(tables) => {
                let Some((&last, bytes)) = word.split_last() else { return false };
                if word.len() > SHORT {
                    return false;
                }
                let mut known = true;
                for (symbol, &byte) in short.symbols.iter_mut().zip(bytes) {
                    *symbol = tables[0][usize::from(byte)];
                    known &= *symbol != NO_SYMBOL;
                }
                short.symbols[bytes.len() & (SHORT - 1)] = tables[1][usize::from(last)];
                short.len = word.len();
                return known && tables[1][usize::from(last)] != NO_SYMBOL;
            }
            Atoms::Characters(pages) => return start_characters(word, short, pages),
            // Plain models have no prefix: the last character alone is another.
            Atoms::Affixed(affixed) => {
                let last = (0..word.len()).rev().find(|&at| word[at] & 0xC0 != 0x80).unwrap_or(0);
                if !start_characters(&word[..last], short, &affixed.first) {
                    return false;
                }
                let ending = std::str::from_utf8(&word[last..]).ok().and_then(|text| text.chars().next());
                let symbol = ending.map_or(NO_SYMBOL, |character| affixed.only.get(character));
                short.symbols[short.len & (SHORT - 1)] = symbol;
                short.len += 1;
                return symbol != NO_SYMBOL && short.len <= SHORT;
            }
        }
        true
    }
}

/// Fills in the symbols of a few characters, all of them known; `false` for others.
#[inline(always)]
fn start_characters(word: &[u8], short: &mut ShortWord, pages: &Pages) -> bool {
    let Ok(text) = std::str::from_utf8(word) else { return false };
    let mut characters = text.chars();
    for (index, symbol) in short.symbols.iter_mut().enumerate() {
        short.len = index;
        let Some(character) = characters.next() else { break };
        *symbol = pages.get(character);
        if *symbol == NO_SYMBOL {
            return false;
        }
        short.len = index + 1;
    }
    characters.as_str().is_empty()
}

/// Merging one long word.
struct MergeLong<'a> {
    bpe: &'a Bpe,
    word: &'a [u8],
    scratch: &'a mut BpeScratch,
    ids: &'a mut Vec<u32>,
}

impl Job for MergeLong<'_> {
    type Output = Result<()>;

    #[inline(always)]
    fn run(self) -> Result<()> {
        self.bpe.merge_long(self.word, self.scratch, self.ids)
    }
}
