//! `__call__`, `_encode_plus`, `encode` and `tokenize`: understood, encoded and put into the form
//! stock gives, in one native call.

use std::sync::Arc;

use budtiktok::Encoding;
use budtiktok::options::{EncodeOptions, Level};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList};

use super::entry::{Answer, Arguments};
use super::request::{
    Columns, Padding, Plain, Request, Strategies, Tensors, flag, items, optional_flag, optional_length,
    state, truncation_member, wanted,
};
use super::result;
use super::setup::{Family, Setup};
use super::state::leave;
use super::tokenizer::{Limit, Served};
use crate::encode::encode_padded;
use crate::encoding::{Call, Document, PyEncoding};
use crate::enter::enter;
use crate::input::Views;
use crate::objects::name;
use crate::output::{CollectorPause, id_list, token_list};
use crate::pool;

/// What encoding a request gave.
pub struct Encoded {
    pub encodings: Vec<Encoding>,
    options: EncodeOptions,
}

impl Encoded {
    /// The encodings, each followed by its overflowing parts if these are rows of their own.
    pub fn rows(&self, overflow: bool) -> Vec<&Encoding> {
        let mut rows = Vec::with_capacity(self.encodings.len());
        for encoding in &self.encodings {
            rows.push(encoding);
            if overflow {
                rows.extend(&encoding.overflowing);
            }
        }
        rows
    }

    /// The same as `Encoding` objects.
    fn objects<'py>(
        self,
        py: Python<'py>,
        served: &Served<'py>,
        request: Request,
    ) -> PyResult<Bound<'py, PyList>> {
        let Some(shared) = served.shared() else { return Ok(PyList::empty(py)) };
        let call = match self.options.level {
            Level::Full => None,
            Level::Ids => Some(Arc::new(Call::new(Arc::clone(shared), self.options))),
        };
        let mut objects = Vec::with_capacity(self.encodings.len());
        for (encoding, item) in self.encodings.into_iter().zip(request.items) {
            let whole = match &call {
                None => PyEncoding::eager(encoding, Arc::clone(shared)),
                Some(call) => PyEncoding::lazy(Document::new(encoding, item, Arc::clone(call))),
            };
            let parts = if request.columns.overflow { whole.parts() } else { Vec::new() };
            objects.push(Bound::new(py, whole)?);
            for part in parts {
                objects.push(Bound::new(py, part)?);
            }
        }
        PyList::new(py, objects)
    }
}

/// Encodes a request; `None` if stock has to answer. Sets the object's state first, as stock does.
fn encoded(served: &Served<'_>, request: &Request, level: Option<Level>) -> PyResult<Option<Encoded>> {
    let py = served.object.py();
    let Some(shared) = served.shared() else { return Ok(None) };
    if !leave(served, &request.state)? {
        return Ok(None);
    }
    pool::note_use();
    let level = level.unwrap_or_else(|| shared.demand.expected());
    let mut options = EncodeOptions { level, ..request.state.options(request.add_special_tokens, false) };
    let tokenizer = &shared.tokenizer;
    let result = match &request.items[..] {
        [item] => {
            let options = &mut options;
            let result = item.with_input(py, |input, bytes| {
                let one = |plain: &EncodeOptions| {
                    tokenizer.encode(input, plain, &mut tokenizer.scratch()).map(|one| vec![one])
                };
                enter(py, bytes, || encode_padded(one, options))
            });
            let Some(result) = result else { return Ok(None) };
            result?
        }
        items => {
            let Some(views) = Views::read(py, items) else { return Ok(None) };
            let texts = views.texts();
            let inputs = views.inputs(&texts);
            let options = &mut options;
            let work = || encode_padded(|plain| tokenizer.encode_batch(&inputs, plain, pool::pool), options);
            enter(py, views.bytes(), work)?
        }
    };
    // Stock raises its own error, or can do what the engine does not.
    let Ok(encodings) = result else { return Ok(None) };
    Ok(Some(Encoded { encodings, options }))
}

