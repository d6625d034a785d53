//! Batches: inputs of about equal bytes a task, in parallel, results in order.

use rayon::prelude::*;

use crate::encoding::Encoding;
use crate::error::Result;
use crate::options::{EncodeOptions, Input, Sequence};
use crate::padding::pad_encodings;
use crate::tokenizer::Tokenizer;

/// About how much text one task gets. Large enough that a task's scratch is worth taking, small
/// enough that the last task is not waited for.
const TASK_BYTES: usize = 32 << 10;

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
            Sequence::PreTokenized(words) => words.iter().map(|word| word.len() + 1).sum(),
        }
    }
}

impl Tokenizer {
    /// Encodes a batch on the threads of `pool` (`None`: on this thread), in order. Padding is
    /// applied over the batch, after what `encode` does to each.
    ///
    /// # Errors
    /// The first input's (in order) that fails.
    pub fn encode_batch(
        &self,
        inputs: &[Input<'_>],
        options: &EncodeOptions,
        pool: Option<&rayon::ThreadPool>,
    ) -> Result<Vec<Encoding>> {
        let mut encodings = match pool {
            Some(pool) if inputs.len() > 1 => {
                let tasks = tasks(inputs);
                let parts: Vec<Result<Vec<Encoding>>> = pool
                    .install(|| tasks.par_iter().map(|task| self.encode_serially(task, options)).collect());
                let mut encodings = Vec::with_capacity(inputs.len());
                for part in parts {
                    encodings.extend(part?);
                }
                encodings
            }
            _ => self.encode_serially(inputs, options)?,
        };
        if let Some(padding) = &options.padding {
            pad_encodings(&mut encodings, padding)?;
        }
        Ok(encodings)
    }

    fn encode_serially(&self, inputs: &[Input<'_>], options: &EncodeOptions) -> Result<Vec<Encoding>> {
        let mut scratch = self.scratch();
        inputs.iter().map(|input| self.encode(input, options, &mut scratch)).collect()
    }
}

/// Cuts a batch into neighbours of about `TASK_BYTES`.
fn tasks<'a, 'b>(inputs: &'a [Input<'b>]) -> Vec<&'a [Input<'b>]> {
    let mut tasks = Vec::new();
    let (mut from, mut bytes) = (0, 0);
    for (index, input) in inputs.iter().enumerate() {
        bytes += input.byte_len();
        if bytes >= TASK_BYTES {
            tasks.push(&inputs[from..=index]);
            (from, bytes) = (index + 1, 0);
        }
    }
    if from < inputs.len() {
        tasks.push(&inputs[from..]);
    }
    tasks
}
