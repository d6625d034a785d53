//! The rest of a chunk, from its first unknown piece on, in steps that each go over all of it.
//!
//! Items: the pieces; a piece of 16 to 31 bytes that no cache knows and that can be cut gives its
//! parts instead. The caches are asked; the vocabulary's lines of unknown ones are fetched, then
//! looked at; what is no token is merged, in batches; last all are written in order.

use crate::error::Result;
use crate::models::word_cache::{self, KEY_BYTES, Key, MIDDLE_BYTES, MiddleIds, NO_KEY, Quad};
use crate::pieces::Span;
use crate::unchecked::Sink;

use super::batch::Batch;
use super::encode::{Chunk, Whole};
use super::{Bpe, BpeScratch};

/// Items at a time; a piece of 31 bytes has at most as many parts.
const ITEMS: usize = 160;

#[derive(Debug, Clone, Copy)]
struct Item {
    key: Key,
    hash: u64,
    span: Span,
    quad: Quad,
    whole: Whole,
    /// Which piece it is a part of, if it is the first or the last of its parts.
    opens: bool,
    closes: Option<u8>,
}

const ITEM: Item = Item {
    key: NO_KEY,
    hash: 0,
    span: Span { start: 0, end: 0 },
    quad: Quad::UNKNOWN,
    whole: Whole::Word,
    opens: false,
    closes: None,
};

/// Buffers of the steps.
#[derive(Debug, Default)]
pub struct Items {
    items: Vec<Item>,
    /// Items that no cache knows.
    unknown: Vec<u8>,
    batch: Batch,
}

impl Bpe {
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub(super) fn rest(
        &self,
        text: &[u8],
        pieces: &[Span],
        from: usize,
        chunk: &Chunk,
        whole: Whole,
        items: &mut Items,
        scratch: &mut BpeScratch,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let mut from = from;
        let mut done = Ok(());
        while done.is_ok() && from < pieces.len() {
            from = self.collect(text, pieces, from, chunk, whole, scratch, items);
            self.resolve(text, scratch, items);
            done = self.write(text, pieces, chunk, items, scratch, sink);
        }
        done
    }