/// Stock's warning about sequences longer than the model takes: by stock's own method, which says
/// it once a tokenizer.
fn warn(served: &Served<'_>, rows: &[&Encoding], request: &Request, limit: Limit) -> PyResult<()> {
    let Limit::Tokens(limit) = limit else { return Ok(()) };
    if limit == 0 || request.max_length.is_some() || !request.verbose {
        return Ok(());
    }
    let py = served.object.py();
    for row in rows.iter().filter(|row| row.len() as u64 > limit) {
        let warned = served.fields.get_item(name!(c"deprecation_warnings").get(py))?;
        let warned = warned.and_then(|warned| warned.cast_into_exact::<PyDict>().ok());
        let key = name!(c"sequence-length-is-longer-than-the-specified-maximum").get(py);
        if let Some(warned) = warned
            && warned.get_item(key)?.is_some_and(|flag| flag.is(PyBool::new(py, true)))
        {
            break;
        }
        served.object.call_method1(
            name!(c"_eventual_warn_about_too_long_sequence").get(py),
            (id_list(py, &row.ids)?, py.None(), true),
        )?;
    }
    Ok(())
}

/// What `_encode_plus` gives for a request; `None` if stock has to answer.
fn batch_encoding<'py>(
    setup: &Setup,
    served: &Served<'py>,
    request: Request,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = served.object.py();
    if !result::can_make(setup, py, request.tensors)? {
        return Ok(None);
    }
    let Some(limit) = limit_for(served, &request)? else { return Ok(None) };
    let level = request.columns.offsets.then_some(Level::Full);
    let Some(encoded) = encoded(served, &request, level)? else { return Ok(None) };
    let rows = encoded.rows(request.columns.overflow);
    if request.tensors != Tensors::No && rows.iter().any(|row| row.len() != rows[0].len()) {
        // A ragged batch: an error for torch, arrays of objects for numpy.
        return Ok(None);
    }
    warn(served, &rows, &request, limit)?;
    let _pause = CollectorPause::new(py, rows.len() + 1);
    let data = match request.tensors {
        Tensors::No => result::lists(py, &rows, &request)?,
        tensors => match result::tensors(setup, py, tensors, &rows, &request)? {
            Some(data) => data,
            None => return Ok(None),
        },
    };
    if request.columns.overflow {
        let samples = samples(&encoded.encodings);
        let key = name!(c"overflow_to_sample_mapping").get(py);
        match result::numbers(setup, py, request.tensors, &samples)? {
            Some(samples) => data.set_item(key, samples)?,
            None => return Ok(None),
        }
    }
    let n_sequences = encoded.encodings.first().map_or(1, Encoding::n_sequences).into_pyobject(py)?;
    if let Some(shared) = served.shared() {
        shared.demand.called(encoded.encodings.len());
    }
    let encodings = encoded.objects(py, served, request)?;
    result::batch_encoding(setup, &data, &encodings, &n_sequences).map(Some)
}

/// The limit that a warning could be about; `None` if stock has to judge it.
fn limit_for(served: &Served<'_>, request: &Request) -> PyResult<Option<Limit>> {
    if request.max_length.is_some() || !request.verbose {
        return Ok(Some(Limit::Endless));
    }
    served.limit()
}

/// For each row, which input it is of.
fn samples(encodings: &[Encoding]) -> Vec<u32> {
    let rows = |(index, encoding): (usize, &Encoding)| {
        std::iter::repeat_n(index as u32, 1 + encoding.overflowing.len())
    };
    encodings.iter().enumerate().flat_map(rows).collect()
}

