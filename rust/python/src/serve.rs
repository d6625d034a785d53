//! Encode calls: from the engine if it is proven for this moment and knows the arguments, else by
//! the original, counted by reason.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyString};

use crate::canary;
use crate::compile::{Compiled, Outcome};
use crate::descriptor::Call;
use crate::encode;
use crate::handle::{Handle, Verdict};
use crate::objects::{name, names};
use crate::roles::{backend, original};
use crate::state::{CallState, padding_dict, truncation_dict};

/// Who serves a call.
pub enum Ready<'py> {
    Engine { handle: Bound<'py, Handle>, compiled: Arc<Compiled>, state: Arc<CallState> },
    Stock(Arc<str>),
}

/// What became of a call.
pub enum Served {
    Done(Py<PyAny>),
    /// Stock serves, for a reason.
    Declined(Arc<str>),
    /// Stock serves; that is nothing to be counted.
    Aside,
}

const NOT_SERVED: &str = "not accelerated";
pub const ARGUMENTS: &str = "arguments that only stock handles";

pub fn served(
    py: Python<'_>,
    call: &Call<'_>,
    serve: impl FnOnce(Python<'_>, &Call<'_>) -> PyResult<Served>,
) -> Option<Py<PyAny>> {
    let drawn = canary::drawn(py, call);
    let served = match (serve(py, call), drawn) {
        (Ok(Served::Done(result)), Some(drawn)) => drawn.checked(py, Ok(result)).map(Served::Done),
        (Err(error), Some(drawn)) => drawn.checked(py, Err(error)).map(Served::Done),
        (served, _) => served,
    };
    match served {
        Ok(Served::Done(result)) => Some(result),
        Ok(Served::Declined(reason)) => {
            let counted = call.object(py).map_or(Ok(()), |object| count_for(&object, &reason));
            if let Err(error) = counted {
                error.restore(py);
                return None;
            }
            original(py, call)
        }
        Ok(Served::Aside) => original(py, call),
        Err(error) => {
            error.restore(py);
            None
        }
    }
}

/// Calls of this process that stock served, by reason. Only tried: a forked child may find it held.
static COUNTS: Mutex<BTreeMap<String, u64>> = Mutex::new(BTreeMap::new());

/// Calls of this process that stock served, by reason.
#[pyfunction]
pub fn stock_calls() -> BTreeMap<String, u64> {
    COUNTS.try_lock().map(|counts| counts.clone()).unwrap_or_default()
}

/// Counts a call of a tokenizer that stock serves.
pub fn count_for(object: &Bound<'_, PyAny>, reason: &str) -> PyResult<()> {
    if let Ok(mut counts) = COUNTS.try_lock() {
        match counts.get_mut(reason) {
            Some(count) => *count += 1,
            None => drop(counts.insert(reason.to_owned(), 1)),
        }
    }
    if Handle::ensure(object)?.get().count(reason) {
        backend()?.seam.call_method1(object.py(), "served_by_stock", (object, reason))?;
    }
    Ok(())
}

/// Proves the tokenizer's engine if need be, and reads the state of the call.
pub fn ready<'py>(object: &Bound<'py, PyAny>) -> PyResult<Ready<'py>> {
    let py = object.py();
    for _ in 0..4 {
        let Some(handle) = Handle::serving(object)? else { return Ok(Ready::Stock(NOT_SERVED.into())) };
        match handle.get().current(py)? {
            Some(Verdict::Engine(compiled)) => {
                if canary::probed(object, handle.get(), &compiled)? {
                    continue;
                }
                let state = handle.get().state(object);
                return Ok(match state {
                    Ok(state) => Ready::Engine { handle, compiled, state },
                    Err(_) => Ready::Stock("truncation or padding of an unknown form".into()),
                });
            }
            Some(Verdict::Stock(reason)) => return Ok(Ready::Stock(reason)),
            _ => {
                backend()?.seam.call_method1(py, "prove", (object, handle))?;
            }
        }
    }
    Ok(Ready::Stock("changed by another thread at every attempt to compile".into()))
}

/// A flag as stock takes it; anything but a real bool is left to the original.
pub fn flag(value: Option<Bound<'_, PyAny>>, default: bool) -> Option<bool> {
    match value {
        None => Some(default),
        Some(value) => value.cast_exact::<PyBool>().ok().map(|value| value.is_true()),
    }
}

struct One<'py> {
    sequence: Bound<'py, PyAny>,
    pair: Option<Bound<'py, PyAny>>,
    is_pretokenized: bool,
    add_special_tokens: bool,
}

fn bind_one<'py>(py: Python<'py>, call: &Call<'_>) -> Option<One<'py>> {
    let names = names!(c"sequence", c"pair", c"is_pretokenized", c"add_special_tokens");
    let [sequence, pair, is_pretokenized, add_special_tokens] = call.bind(py, &names)?;
    Some(One {
        sequence: sequence?,
        pair: pair.filter(|pair| !pair.is_none()),
        is_pretokenized: flag(is_pretokenized, false)?,
        add_special_tokens: flag(add_special_tokens, true)?,
    })
}

pub fn encode(py: Python<'_>, call: &Call<'_>) -> PyResult<Served> {
    let (Some(object), Some(one)) = (call.object(py), bind_one(py, call)) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    let (compiled, state) = match ready(&object)? {
        Ready::Engine { compiled, state, .. } => (compiled, state),
        Ready::Stock(reason) => return Ok(Served::Declined(reason)),
    };
    encode_one(py, &compiled, &state, &one)
}

