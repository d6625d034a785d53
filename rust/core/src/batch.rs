//! Batches: many inputs on several threads, results in order.
//!
//! Work is cut by bytes, not by number: inputs larger than a share of a thread's work are taken
//! first, longest first, so that no thread is left alone with a long one at the end; the others
//! go in chunks, in order. An input so long that the others would wait for it is encoded before
//! them, by all threads (`long_text.rs`).

use rayon::ThreadPool;

use crate::encoding::Encoding;
use crate::error::Result;
use crate::long_text;
use crate::options::{EncodeOptions, Input, Sequence};
use crate::threads;
use crate::tokenizer::Tokenizer;

/// Batches with fewer bytes than this are done before another thread has woken up.
const WORTH_SHARING: usize = 16 << 10;
/// Chunks a thread: enough to even out, few enough to cost nothing.
const CHUNKS_PER_THREAD: usize = 16;

impl Input<'_> {
    /// Bytes of text, for balancing.
    pub fn byte_len(&self) -> usize {
        self.first.byte_len() + self.second.map_or(0, |second| second.byte_len())
    }
}

impl Sequence<'_> {
    fn byte_len(&self) -> usize {
        match self {
            Sequence::Raw(text) => text.len(),
            // A word costs something even if it is empty.
            Sequence::PreTokenized(words) => words.iter().map(|word| word.len() + 1).sum(),
        }
    }
}

impl Tokenizer {
    /// Encodes a batch, in order, each input as `encode` does. `pool` is asked for the threads that
    /// may help, only if there is work for them.
    ///
    /// # Errors
    /// The first input's (in order) that fails.
    pub fn encode_batch<'pool>(
        &self,
        inputs: &[Input<'_>],
        options: &EncodeOptions,
        pool: impl FnOnce() -> Option<&'pool ThreadPool>,
    ) -> Result<Vec<Encoding>> {
        let sizes: Vec<usize> = inputs.iter().map(Input::byte_len).collect();
        let total: usize = sizes.iter().sum();
        let worth = if inputs.len() > 1 { WORTH_SHARING } else { long_text::WORTH_SHARING };
        if total >= worth
            && let Some(pool) = pool()
        {
            return self.encode_shared(inputs, options, pool, &sizes, total).into_iter().collect();
        }
        let mut scratch = self.scratch();
        inputs.iter().map(|input| self.encode(input, options, &mut scratch)).collect()
    }

    fn encode_shared(
        &self,
        inputs: &[Input<'_>],
        options: &EncodeOptions,
        pool: &ThreadPool,
        sizes: &[usize],
        total: usize,
    ) -> Vec<Result<Encoding>> {
        let threads = pool.current_num_threads() + 1;
        let share = (total / (threads * CHUNKS_PER_THREAD)).max(4 << 10);
        let (order, ends) = schedule(sizes, share);
        let mut results: Vec<Option<Result<Encoding>>> = Vec::new();
        results.resize_with(inputs.len(), || None);
        // The longest come first, each a chunk of its own.
        let too_long = (total / threads).max(long_text::WORTH_SHARING);
        let alone = order.iter().take_while(|&&index| sizes[index] >= too_long).count();
        for &index in &order[..alone] {
            let mut scratch = self.scratch();
            let encoded = self.encode_with(&inputs[index], options, &mut scratch, Some(pool));
            results[index] = Some(encoded);
        }
        let chunks = threads::run(
            pool,
            ends.len() - alone,
            || self.scratch(),
            |scratch, chunk| {
                let chunk = alone + chunk;
                let start = if chunk == 0 { 0 } else { ends[chunk - 1] };
                let encode = |&index: &usize| (index, self.encode(&inputs[index], options, scratch));
                order[start..ends[chunk]].iter().map(encode).collect::<Vec<_>>()
            },
        );
        for (index, result) in chunks.into_iter().flatten() {
            results[index] = Some(result);
        }
        // Every index was scheduled once.
        results.into_iter().flatten().collect()
    }
}

/// The order of work and the end of each chunk in it: inputs of `share` bytes and more alone and
/// longest first, then the others in order in chunks of about `share` bytes.
fn schedule(sizes: &[usize], share: usize) -> (Vec<usize>, Vec<usize>) {
    let mut order: Vec<usize> = (0..sizes.len()).filter(|&i| sizes[i] >= share).collect();
    order.sort_by_key(|&i| std::cmp::Reverse(sizes[i]));
    let mut ends: Vec<usize> = (1..=order.len()).collect();
    let mut bytes = 0;
    for (index, &size) in sizes.iter().enumerate().filter(|(_, size)| **size < share) {
        order.push(index);
        bytes += size;
        if bytes >= share {
            ends.push(order.len());
            bytes = 0;
        }
    }
    if ends.last().copied().unwrap_or(0) < order.len() {
        ends.push(order.len());
    }
    (order, ends)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_input_is_scheduled_once_and_long_ones_first() {
        let sizes = [1, 100, 7, 3, 250, 0, 9, 9, 40];
        let (order, ends) = schedule(&sizes, 10);
        assert_eq!(order, [4, 1, 8, 0, 2, 3, 5, 6, 7]);
        assert_eq!(ends, [1, 2, 3, 6, 9]);
        assert_eq!(schedule(&[], 10), (vec![], vec![]));
        assert_eq!(schedule(&[1, 1], 10), (vec![0, 1], vec![2]));
    }
}