    /// Fills the items from a piece on; gives the piece to go on with.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn collect(
        &self,
        text: &[u8],
        pieces: &[Span],
        from: usize,
        chunk: &Chunk,
        whole: Whole,
        scratch: &mut BpeScratch,
        items: &mut Items,
    ) -> usize {
        items.items.clear();
        items.unknown.clear();
        let words = !self.ignore_merges || whole == Whole::Word;
        let keys = chunk.keys.iter().zip(&chunk.hashes);
        for (index, (&span, (&key, &hash))) in pieces.iter().zip(keys).enumerate().skip(from) {
            if items.items.len() + MIDDLE_BYTES > ITEMS {
                return index;
            }
            let mut item = Item { key, hash, span, whole, ..ITEM };
            if key != NO_KEY {
                match scratch.cache.get(key, hash) {
                    Some(quad) => item.quad = quad,
                    None => {
                        items.unknown.push(items.items.len() as u8);
                        if words {
                            self.words.prefetch(hash);
                        }
                    }
                }
                items.items.push(item);
            } else if !self.is_middle(span) || !self.middle_parts(text, index, item, scratch, items) {
                items.items.push(item);
            }
        }
        pieces.len()
    }

    #[inline(always)]
    fn is_middle(&self, span: Span) -> bool {
        span.end.wrapping_sub(span.start).wrapping_sub(1) < MIDDLE_BYTES as u32
    }

    /// A piece of 16 to 31 bytes: adds its parts, if it is unknown and can be cut; else `false`,
    /// and the piece itself is to be added.
    #[inline(never)]
    fn middle_parts(
        &self,
        text: &[u8],
        piece: usize,
        item: Item,
        scratch: &mut BpeScratch,
        items: &mut Items,
    ) -> bool {
        let Item { span, hash, whole, .. } = item;
        let word = &text[span.range()];
        let key = word_cache::middle_key(text, span.start as usize, word.len(), self.flag(whole));
        if scratch.cache.get_middle(key, hash).is_some() {
            return false;
        }
        if (!self.ignore_merges || whole == Whole::Word)
            && let Some(id) = self.words.long_id(&self.texts, word)
        {
            scratch.cache.insert_middle(key, hash, &[id]);
            return false;
        }
        let first = items.items.len();
        if let Some(cuts) = &self.cuts
            && whole == Whole::Word
        {
            let flag = self.flag(Whole::Part);
            cuts.cut(word, |start, end| {
                let (start, end) = (span.start as usize + start, span.start as usize + end);
                let span = Span::new(start, end);
                let mut item = Item { span, whole: Whole::Part, ..ITEM };
                if end - start <= KEY_BYTES {
                    item.key = word_cache::key(text, start, end - start, flag);
                    item.hash = word_cache::hash(item.key);
                    scratch.cache.prefetch(item.hash);
                } else {
                    let key = word_cache::middle_key(text, start, end - start, flag);
                    item.hash = word_cache::middle_hash(key);
                    scratch.cache.prefetch_middle(item.hash);
                }
                items.items.push(item);
            });
        }
        match items.items[first..] {
            [] | [_] => {
                items.items.truncate(first);
                items.unknown.push(first as u8);
                false
            }
            [ref mut opening, .., ref mut closing] => {
                opening.opens = true;
                closing.closes = Some(piece as u8);
                items.unknown.extend(first as u8..items.items.len() as u8);
                true
            }
        }
    }

    /// Finds or merges what is unknown.
    #[inline(always)]
    fn resolve(&self, text: &[u8], scratch: &mut BpeScratch, items: &mut Items) {
        for at in 0..items.unknown.len() {
            let index = items.unknown[at];
            let item = &mut items.items[usize::from(index)];
            if item.key != NO_KEY {
                // Parts are asked for here first; others may have come earlier in the chunk.
                if let Some(quad) = scratch.cache.get(item.key, item.hash) {
                    item.quad = quad;
                    continue;
                }
                if scratch.cache.get_listed(item.key, item.hash).is_some() {
                    continue;
                }
                if (!self.ignore_merges || item.whole == Whole::Word)
                    && let Some(id) = self.words.id(item.key, item.hash)
                {
                    scratch.cache.insert(item.key, item.hash, &[id]);
                    item.quad = Quad::new(&[id]);
                    continue;
                }
            }
            if items.batch.is_full() {
                self.merge_batch(text, scratch, items);
            }
            let span = items.items[usize::from(index)].span;
            if self.start_short(&text[span.range()], items.batch.next()) {
                items.batch.push(index, &self.merges);
            }
        }
        self.merge_batch(text, scratch, items);
    }

    #[inline(always)]
    fn merge_batch(&self, text: &[u8], scratch: &mut BpeScratch, items: &mut Items) {
        items.batch.merge(&self.merges);
        for (index, word) in items.batch.drain() {
            let item = &mut items.items[usize::from(index)];
            self.to_ids(word);
            let ids = word.as_slice();
            if ids.is_empty() {
                continue;
            }
            if item.key == NO_KEY {
                let len = item.span.range().len();
                let flag = self.flag(item.whole);
                let key = word_cache::middle_key(text, item.span.start as usize, len, flag);
                scratch.cache.insert_middle(key, item.hash, ids);
                continue;
            }
            if ids.len() <= 4 {
                item.quad = Quad::new(ids);
                // The same word may be in the batch twice.
                if scratch.cache.get(item.key, item.hash).is_some() {
                    continue;
                }
            }
            scratch.cache.insert(item.key, item.hash, ids);
        }
    }

    /// Writes all items.
    #[inline(always)]
    fn write(
        &self,
        text: &[u8],
        pieces: &[Span],
        chunk: &Chunk,
        items: &Items,
        scratch: &mut BpeScratch,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let mut opened = 0;
        for item in &items.items {
            if item.opens {
                opened = sink.written();
            }
            if item.quad.is_inline() {
                sink.quad(item.quad.ids(), item.quad.count());
            } else {
                self.other(text, item.span, item.key, item.hash, item.whole, scratch, sink)?;
            }
            if let Some(index) = item.closes {
                let (span, hash) = (pieces[usize::from(index)], chunk.hashes[usize::from(index)]);
                let key = word_cache::middle_key(text, span.start as usize, span.range().len(), 0);
                sink.with(|ids| {
                    if ids.len() > opened {
                        scratch.cache.insert_middle(key, hash, &ids[opened..]);
                    }
                });
            }
        }
        Ok(())
    }

    /// Writes the ids of what is cached elsewhere than in the first table's line; `false` if it
    /// is not.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    pub(super) fn cached(
        &self,
        text: &[u8],
        span: Span,
        key: Key,
        hash: u64,
        flag: u64,
        scratch: &BpeScratch,
        sink: &mut Sink<'_>,
    ) -> bool {
        let list = if key != NO_KEY {
            scratch.cache.get_listed(key, hash)
        } else if self.is_middle(span) {
            let key = word_cache::middle_key(text, span.start as usize, span.range().len(), flag);
            match scratch.cache.get_middle(key, hash) {
                Some(MiddleIds::Inline([first, second], count)) => {
                    sink.quad(first, count);
                    if count > 4 {
                        sink.quad(second, count - 4);
                    }
                    return true;
                }
                Some(MiddleIds::List(list)) => Some(list),
                None => None,
            }
        } else {
            None
        };
        if let Some(list) = list {
            sink.extend(list);
        }
        list.is_some()
    }

    /// An item of more than four ids, of more than 15 bytes, or one that only the general way can
    /// merge.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn other(
        &self,
        text: &[u8],
        span: Span,
        key: Key,
        hash: u64,
        whole: Whole,
        scratch: &mut BpeScratch,
        sink: &mut Sink<'_>,
    ) -> Result<()> {
        let flag = self.flag(whole);
        if self.cached(text, span, key, hash, flag, scratch, sink) {
            return Ok(());
        }
        let word = &text[span.range()];
        sink.with(|ids| {
            if key != NO_KEY {
                return self.general(word, key, hash, scratch, ids);
            }
            if !self.is_middle(span) {
                return self.longest(word, whole, scratch, ids);
            }
            // Others have taken its line, or it needs the general way.
            let start = ids.len();
            self.long(word, whole, scratch, ids)?;
            if ids.len() > start {
                let key = word_cache::middle_key(text, span.start as usize, word.len(), flag);
                scratch.cache.insert_middle(key, hash, &ids[start..]);
            }
            Ok(())
        })
    }
}
