//! Encoding many inputs on several threads.
//!
//! Work is cut by bytes, not by number: inputs larger than a share of a thread's work are taken
//! first, longest first, so that no thread is left alone with a long one at the end; the others
//! go in chunks, in order. The calling thread works too.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use budtiktok::options::{EncodeOptions, Input};
use budtiktok::{Encoding, Result, Tokenizer};
use rayon::ThreadPool;

use crate::input::input_bytes;

/// Batches with fewer bytes than this are done before another thread has woken up.
const WORTH_SHARING: usize = 16 << 10;
/// Chunks a thread: enough to even out, few enough to cost nothing.
const CHUNKS_PER_THREAD: usize = 16;

/// Encodes all inputs, in order, without padding.
pub fn encode(
    tokenizer: &Tokenizer,
    inputs: &[Input<'_>],
    options: &EncodeOptions,
    pool: impl FnOnce() -> Option<&'static ThreadPool>,
) -> Result<Vec<Encoding>> {
    if inputs.len() > 1 {
        let sizes: Vec<usize> = inputs.iter().map(input_bytes).collect();
        let total: usize = sizes.iter().sum();
        if total >= WORTH_SHARING
            && let Some(pool) = pool()
        {
            return share(tokenizer, inputs, options, pool, &sizes, total);
        }
    }
    let mut scratch = tokenizer.scratch();
    inputs.iter().map(|input| tokenizer.encode(input, options, &mut scratch)).collect()
}

fn share(
    tokenizer: &Tokenizer,
    inputs: &[Input<'_>],
    options: &EncodeOptions,
    pool: &ThreadPool,
    sizes: &[usize],
    total: usize,
) -> Result<Vec<Encoding>> {
    let threads = pool.current_num_threads() + 1;
    let (order, ends) = schedule(sizes, (total / (threads * CHUNKS_PER_THREAD)).max(4 << 10));
    let next = AtomicUsize::new(0);
    let done = Mutex::new(Vec::with_capacity(threads));
    let work = || {
        let mut scratch = tokenizer.scratch();
        let mut results = Vec::new();
        loop {
            let chunk = next.fetch_add(1, Ordering::Relaxed);
            let Some(&end) = ends.get(chunk) else { break };
            let start = if chunk == 0 { 0 } else { ends[chunk - 1] };
            for &index in &order[start..end] {
                results.push((index, tokenizer.encode(&inputs[index], options, &mut scratch)));
            }
        }
        if !results.is_empty() {
            done.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).push(results);
        }
    };
    pool.in_place_scope(|scope| {
        for _ in 1..threads.min(ends.len()) {
            scope.spawn(|_| work());
        }
        work();
    });
    let mut slots: Vec<Option<Result<Encoding>>> = Vec::new();
    slots.resize_with(inputs.len(), || None);
    for (index, result) in
        done.into_inner().unwrap_or_else(|poisoned| poisoned.into_inner()).into_iter().flatten()
    {
        slots[index] = Some(result);
    }
    // Every index was scheduled once; the first error by position is the one reported.
    slots.into_iter().flatten().collect()
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
