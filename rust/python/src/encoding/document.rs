//! What an encoding needs to make its heavy columns later: the call's options, the text and the
//! engine, all as they were at call time.

use std::sync::{Arc, OnceLock};

use budtiktok::Encoding;
use budtiktok::options::{EncodeOptions, Level};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;

use crate::encode::second_answer;
use crate::engine::Shared;
use crate::enter::enter;
use crate::input::Item;

/// What the documents of one call share.
#[derive(Debug)]
pub struct Call {
    pub engine: Arc<Shared>,
    /// Whole columns; padding has a fixed length.
    options: EncodeOptions,
}

impl Call {
    pub fn new(engine: Arc<Shared>, options: EncodeOptions) -> Self {
        Self { engine, options: EncodeOptions { level: Level::Full, ..options } }
    }
}

/// One input and its encoding.
#[derive(Debug)]
pub struct Document {
    /// Without the heavy columns.
    pub ids: Encoding,
    item: Item,
    pub call: Arc<Call>,
    /// With them, once somebody asked.
    full: OnceLock<Arc<Encoding>>,
}

impl Document {
    pub fn new(ids: Encoding, item: Item, call: Arc<Call>) -> Self {
        Self { ids, item, call, full: OnceLock::new() }
    }

    /// The whole encoding: the input encoded again, once.
    pub fn full(&self, py: Python<'_>) -> PyResult<&Arc<Encoding>> {
        if let Some(full) = self.full.get() {
            return Ok(full);
        }
        let (tokenizer, options) = (&self.call.engine.tokenizer, &self.call.options);
        let full = self
            .item
            .with_input(py, |input, bytes| {
                enter(py, bytes, || tokenizer.encode(input, options, &mut tokenizer.scratch()))
            })
            .ok_or_else(|| PyValueError::new_err("the text of this encoding has changed"))??
            .map_err(|error| second_answer(&error))?;
        self.call.engine.demand.asked();
        debug_assert_eq!(full.ids, self.ids.ids, "the second answer differs from the first");
        // Another thread may have been faster; both answers are equal.
        Ok(self.full.get_or_init(|| Arc::new(full)))
    }

    /// The overflowing part at `path`.
    pub fn full_part(&self, py: Python<'_>, path: &[usize]) -> PyResult<Arc<Encoding>> {
        let whole = self.full(py)?;
        if path.is_empty() {
            return Ok(Arc::clone(whole));
        }
        let part = path.iter().try_fold(&**whole, |part, &index| part.overflowing.get(index));
        part.cloned()
            .map(Arc::new)
            .ok_or_else(|| PyValueError::new_err("this encoding has lost its overflowing part"))
    }
}