/// The flags of `__call__` and `_encode_plus` about the result, in this order: token type ids,
/// attention mask, overflowing tokens, special tokens mask, offsets, length.
fn columns(served: &Served<'_>, call: &Arguments<'_, '_>, from: usize) -> PyResult<Option<Columns>> {
    let plain = |at: usize| optional_flag(&call.get(from + at)).map(Option::unwrap_or_default);
    let Some(type_ids) = wanted(served, &call.get(from), name!(c"token_type_ids"))? else { return Ok(None) };
    let Some(attention_mask) = wanted(served, &call.get(from + 1), name!(c"attention_mask"))? else {
        return Ok(None);
    };
    let columns = (|| {
        Some(Columns {
            type_ids,
            attention_mask,
            overflow: plain(2)?,
            special_tokens_mask: plain(3)?,
            offsets: plain(4)?,
            length: plain(5)?,
        })
    })();
    Ok(columns)
}

/// What `**kwargs` of `__call__` hold, if it is known exactly.
#[derive(Default)]
struct Further {
    split_special_tokens: Option<bool>,
    max_target_length: Option<usize>,
}

impl Further {
    fn read(keywords: &Bound<'_, PyAny>) -> Option<Self> {
        let mut further = Self::default();
        let keywords = keywords.cast_exact::<PyDict>().ok()?;
        if keywords.is_empty() {
            return Some(further);
        }
        for (key, value) in keywords {
            match key.cast_exact::<pyo3::types::PyString>().ok()?.to_str().ok()? {
                "split_special_tokens" => further.split_special_tokens = optional_flag(&value)?,
                "max_target_length" => further.max_target_length = optional_length(&value)?,
                // What chat templates pass on.
                "sanitize_control_tokens" if flag(&value) == Some(false) => {}
                _ => return None,
            }
        }
        Some(further)
    }
}

/// `PreTrainedTokenizerBase.__call__`.
pub fn call<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let object = call.get(0).to_owned();
    let reliance = understood!(setup.reliance(Family::Call), Answer::Stock);
    let served = understood!(Served::look(setup, reliance, &object)?, Answer::Stock);
    match call_served(setup, &served, call)? {
        Some(result) => Ok(Answer::Done(result)),
        None => Ok(Answer::InTurn(served.handle)),
    }
}

fn call_served<'py>(
    setup: &Setup,
    served: &Served<'py>,
    call: &Arguments<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let (text, target) = (call.get(1), call.get(3));
    if !call.is_none(21) || (text.is_none() && target.is_none()) {
        return Ok(None);
    }
    let further = understood!(Further::read(&call.get(22)), None);
    let add_special_tokens = understood!(flag(&call.get(5)), None);
    let is_split_into_words = understood!(flag(&call.get(10)), None);
    let verbose = understood!(flag(&call.get(20)), None);
    let max_length = understood!(optional_length(&call.get(8)), None);
    let pad_to_multiple_of = understood!(optional_length(&call.get(11)), None);
    let tensors = understood!(Tensors::argument(setup, &call.get(13)), None);
    let strategies = understood!(
        Strategies::find(setup, &call.get(6), &call.get(7), max_length, pad_to_multiple_of, verbose, || {
            served.limit()
        })?,
        None
    );
    let columns = understood!(columns(served, call, 14)?, None);
    let split_special_tokens = match further.split_special_tokens {
        Some(split) => split,
        None => understood!(served.split_special_tokens()?, None),
    };
    let (stride, padding_side) = (call.get(9), call.get(12));
    let plain =
        Plain { stride: &stride, pad_to_multiple_of, padding_side: &padding_side, split_special_tokens };
    let request = |text: &Bound<'py, PyAny>, pair: &Bound<'py, PyAny>, max_length: Option<usize>| {
        let strategies = Strategies { max_length, ..strategies };
        let Some((items, batched)) = items(text, pair, is_split_into_words) else { return Ok(None) };
        let Some(state) = state(setup, served, &strategies, &plain)? else { return Ok(None) };
        PyResult::Ok(Some(Request {
            items,
            batched,
            add_special_tokens,
            state,
            columns,
            tensors,
            max_length,
            verbose,
        }))
    };
    let first = match text.is_none() {
        true => None,
        false => Some(understood!(request(&text, &call.get(2), strategies.max_length)?, None)),
    };
    let second = match target.is_none() {
        true => None,
        false => {
            let max_length = further.max_target_length.or(strategies.max_length);
            Some(understood!(request(&target, &call.get(4), max_length)?, None))
        }
    };
    let (first, second) = match (first, second) {
        (Some(first), None) | (None, Some(first)) => return batch_encoding(setup, served, first),
        (Some(first), Some(second)) => (first, second),
        (None, None) => return Ok(None),
    };
    let encodings = understood!(batch_encoding(setup, served, first)?, None);
    // The first call may have changed the state, and its warnings anything.
    let reliance = understood!(setup.reliance(Family::Call), None);
    let served = understood!(Served::look(setup, reliance, &served.object)?, None);
    let labels = understood!(batch_encoding(setup, &served, second)?, None);
    let py = call.py();
    let ids = labels.get_item(name!(c"input_ids").get(py))?;
    encodings.set_item(name!(c"labels").get(py), ids)?;
    Ok(Some(encodings))
}

