//! Encode calls from Python's arguments to Python's encodings. `None` means: stock answers.

use std::sync::Arc;

use budtiktok::config::PaddingStrategy;
use budtiktok::options::{EncodeOptions, Level};
use budtiktok::padding::{pad_encodings, padded_len};
use budtiktok::{Encoding, Error, Result};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::encoding::{Call, Document, PyEncoding};
use crate::engine::Engine;
use crate::enter::enter;
use crate::error::encode_error;
use crate::input::{Item, Views};
use crate::output::CollectorPause;
use crate::pool;
use crate::state::CallState;

/// Turns an engine's error into an exception, or into "stock answers".
fn answer<T>(result: Result<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) => encode_error(&error).map_or(Ok(None), Err),
    }
}

/// `Tokenizer.encode`: an `Encoding`.
pub fn encode_one(
    py: Python<'_>,
    engine: &Engine,
    state: &CallState,
    sequence: &Bound<'_, PyAny>,
    pair: Option<&Bound<'_, PyAny>>,
    is_pretokenized: bool,
    add_special_tokens: bool,
) -> PyResult<Option<Py<PyAny>>> {
    let Some(item) = Item::take(sequence, pair, is_pretokenized) else { return Ok(None) };
    if state.padding.is_some() {
        // Stock pads with its threads.
        pool::note_use();
    }
    let shared = engine.shared();
    let options =
        EncodeOptions { level: shared.demand.expected(), ..state.options(add_special_tokens, false) };
    let encoded = item.with_input(py, |input, bytes| {
        let tokenizer = &shared.tokenizer;
        enter(py, bytes, || tokenizer.encode(input, &options, &mut tokenizer.scratch()))
    });
    let Some(encoded) = encoded else { return Ok(None) };
    let Some(encoding) = answer(encoded?)? else { return Ok(None) };
    shared.demand.called(1);
    let encoding = match options.level {
        Level::Full => PyEncoding::eager(encoding, Arc::clone(shared)),
        Level::Ids => {
            let call = Arc::new(Call::new(Arc::clone(shared), options));
            PyEncoding::lazy(Document::new(encoding, item, call))
        }
    };
    Ok(Some(Py::new(py, encoding)?.into_any()))
}

/// `Tokenizer.encode_batch`: a list of `Encoding`.
pub fn encode_many(
    py: Python<'_>,
    engine: &Engine,
    state: &CallState,
    input: &Bound<'_, PyAny>,
    is_pretokenized: bool,
    add_special_tokens: bool,
) -> PyResult<Option<Py<PyList>>> {
    let Some(items) = Item::take_batch(input, is_pretokenized) else { return Ok(None) };
    encode_items(py, engine, state, items, add_special_tokens, false)
}

/// `Tokenizer.encode_batch_fast`: tokens are empty, offsets (0, 0), words absent.
pub fn encode_many_fast(
    py: Python<'_>,
    engine: &Engine,
    state: &CallState,
    input: &Bound<'_, PyAny>,
    is_pretokenized: bool,
    add_special_tokens: bool,
) -> PyResult<Option<Py<PyList>>> {
    let Some(items) = Item::take_batch(input, is_pretokenized) else { return Ok(None) };
    encode_items(py, engine, state, items, add_special_tokens, true)
}

fn encode_items(
    py: Python<'_>,
    engine: &Engine,
    state: &CallState,
    items: Vec<Item>,
    add_special_tokens: bool,
    fast: bool,
) -> PyResult<Option<Py<PyList>>> {
    pool::note_use();
    let shared = engine.shared();
    let mut options =
        EncodeOptions { level: shared.demand.expected(), ..state.options(add_special_tokens, fast) };
    let encodings = {
        let Some(views) = Views::read(py, &items) else { return Ok(None) };
        let texts = views.texts();
        let inputs = views.inputs(&texts);
        let options = &mut options;
        let work =
            || encode_padded(|plain| shared.tokenizer.encode_batch(&inputs, plain, pool::pool), options);
        match answer(enter(py, views.bytes(), work)?)? {
            Some(encodings) => encodings,
            None => return Ok(None),
        }
    };
    shared.demand.called(items.len());
    let _pause = CollectorPause::new(py, items.len());
    let list = match options.level {
        Level::Full => PyList::new(
            py,
            encodings.into_iter().map(|encoding| PyEncoding::eager(encoding, Arc::clone(shared))),
        ),
        Level::Ids => {
            let call = Arc::new(Call::new(Arc::clone(shared), options));
            let lazy = |(ids, item)| PyEncoding::lazy(Document::new(ids, item, Arc::clone(&call)));
            PyList::new(py, encodings.into_iter().zip(items).map(lazy))
        }
    };
    Ok(Some(list?.unbind()))
}

/// Encodes without padding, then pads over the batch. Stock pads each encoding by itself first,
/// which changes nothing in the end: the padded length of the batch is at least as long. Leaves in
/// `options` the fixed length that any of the inputs gives the same encoding with, alone.
pub fn encode_padded(
    encode: impl FnOnce(&EncodeOptions) -> Result<Vec<Encoding>>,
    options: &mut EncodeOptions,
) -> Result<Vec<Encoding>> {
    let Some(mut padding) = options.padding.take() else { return encode(options) };
    let mut encodings = encode(options)?;
    padding.strategy = PaddingStrategy::Fixed(padded_len(&encodings, &padding));
    padding.pad_to_multiple_of = None;
    pad_encodings(&mut encodings, &padding)?;
    options.padding = Some(padding);
    Ok(encodings)
}

/// The exception for an engine that does not answer a second time as it did the first.
pub fn second_answer(error: &Error) -> PyErr {
    encode_error(error).unwrap_or_else(|| pyo3::exceptions::PyValueError::new_err(error.to_string()))
}
