//! What a hooked attribute does: serve from the engine, note a change, watch bytes pass by, or
//! hand stock objects to stock.

use std::sync::Arc;
use std::sync::RwLock;

use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;

use crate::consumers::with_stock_encodings;
use crate::descriptor::{Call, Slot, name};
use crate::encoding::stock;
use crate::guard;
use crate::handle::{Handle, parts};
use crate::load::{from_pretrained, loaded, set_state};
use crate::serve::{async_encode, async_encode_batch, encode, encode_batch, served};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    Encode,
    EncodeBatch {
        fast: bool,
    },
    AsyncEncode,
    AsyncEncodeBatch {
        fast: bool,
    },
    /// `enable_truncation` and its kin: what a call reads as state.
    State,
    /// Changes parts of the tokenizer; of a property, handing the part out is noted too.
    Own(u32),
    /// `__setstate__` of a tokenizer.
    SetState,
    FromStr,
    FromBuffer,
    FromFile,
    FromPretrained,
    /// Changes a component, whoever shares it.
    Component,
    /// Trains a model, whoever shares it.
    Train,
    /// A native consumer of Encoding objects.
    ToStock,
    /// `__init__` of a model, of a tokenizer.
    ModelInit,
    TokenizerInit,
}

impl Role {
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "encode" => Self::Encode,
            "encode_batch" => Self::EncodeBatch { fast: false },
            "encode_batch_fast" => Self::EncodeBatch { fast: true },
            "async_encode" => Self::AsyncEncode,
            "async_encode_batch" => Self::AsyncEncodeBatch { fast: false },
            "async_encode_batch_fast" => Self::AsyncEncodeBatch { fast: true },
            "state" => Self::State,
            "added_tokens" => Self::Own(parts::ADDED_TOKENS),
            "set_state" => Self::SetState,
            "from_str" => Self::FromStr,
            "from_buffer" => Self::FromBuffer,
            "from_file" => Self::FromFile,
            "from_pretrained" => Self::FromPretrained,
            "component" => Self::Component,
            "train" => Self::Train,
            "to_stock" => Self::ToStock,
            "model_init" => Self::ModelInit,
            "tokenizer_init" => Self::TokenizerInit,
            part => Self::Own(parts::by_name(part)?),
        })
    }

    /// Which part a property of the tokenizer gives.
    fn part_name(self) -> Option<&'static str> {
        Some(match self {
            Self::Own(parts::MODEL) => "model",
            Self::Own(parts::NORMALIZER) => "normalizer",
            Self::Own(parts::PRE_TOKENIZER) => "pre_tokenizer",
            Self::Own(parts::POST_PROCESSOR) => "post_processor",
            Self::Own(parts::DECODER) => "decoder",
            _ => return None,
        })
    }
}

/// What the hooks need from Python, set when they go in.
pub struct Backend {
    /// `backend.seam`: prove, first_exposed, served_by_stock, async_batch, from_pretrained.
    pub seam: Py<PyAny>,
    tokenizer_type: Py<PyAny>,
    pub from_buffer: Py<PyAny>,
    pub version: (u32, u32, u32),
}

static BACKEND: RwLock<Option<Arc<Backend>>> = RwLock::new(None);

/// Tells the hooks where Python's side of them is. `from_buffer`: stock's original.
#[pyfunction]
pub fn set_backend(
    py: Python<'_>,
    seam: Py<PyAny>,
    tokenizer_type: Py<PyAny>,
    from_buffer: Py<PyAny>,
    version: (u32, u32, u32),
) -> PyResult<()> {
    // Made here rather than at first use, where a fork could find it half made.
    stock::class(py)?;
    let backend = Arc::new(Backend { seam, tokenizer_type, from_buffer, version });
    let mut place = BACKEND.write().unwrap_or_else(|poisoned| poisoned.into_inner());
    let old = place.replace(backend);
    drop(place);
    drop(old);
    Ok(())
}

pub fn backend() -> PyResult<Arc<Backend>> {
    let backend = BACKEND.read().unwrap_or_else(|poisoned| poisoned.into_inner()).clone();
    backend.ok_or_else(|| PyValueError::new_err("hooks without a backend"))
}

/// A hooked method was called. `None`: an exception is set.
pub fn called(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    if !guard::is_active() {
        return original(py, call);
    }
    match call.slot.role {
        Role::Encode => served(py, call, encode),
        Role::EncodeBatch { fast } => served(py, call, |py, call| encode_batch(py, call, fast)),
        Role::AsyncEncode => served(py, call, async_encode),
        Role::AsyncEncodeBatch { fast } => served(py, call, |py, call| async_encode_batch(py, call, fast)),
        Role::FromStr | Role::FromBuffer | Role::FromFile => loaded(py, call),
        Role::FromPretrained => from_pretrained(py, call),
        Role::ToStock => with_stock_encodings(py, call),
        Role::SetState => set_state(py, call),
        Role::ModelInit | Role::TokenizerInit => original(py, call),
        Role::State | Role::Own(_) | Role::Component | Role::Train => {
            let result = original(py, call);
            noted(py, call);
            result
        }
    }
}

