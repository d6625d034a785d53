//! The loop over pieces.
//!
//! Pieces go in chunks. A first pass makes the keys of a chunk's pieces and has their cache lines
//! fetched; a second asks the cache and writes ids. From the first piece that the cache does not
//! know on, the rest of the chunk goes another way: the cache is asked for all of them, the lines
//! of the vocabulary's table are fetched for those unknown, these are then looked up there or
//! merged, and last all are written in order. A long piece is cut where that is proven to change
//! nothing (`cuts`), and its parts go the same way as pieces.

use crate::error::Result;
use crate::models::word_cache::{self, KEY_BYTES, Key, MIDDLE_BYTES, MiddleIds, NO_KEY, Quad};
use crate::pieces::Span;
use crate::unchecked::{Job, Sink};

use super::atoms::{Atoms, NO_SYMBOL};
use super::short::{SHORT, ShortWord};
use super::{Bpe, BpeScratch};

/// Pieces a chunk. Their keys and hashes (24 bytes each) stay in L1, and the first line has
/// arrived when the second pass begins.
const CHUNK: usize = 64;

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
struct Chunk {
    keys: [Key; CHUNK],
    hashes: [u64; CHUNK],
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
    fn flag(&self, whole: Whole) -> u64 {
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
        let flag = self.flag(whole);
        let mut chunk = Chunk { keys: [NO_KEY; CHUNK], hashes: [0; CHUNK] };
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
                    None => {
                        self.rest(text, pieces, index, &chunk, whole, scratch, &mut sink)?;
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The rest of a chunk, from its first unknown piece on.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn rest(
        &self,
        text: &[u8],
        pieces: &[Span],
        from: usize,
        chunk: &Chunk,
        whole: Whole,
        scratch: &mut BpeScratch,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let words = !self.ignore_merges || whole == Whole::Word;
        let mut quads = [Quad::UNKNOWN; CHUNK];
        let mut unknown = [0_u8; CHUNK];
        let mut count = 0;
        for index in from..pieces.len().min(CHUNK) {
            let (key, hash) = (chunk.keys[index], chunk.hashes[index]);
            unknown[count & (CHUNK - 1)] = index as u8;
            match scratch.cache.get(key, hash) {
                Some(quad) => quads[index] = quad,
                None => {
                    count += 1;
                    if words {
                        self.words.prefetch(hash);
                    }
                }
            }
        }
        for &index in &unknown[..count] {
            let index = index as usize & (CHUNK - 1);
            let (key, hash) = (chunk.keys[index], chunk.hashes[index]);
            if key != NO_KEY {
                quads[index] = self.short_quad(text, pieces[index], key, hash, words, scratch);
            }
        }
        for index in from..pieces.len().min(CHUNK) {
            let quad = quads[index];
            if quad.is_inline() {
                sink.quad(quad.ids(), quad.count());
            } else {
                let (key, hash) = (chunk.keys[index], chunk.hashes[index]);
                self.other(text, pieces[index], key, hash, whole, scratch, sink)?;
            }
        }
        Ok(())
    }

    /// A short piece that the cache did not know a moment ago: its ids if they are four at most.
    #[inline(always)]
    fn short_quad(
        &self,
        text: &[u8],
        piece: Span,
        key: Key,
        hash: u64,
        words: bool,
        scratch: &mut BpeScratch,
    ) -> Quad {
        if words && let Some(id) = self.words.id(key, hash) {
            scratch.cache.insert(key, hash, &[id]);
            return Quad::new(&[id]);
        }
        // It may have come earlier in the chunk, or have more ids.
        if let Some(quad) = scratch.cache.get(key, hash) {
            return quad;
        }
        if scratch.cache.get_listed(key, hash).is_some() {
            return Quad::UNKNOWN;
        }
        let mut short = ShortWord::new();
        if !self.merge_short(&text[piece.range()], &mut short) || short.len == 0 {
            return Quad::UNKNOWN;
        }
        self.to_ids(&mut short);
        let ids = short.as_slice();
        scratch.cache.insert(key, hash, ids);
        if ids.len() <= 4 { Quad::new(ids) } else { Quad::UNKNOWN }
    }

    #[inline(always)]
    fn to_ids(&self, short: &mut ShortWord) {
        for symbol in &mut short.symbols[..short.len.min(SHORT)] {
            *symbol = self.merges.ids[*symbol as usize];
        }
    }

    /// A piece of more than four ids, of more than 15 bytes, or one that only the general way
    /// can merge.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn other(
        &self,
        text: &[u8],
        piece: Span,
        key: Key,
        hash: u64,
        whole: Whole,
        scratch: &mut BpeScratch,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        if key != NO_KEY {
            if let Some(found) = scratch.cache.get_listed(key, hash) {
                sink.with(|ids| ids.extend_from_slice(found));
                return Ok(());
            }
            return sink.with(|ids| self.general(text, piece, key, hash, scratch, ids));
        }
        let len = piece.range().len();
        if len.wrapping_sub(1) < MIDDLE_BYTES {
            let key = word_cache::middle_key(text, piece.start as usize, len, self.flag(whole));
            match scratch.cache.get_middle(key, hash) {
                Some(MiddleIds::Inline([first, second], count)) => {
                    sink.quad(first, count);
                    if count > 4 {
                        sink.quad(second, count - 4);
                    }
                    return Ok(());
                }
                Some(MiddleIds::List(found)) => {
                    sink.with(|ids| ids.extend_from_slice(found));
                    return Ok(());
                }
                None => {}
            }
            return sink.with(|ids| {
                let start = ids.len();
                self.long(&text[piece.range()], whole, scratch, ids)?;
                if ids.len() > start {
                    scratch.cache.insert_middle(key, hash, &ids[start..]);
                }
                Ok(())
            });
        }
        sink.with(|ids| self.longest(&text[piece.range()], whole, scratch, ids))
    }

    /// A short piece whose characters are not all known, or of a model that is not plain.
    #[inline(never)]
    fn general(
        &self,
        text: &[u8],
        piece: Span,
        key: Key,
        hash: u64,
        scratch: &mut BpeScratch,
        ids: &mut Vec<u32>,
    ) -> Result<()> {
        let start = ids.len();
        self.merge_any(&text[piece.range()], scratch)?;
        ids.extend(scratch.word.symbols.iter().map(|&symbol| self.merges.ids[symbol as usize]));
        if ids.len() > start {
            scratch.cache.insert(key, hash, &ids[start..]);
        }
        Ok(())
    }

    /// A piece of more than 31 bytes.
    #[inline(never)]
    fn longest(&self, word: &[u8], whole: Whole, scratch: &mut BpeScratch, ids: &mut Vec<u32>) -> Result<()> {
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
    fn long(&self, word: &[u8], whole: Whole, scratch: &mut BpeScratch, ids: &mut Vec<u32>) -> Result<bool> {
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
            cuts.cut(word, |start, end| parts.push(Span::new(start, end)));
            let several = parts.len() > 1;
            let done = if several { self.encode(word, &parts, Whole::Part, scratch, ids) } else { Ok(()) };
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
        if !self.merges.plain {
            return false;
        }
        match &self.atoms {
            Atoms::Bytes(symbols) => {
                if word.len() > SHORT {
                    return false;
                }
                for (symbol, &byte) in short.symbols.iter_mut().zip(word) {
                    *symbol = symbols[byte as usize];
                    if *symbol == NO_SYMBOL {
                        return false;
                    }
                }
                short.len = word.len();
            }
            Atoms::Characters(pages) => {
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
                if !characters.as_str().is_empty() {
                    return false;
                }
            }
            Atoms::Affixed(_) => return false,
        }
        short.merge(&self.merges);
        true
    }
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
