//! Merging many short words at once, their steps in turn, so that the fetches of one word's
//! lookups pass while the others work (see `short`).

use super::merges::Merges;
use super::short::ShortWord;

/// Words a batch: their state (some 280 bytes each) stays in L1.
pub const BATCH: usize = 32;

/// Words being merged, each with the item it belongs to.
#[derive(Debug)]
pub struct Batch {
    words: Vec<ShortWord>,
    items: [u8; BATCH],
    len: usize,
}

impl Default for Batch {
    fn default() -> Self {
        Self { words: Vec::new(), items: [0; BATCH], len: 0 }
    }
}

impl Batch {
    #[inline(always)]
    pub fn is_full(&self) -> bool {
        self.len == BATCH
    }

    /// The next word, to be filled and then put in with `push`; the batch must not be full.
    #[inline(always)]
    pub fn next(&mut self) -> &mut ShortWord {
        if self.words.is_empty() {
            self.words.resize(BATCH, ShortWord::new());
        }
        &mut self.words[self.len & (BATCH - 1)]
    }

    #[inline(always)]
    pub fn push(&mut self, item: u8, merges: &Merges) {
        self.words[self.len & (BATCH - 1)].prefetch(merges);
        self.items[self.len & (BATCH - 1)] = item;
        self.len += 1;
    }

    /// Merges all words.
    #[inline(always)]
    pub fn merge(&mut self, merges: &Merges) {
        let count = self.len.min(BATCH);
        let words = &mut self.words[..count];
        let mut active = [0_u8; BATCH];
        let mut left = 0;
        for (index, word) in words.iter_mut().enumerate() {
            active[left & (BATCH - 1)] = index as u8;
            left += usize::from(word.first_step(merges));
        }
        while left > 0 {
            let mut kept = 0;
            for at in 0..left {
                let index = active[at & (BATCH - 1)];
                active[kept & (BATCH - 1)] = index;
                kept += usize::from(words[usize::from(index)].step(merges));
            }
            left = kept;
        }
        for word in words {
            word.finish();
        }
    }

    /// The merged words with their items; the batch is empty afterwards.
    #[inline(always)]
    pub fn drain(&mut self) -> impl Iterator<Item = (u8, &mut ShortWord)> {
        let count = std::mem::take(&mut self.len).min(BATCH);
        self.items.iter().copied().zip(&mut self.words[..count])
    }
}