/// A hooked property is read. `None`: an exception is set.
pub fn read(py: Python<'_>, slot: &Slot, object: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
    let value = slot.get(py, object);
    let Some(value) = value else {
        panics_are_value_errors(py);
        return None;
    };
    if let (Role::Own(part), Some(name), true) = (slot.role, slot.role.part_name(), guard::is_active()) {
        let exposed = (|| {
            let Some(handle) = Handle::of(object)? else { return Ok(()) };
            if handle.get().expose(part) && !value.is_none(py) {
                let memo = handle.get().memo();
                backend()?.seam.call_method1(py, "first_exposed", (memo, name, &value))?;
            }
            PyResult::Ok(())
        })();
        if let Err(error) = exposed {
            error.restore(py);
            return None;
        }
    }
    Some(value)
}

/// An object was made: `args` and `kwds` are what its class was called with.
pub fn initialized(
    py: Python<'_>,
    slot: &Slot,
    object: &Bound<'_, PyAny>,
    args: &Bound<'_, PyAny>,
    kwds: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    if !guard::is_active() {
        return Ok(());
    }
    let watch = match slot.role {
        Role::ModelInit => "model_made",
        _ => "tokenizer_made",
    };
    match backend()?.seam.call_method1(py, watch, (object, args, kwds)) {
        // Only interruptions concern the caller: what was not watched is asked for later.
        Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
        _ => Ok(()),
    }
}

/// A hooked property or item is written: `write` calls the original. What it changed is noted
/// whether or not it raised.
pub fn written<T>(
    py: Python<'_>,
    slot: &Slot,
    object: &Bound<'_, PyAny>,
    write: impl FnOnce(Python<'_>) -> Option<T>,
) -> Option<T> {
    let result = write(py);
    if result.is_none() {
        panics_are_value_errors(py);
    }
    match slot.role {
        Role::Own(part) => {
            own_change(py, object, part);
            if result.is_some() && part & (parts::PRE_TOKENIZER | parts::DECODER) != 0 {
                aside(py, || settings_made(object));
            }
        }
        Role::State => state_changed(py, object),
        _ => guard::component_changed(),
    }
    result
}

/// A tokenizer built from a known vocabulary may have all its settings: compiling can begin.
fn settings_made(object: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = object.py();
    let Some(handle) = tokenizer_handle(object)? else { return Ok(()) };
    if handle.get().memo().bind(py).contains(name!(c"model_text").get(py))? {
        backend()?.seam.call_method1(py, "begin", (object, handle))?;
    }
    Ok(())
}

/// Notes what a called method changed; an exception that is set stays set.
fn noted(py: Python<'_>, call: &Call<'_>) {
    match (call.slot.role, call.object(py)) {
        (Role::State, Some(object)) => state_changed(py, &object),
        (Role::Own(changed), Some(object)) => own_change(py, &object, changed),
        (Role::Train, object) => {
            guard::model_trained();
            // The tokenizer is the object, or an argument of a trainer's method.
            for value in object.into_iter().chain(call.values(py)) {
                own_change(py, &value, parts::ALL);
            }
        }
        _ => guard::component_changed(),
    }
}

fn own_change(py: Python<'_>, object: &Bound<'_, PyAny>, changed: u32) {
    aside(py, || {
        if let Some(handle) = tokenizer_handle(object)? {
            // Whoever set a part may still hold it.
            handle.get().expose(changed & !parts::ADDED_TOKENS);
            handle.get().own_change(changed);
        }
        Ok(())
    });
}

fn state_changed(py: Python<'_>, object: &Bound<'_, PyAny>) {
    aside(py, || {
        if let Some(handle) = tokenizer_handle(object)? {
            handle.get().state_changed();
        }
        Ok(())
    });
}

fn tokenizer_handle<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Handle>>> {
    let backend = backend()?;
    if !object.get_type().is(backend.tokenizer_type.bind(object.py())) {
        return Ok(None);
    }
    Handle::of(object)
}

/// Runs `note` without disturbing an exception that is set.
pub fn aside(py: Python<'_>, note: impl FnOnce() -> PyResult<()>) {
    let pending = PyErr::take(py);
    let noted = note();
    match pending {
        Some(pending) => pending.restore(py),
        None => drop(noted),
    }
}

/// Calls the original; where it panicked, `ValueError` is raised instead.
pub fn original(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    let result = call.original(py);
    if result.is_none() {
        panics_are_value_errors(py);
    }
    result
}

pub fn panics_are_value_errors(py: Python<'_>) {
    let Some(error) = PyErr::take(py) else { return };
    let raised = error.get_type(py);
    let is_panic = raised.name().is_ok_and(|name| name == "PanicException");
    if is_panic {
        PyValueError::new_err(error.value(py).to_string()).restore(py);
    } else {
        error.restore(py);
    }
}