/// `TokenizersBackend._encode_plus`.
pub fn encode_plus<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let object = call.get(0).to_owned();
    let reliance = understood!(setup.reliance(Family::EncodePlus), Answer::Stock);
    let served = understood!(Served::look(setup, reliance, &object)?, Answer::Stock);
    match plus_served(setup, &served, call)? {
        Some(result) => Ok(Answer::Done(result)),
        None => Ok(Answer::InTurn(served.handle)),
    }
}

fn plus_served<'py>(
    setup: &Setup,
    served: &Served<'py>,
    call: &Arguments<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let keywords = call.get(20);
    let sanitize = keywords.cast_exact::<PyDict>().ok().map(|keywords| {
        // All others are ignored.
        keywords.get_item(name!(c"sanitize_control_tokens").get(call.py()))
    });
    match sanitize {
        Some(Ok(None)) => {}
        Some(Ok(Some(value))) if flag(&value) == Some(false) => {}
        _ => return Ok(None),
    }
    let padding = understood!(Padding::member(setup, &call.get(4)), None);
    let truncation = understood!(truncation_member(setup, &call.get(5)), None);
    let max_length = understood!(optional_length(&call.get(6)), None);
    let strategies = Strategies { padding, truncation, max_length };
    let pad_to_multiple_of = understood!(optional_length(&call.get(9)), None);
    let split_special_tokens = match understood!(optional_flag(&call.get(19)), None) {
        Some(split) => split,
        None => understood!(served.split_special_tokens()?, None),
    };
    let (stride, padding_side) = (call.get(7), call.get(10));
    let plain =
        Plain { stride: &stride, pad_to_multiple_of, padding_side: &padding_side, split_special_tokens };
    let is_split_into_words = understood!(flag(&call.get(8)), None);
    let (items, batched) = understood!(items(&call.get(1), &call.get(2), is_split_into_words), None);
    let request = Request {
        items,
        batched,
        add_special_tokens: understood!(flag(&call.get(3)), None),
        state: understood!(state(setup, served, &strategies, &plain)?, None),
        columns: understood!(columns(served, call, 12)?, None),
        tensors: understood!(Tensors::argument(setup, &call.get(11)), None),
        max_length,
        verbose: understood!(flag(&call.get(18)), None),
    };
    batch_encoding(setup, served, request)
}

/// `PreTrainedTokenizerBase.encode`: the ids alone.
pub fn encode<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let object = call.get(0).to_owned();
    let reliance = understood!(setup.reliance(Family::Encode), Answer::Stock);
    let served = understood!(Served::look(setup, reliance, &object)?, Answer::Stock);
    match encode_served(setup, &served, call)? {
        Some(result) => Ok(Answer::Done(result)),
        None => Ok(Answer::InTurn(served.handle)),
    }
}