fn encode_one(py: Python<'_>, compiled: &Compiled, state: &CallState, one: &One<'_>) -> PyResult<Served> {
    let One { sequence, pair, is_pretokenized, add_special_tokens } = one;
    let result = match (compiled.outcome(), compiled.engine(py)?) {
        (Outcome::Twin(twin), _) => {
            let arguments = (twin_state(py, state)?, sequence, pair);
            let arguments = (arguments.0, arguments.1, arguments.2, *is_pretokenized, *add_special_tokens);
            some(py, twin.call_method1(py, "encode_one", arguments)?)
        }
        (_, Some(engine)) => encode::encode_one(
            py,
            engine.get(),
            state,
            sequence,
            pair.as_ref(),
            *is_pretokenized,
            *add_special_tokens,
        )?,
        _ => None,
    };
    Ok(result.map_or_else(|| Served::Declined(ARGUMENTS.into()), Served::Done))
}

struct Many<'py> {
    input: Bound<'py, PyAny>,
    is_pretokenized: bool,
    add_special_tokens: bool,
}

fn bind_many<'py>(py: Python<'py>, call: &Call<'_>) -> Option<Many<'py>> {
    let names = names!(c"input", c"is_pretokenized", c"add_special_tokens");
    let [input, is_pretokenized, add_special_tokens] = call.bind(py, &names)?;
    Some(Many {
        input: input?,
        is_pretokenized: flag(is_pretokenized, false)?,
        add_special_tokens: flag(add_special_tokens, true)?,
    })
}

pub fn encode_batch(py: Python<'_>, call: &Call<'_>, fast: bool) -> PyResult<Served> {
    let (Some(object), Some(many)) = (call.object(py), bind_many(py, call)) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    let (compiled, state) = match ready(&object)? {
        Ready::Engine { compiled, state, .. } => (compiled, state),
        Ready::Stock(reason) => return Ok(Served::Declined(reason)),
    };
    let Many { input, is_pretokenized, add_special_tokens } = many;
    let result = match (compiled.outcome(), compiled.engine(py)?) {
        (Outcome::Twin(twin), _) => {
            let state = twin_state(py, &state)?;
            let arguments = (state, input, is_pretokenized, add_special_tokens, fast);
            some(py, twin.call_method1(py, "encode_many", arguments)?)
        }
        (_, Some(engine)) => {
            let encode = if fast { encode::encode_many_fast } else { encode::encode_many };
            encode(py, engine.get(), &state, &input, is_pretokenized, add_special_tokens)?.map(Py::into_any)
        }
        _ => None,
    };
    Ok(result.map_or_else(|| Served::Declined(ARGUMENTS.into()), Served::Done))
}

/// `async_encode` gives byte offsets where `encode` gives characters: the same for ASCII only.
pub fn async_encode(py: Python<'_>, call: &Call<'_>) -> PyResult<Served> {
    let (Some(object), Some(one)) = (call.object(py), bind_one(py, call)) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    let ascii = |value: &Bound<'_, PyAny>| {
        value.cast_exact::<PyString>().is_ok_and(|text| {
            text.call_method0(name!(c"isascii").get(text.py()))
                .is_ok_and(|ascii| ascii.is_truthy().unwrap_or(false))
        })
    };
    if one.is_pretokenized || !ascii(&one.sequence) || !one.pair.as_ref().is_none_or(ascii) {
        return Ok(Served::Declined("async_encode of other than ASCII text".into()));
    }
    if let Ready::Stock(reason) = ready(&object)? {
        return Ok(Served::Declined(reason));
    }
    let arguments = (&object, one.sequence, one.pair, one.add_special_tokens);
    let result = backend()?.seam.call_method1(py, "async_one", arguments)?;
    Ok(awaitable(py, result))
}

pub fn async_encode_batch(py: Python<'_>, call: &Call<'_>, fast: bool) -> PyResult<Served> {
    let (Some(object), Some(many)) = (call.object(py), bind_many(py, call)) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    if let Ready::Stock(reason) = ready(&object)? {
        return Ok(Served::Declined(reason));
    }
    let arguments = (&object, many.input, many.is_pretokenized, many.add_special_tokens, fast);
    let result = backend()?.seam.call_method1(py, "async_batch", arguments)?;
    Ok(awaitable(py, result))
}

fn awaitable(py: Python<'_>, result: Py<PyAny>) -> Served {
    if result.is_none(py) {
        return Served::Declined(ARGUMENTS.into());
    }
    Served::Done(result)
}

fn some(py: Python<'_>, value: Py<PyAny>) -> Option<Py<PyAny>> {
    (!value.is_none(py)).then_some(value)
}

/// The state as a twin takes it: a dict of keyword arguments by method name.
fn twin_state<'py>(py: Python<'py>, state: &CallState) -> PyResult<Bound<'py, PyDict>> {
    let all = PyDict::new(py);
    if let Some(params) = &state.truncation {
        all.set_item("truncation", truncation_dict(py, params)?)?;
    }
    if let Some(params) = &state.padding {
        all.set_item("padding", padding_dict(py, params)?)?;
    }
    all.set_item("encode_special_tokens", state.encode_special_tokens)?;
    Ok(all)
}
