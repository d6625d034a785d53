//! What a hooked attribute does: serve from the engine, note a change, watch bytes pass by, or
//! hand stock objects to stock.

use std::sync::Arc;
use std::sync::RwLock;

use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt};

use crate::calls::late;
use crate::consumers::with_stock_encodings;
use crate::decode;
use crate::descriptor::{Call, Slot};
use crate::encoding::stock;
use crate::guard;
use crate::handle::{Handle, parts};
use crate::load::{from_pretrained, loaded, set_state};
use crate::marks;
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
    /// `add_tokens`, `add_special_tokens`.
    AddTokens {
        special: bool,
    },
    /// Changes parts of the tokenizer; of a property, handing the part out is noted too.
    Own(u32),
    /// `__setstate__` and `__getstate__` of a tokenizer.
    SetState,
    GetState,
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
    /// `__init__` of a tokenizer, of a stream.
    TokenizerInit,
    StreamInit,
    Decode,
    DecodeBatch,
    AsyncDecodeBatch,
    StreamStep,
    StreamCopy,
    Vocab,
    VocabSize,
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
            "add_tokens" => Self::AddTokens { special: false },
            "add_special_tokens" => Self::AddTokens { special: true },
            "set_state" => Self::SetState,
            "get_state" => Self::GetState,
            "from_str" => Self::FromStr,
            "from_buffer" => Self::FromBuffer,
            "from_file" => Self::FromFile,
            "from_pretrained" => Self::FromPretrained,
            "component" => Self::Component,
            "train" => Self::Train,
            "to_stock" => Self::ToStock,
            "tokenizer_init" => Self::TokenizerInit,
            "stream_init" => Self::StreamInit,
            "decode" => Self::Decode,
            "decode_batch" => Self::DecodeBatch,
            "async_decode_batch" => Self::AsyncDecodeBatch,
            "stream_step" => Self::StreamStep,
            "stream_copy" => Self::StreamCopy,
            "vocab" => Self::Vocab,
            "vocab_size" => Self::VocabSize,
            part => Self::Own(parts::by_name(part)?),
        })
    }

    /// Whether the role hands the call to the engine.
    fn serves(self) -> bool {
        matches!(
            self,
            Self::Encode
                | Self::EncodeBatch { .. }
                | Self::AsyncEncode
                | Self::AsyncEncodeBatch { .. }
                | Self::Decode
                | Self::DecodeBatch
                | Self::AsyncDecodeBatch
                | Self::Vocab
                | Self::VocabSize
        )
    }

    /// Whether the role changes what only the object's own handle has to know.
    pub fn is_change(self) -> bool {
        matches!(self, Self::State | Self::Own(_) | Self::AddTokens { .. })
    }

    /// Whether the role is nothing to an object without a handle, when only marked ones are served.
    pub fn is_of_one(self) -> bool {
        self.serves() || self.is_change()
    }

    /// Whether the role watches what is loaded.
    fn watches(self) -> bool {
        matches!(
            self,
            Self::FromStr | Self::FromBuffer | Self::FromFile | Self::FromPretrained | Self::TokenizerInit
        )
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
    /// `backend.seam`: prove, first_exposed, served_by_stock, async_batch, from_pretrained,
    /// checked, probe.
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
    let role = call.slot.role;
    if guard::is_active() && role.serves() && !serves(py, call) {
        // Not ours: stock's panics stay what they are.
        return call.original(py);
    }
    if !guard::is_active() || (role.watches() && !marks::watches()) {
        return original(py, call);
    }
    late::look(py);
    match role {
        Role::Encode => served(py, call, encode),
        Role::EncodeBatch { fast } => served(py, call, |py, call| encode_batch(py, call, fast)),
        Role::AsyncEncode => served(py, call, async_encode),
        Role::AsyncEncodeBatch { fast } => served(py, call, |py, call| async_encode_batch(py, call, fast)),
        Role::FromStr | Role::FromBuffer | Role::FromFile => loaded(py, call),
        Role::FromPretrained => from_pretrained(py, call),
        Role::ToStock => with_stock_encodings(py, call),
        Role::SetState => set_state(py, call),
        Role::GetState => {
            let result = original(py, call);
            if let (Some(object), Some(state)) = (call.object(py), &result) {
                aside(py, || marks::given_away(&object, state.bind(py)));
            }
            result
        }
        Role::TokenizerInit | Role::StreamInit => original(py, call),
        Role::Decode => served(py, call, decode::decode),
        Role::DecodeBatch => served(py, call, decode::decode_batch),
        Role::AsyncDecodeBatch => served(py, call, decode::async_decode_batch),
        Role::StreamStep => decode::step(py, call),
        Role::StreamCopy => decode::copied(py, call),
        Role::Vocab => served(py, call, decode::vocab),
        Role::VocabSize => served(py, call, decode::vocab_size),
        Role::AddTokens { .. } => {
            let result = original(py, call);
            if !added_nothing(py, result.as_ref()) {
                noted(py, call);
            }
            result
        }
        Role::State | Role::Own(_) | Role::Component | Role::Train => {
            let result = original(py, call);
            noted(py, call);
            result
        }
    }
}