fn encode_served<'py>(
    setup: &Setup,
    served: &Served<'py>,
    call: &Arguments<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let further = understood!(Further::read(&call.get(10)), None);
    if further.max_target_length.is_some() {
        return Ok(None);
    }
    let max_length = understood!(optional_length(&call.get(6)), None);
    let strategies =
        Strategies::find(setup, &call.get(4), &call.get(5), max_length, None, true, || served.limit())?;
    let strategies = understood!(strategies, None);
    let split_special_tokens = match further.split_special_tokens {
        Some(split) => split,
        None => understood!(served.split_special_tokens()?, None),
    };
    let (stride, padding_side) = (call.get(7), call.get(8));
    let plain = Plain {
        stride: &stride,
        pad_to_multiple_of: None,
        padding_side: &padding_side,
        split_special_tokens,
    };
    let (items, batched) = understood!(items(&call.get(1), &call.get(2), false), None);
    let request = Request {
        items,
        batched,
        add_special_tokens: understood!(flag(&call.get(3)), None),
        state: understood!(state(setup, served, &strategies, &plain)?, None),
        columns: Columns::default(),
        tensors: understood!(Tensors::argument(setup, &call.get(9)), None),
        max_length: strategies.max_length,
        verbose: true,
    };
    let py = call.py();
    if !result::can_make(setup, py, request.tensors)? {
        return Ok(None);
    }
    let limit = understood!(limit_for(served, &request)?, None);
    let encoded = understood!(encoded(served, &request, Some(Level::Ids))?, None);
    let rows = encoded.rows(false);
    if request.tensors != Tensors::No && rows.iter().any(|row| row.len() != rows[0].len()) {
        return Ok(None);
    }
    warn(served, &rows, &request, limit)?;
    result::ids(setup, py, &rows, &request)
}

/// `TokenizersBackend.tokenize` of one text, or of a pair.
pub fn tokenize<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let object = call.get(0).to_owned();
    let reliance = understood!(setup.reliance(Family::Tokenize), Answer::Stock);
    let served = understood!(Served::look(setup, reliance, &object)?, Answer::Stock);
    match tokenize_served(setup, &served, call)? {
        Some(result) => Ok(Answer::Done(result)),
        None => Ok(Answer::InTurn(served.handle)),
    }
}

fn tokenize_served<'py>(
    setup: &Setup,
    served: &Served<'py>,
    call: &Arguments<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = call.py();
    let further = understood!(Further::read(&call.get(4)), None);
    if further.max_target_length.is_some() {
        return Ok(None);
    }
    let split_special_tokens = match further.split_special_tokens {
        Some(split) => split,
        None => understood!(served.split_special_tokens()?, None),
    };
    let (items, batched) = understood!(items(&call.get(1), &call.get(2), false), None);
    if batched {
        return Ok(None);
    }
    let request = Request {
        items,
        batched,
        add_special_tokens: understood!(flag(&call.get(3)), None),
        state: crate::state::CallState { encode_special_tokens: split_special_tokens, ..Default::default() },
        columns: Columns::default(),
        tensors: Tensors::No,
        max_length: None,
        verbose: true,
    };
    if !result::can_make(setup, py, Tensors::No)? {
        return Ok(None);
    }
    let limit = understood!(limit_for(served, &request)?, None);
    let encoded = understood!(encoded(served, &request, Some(Level::Full))?, None);
    warn(served, &encoded.rows(false), &request, limit)?;
    let detail = encoded.encodings.first().and_then(|encoding| encoding.detail.as_ref());
    let (Some(detail), Some(shared)) = (detail, served.shared()) else { return Ok(None) };
    Ok(Some(token_list(py, detail, Some(shared.strings()))?.into_any()))
}
