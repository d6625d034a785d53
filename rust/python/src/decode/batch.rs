//! `Tokenizer.decode_batch`: sequences shared between threads by the number of their ids.

use std::ops::Range;

use budtiktok::decoders::IdDecoder;
use budtiktok::{Result, threads};
use pyo3::prelude::*;
use pyo3::types::PyList;
use rayon::ThreadPool;

use super::{FAILS, by_engine};
use crate::descriptor::Call;
use crate::enter::enter;
use crate::ints::{self, Ids, Items};
use crate::objects::names;
use crate::output::string;
use crate::pool;
use crate::roles::backend;
use crate::serve::{ARGUMENTS, Served, flag};
use crate::worth::{Ready, ready_to_decode};

/// Batches with fewer ids than this are decoded before another thread has woken up.
const WORTH_SHARING: usize = 1 << 15;
/// Chunks a thread: enough to even out.
const CHUNKS_PER_THREAD: usize = 8;

/// The sequences of a batch, one after another.
struct Sequences {
    ids: Ids,
    ends: Vec<usize>,
}

impl Sequences {
    fn read(object: &Bound<'_, PyAny>) -> Option<Self> {
        let mut read = Self { ids: Ids::new(), ends: Vec::new() };
        match Items::of(object) {
            // An item that is not a plain list may run Python code when it is read, and that may
            // change the batch: references are taken first.
            Some(items) => {
                let items: Vec<Bound<'_, PyAny>> = items.iter().map(|item| item.to_owned()).collect();
                let lengths = items.iter().filter_map(Items::of).map(|ids| ids.len());
                read.ids.reserve(lengths.sum());
                read.ends.reserve(items.len());
                for sequence in &items {
                    ints::read(sequence, &mut read.ids)?;
                    read.ends.push(read.ids.len());
                }
            }
            None => {
                for sequence in object.extract::<Vec<Vec<u32>>>().ok()? {
                    read.ids.extend(sequence);
                    read.ends.push(read.ids.len());
                }
            }
        }
        Some(read)
    }

    fn len(&self) -> usize {
        self.ends.len()
    }

    fn get(&self, index: usize) -> &[u32] {
        let start = if index == 0 { 0 } else { self.ends[index - 1] };
        &self.ids[start..self.ends[index]]
    }

    /// Ranges of sequences with about `share` ids each.
    fn chunks(&self, share: usize) -> Vec<Range<usize>> {
        let mut chunks = Vec::new();
        let mut start = 0;
        while start < self.len() {
            let first = if start == 0 { 0 } else { self.ends[start - 1] };
            let end = self.ends.partition_point(|&end| end <= first + share).max(start + 1);
            chunks.push(start..end);
            start = end;
        }
        chunks
    }
}

struct Arguments<'py> {
    object: Bound<'py, PyAny>,
    given: Bound<'py, PyAny>,
    sequences: Sequences,
    skip: bool,
}

fn arguments<'py>(py: Python<'py>, call: &Call<'_>) -> Option<Arguments<'py>> {
    let names = names!(c"sequences", c"skip_special_tokens");
    let [given, skip] = call.bind(py, &names)?;
    let (object, given, skip) = (call.object(py)?, given?, flag(skip, true)?);
    let sequences = Sequences::read(&given)?;
    Some(Arguments { object, given, sequences, skip })
}

pub fn decode_batch(py: Python<'_>, call: &Call<'_>) -> PyResult<Served> {
    let Some(Arguments { object, sequences, skip, .. }) = arguments(py, call) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    by_engine(&object, sequences.ids.len(), |decoder| {
        pool::note_use();
        let bytes = sequences.ids.len() * size_of::<u32>();
        let Ok(texts) = enter(py, bytes, || decode_all(decoder, &sequences, skip))? else {
            return Ok(Served::Declined(FAILS.into()));
        };
        let strings = texts.iter().map(|text| string(py, text)).collect::<PyResult<Vec<_>>>()?;
        Ok(Served::Done(PyList::new(py, strings)?.into_any().unbind()))
    })
}

fn decode_all(decoder: &IdDecoder, sequences: &Sequences, skip: bool) -> Result<Vec<String>> {
    if sequences.len() > 1
        && sequences.ids.len() >= WORTH_SHARING
        && let Some(pool) = pool::pool()
    {
        return share(decoder, sequences, skip, pool);
    }
    (0..sequences.len()).map(|index| decoder.decode(sequences.get(index), skip)).collect()
}

fn share(decoder: &IdDecoder, sequences: &Sequences, skip: bool, pool: &ThreadPool) -> Result<Vec<String>> {
    let threads = pool.current_num_threads() + 1;
    let chunks = sequences.chunks(sequences.ids.len() / (threads * CHUNKS_PER_THREAD));
    let done: Vec<Result<Vec<String>>> = threads::run(
        pool,
        chunks.len(),
        || (),
        |(), chunk| chunks[chunk].clone().map(|index| decoder.decode(sequences.get(index), skip)).collect(),
    );
    let mut all = Vec::with_capacity(sequences.len());
    for texts in done {
        all.extend(texts?);
    }
    Ok(all)
}

pub fn async_decode_batch(py: Python<'_>, call: &Call<'_>) -> PyResult<Served> {
    let Some(Arguments { object, given, sequences, skip }) = arguments(py, call) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    match ready_to_decode(&object, sequences.ids.len())? {
        Ready::Engine(_) => {}
        Ready::Stock(reason) => return Ok(Served::Declined(reason)),
        Ready::NotYet => return Ok(Served::Aside),
    }
    let result = backend()?.seam.call_method1(py, "async_decode", (&object, given, skip))?;
    Ok(if result.is_none(py) { Served::Aside } else { Served::Done(result) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sequence_is_in_one_chunk() {
        let of = |lengths: &[usize]| {
            let ends = lengths
                .iter()
                .scan(0, |end, length| {
                    *end += length;
                    Some(*end)
                })
                .collect();
            Sequences { ids: vec![0; lengths.iter().sum()], ends }
        };
        assert_eq!(of(&[3, 3, 9, 0, 0, 1, 2]).chunks(6), [0..2, 2..3, 3..7]);
        assert_eq!(of(&[0, 0, 9]).chunks(5), [0..2, 2..3]);
        assert_eq!(of(&[7, 7]).chunks(0), [0..1, 1..2]);
        assert_eq!(of(&[]).chunks(5), []);
    }
}