/// Whether the engine may serve the object that a method was called on.
fn serves(py: Python<'_>, call: &Call<'_>) -> bool {
    marks::serves_every()
        || call.object(py).is_some_and(|object| {
            let handle = Handle::of(&object).ok().flatten();
            marks::serves(handle.map_or(marks::Mark::None, |handle| handle.get().mark()))
        })
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

/// A tokenizer or a stream was made: `args` and `kwds` are what its class was called with.
pub fn initialized(
    py: Python<'_>,
    role: Role,
    object: &Bound<'_, PyAny>,
    args: &Bound<'_, PyAny>,
    kwds: Option<&Bound<'_, PyAny>>,
) -> PyResult<()> {
    if !guard::is_active() || (role.watches() && !marks::watches()) {
        return Ok(());
    }
    if role == Role::StreamInit {
        let kwds = kwds.and_then(|kwds| kwds.cast::<PyDict>().ok());
        return decode::made(object, args.cast()?, kwds);
    }
    match backend()?.seam.call_method1(py, "tokenizer_made", (object, args, kwds)) {
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
        }
        Role::State => state_changed(py, object),
        _ => guard::component_changed(),
    }
    result
}

/// Whether every token that was to be added was there already, the same. (Before, stock compared
/// contents alone.)
fn added_nothing(py: Python<'_>, result: Option<&Py<PyAny>>) -> bool {
    let count = result.and_then(|count| count.bind(py).cast::<PyInt>().ok()?.extract::<u32>().ok());
    count == Some(0) && backend().is_ok_and(|backend| backend.version >= (0, 23, 3))
}

/// Notes what a called method changed; an exception that is set stays set.
pub fn noted(py: Python<'_>, call: &Call<'_>) {
    match (call.slot.role, call.object(py)) {
        (Role::State, Some(object)) => state_changed(py, &object),
        (Role::Own(changed), Some(object)) => own_change(py, &object, changed),
        (Role::AddTokens { special }, Some(object)) => {
            aside(py, || match (tokenizer_handle(&object)?, call.values(py).as_slice()) {
                (Some(handle), [tokens]) => {
                    backend()?.seam.call_method1(py, "tokens_added", (handle, tokens, special)).map(drop)
                }
                _ => Ok(()),
            });
            own_change(py, &object, parts::ADDED_TOKENS);
        }
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

/// Whether an object is a `tokenizers.Tokenizer`.
pub fn is_tokenizer(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    Ok(object.get_type().is(backend()?.tokenizer_type.bind(object.py())))
}

fn tokenizer_handle<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Handle>>> {
    if is_tokenizer(object)? { Handle::of(object) } else { Ok(None) }
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
