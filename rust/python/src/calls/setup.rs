//! What the fast paths know of the installed transformers, told by Python's `calls.table`.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PySet, PyString, PyType};

use super::guard;

/// A hooked call of transformers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    Call,
    EncodePlus,
    Encode,
    Tokenize,
    Pad,
    IdsToTokens,
    TokensToIds,
    Decode,
    BatchDecode,
}

impl Family {
    pub const ALL: [Self; 9] = [
        Self::Call,
        Self::EncodePlus,
        Self::Encode,
        Self::Tokenize,
        Self::Pad,
        Self::IdsToTokens,
        Self::TokensToIds,
        Self::Decode,
        Self::BatchDecode,
    ];

    /// Its name in Python's table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Call => "call",
            Self::EncodePlus => "encode_plus",
            Self::Encode => "encode",
            Self::Tokenize => "tokenize",
            Self::Pad => "pad",
            Self::IdsToTokens => "ids_to_tokens",
            Self::TokensToIds => "tokens_to_ids",
            Self::Decode => "decode",
            Self::BatchDecode => "batch_decode",
        }
    }
}

/// What one call relies on.
pub struct Reliance {
    /// Stock's function.
    pub original: Py<PyAny>,
    /// Bits of the names that the class must have as stock made them.
    pub class: u64,
    /// The methods among them, which an instance could hide.
    pub methods: Box<[Py<PyString>]>,
}

/// The members of transformers' enums.
pub struct Members {
    pub longest: Py<PyAny>,
    pub pad_to_max_length: Py<PyAny>,
    pub do_not_pad: Py<PyAny>,
    pub longest_first: Py<PyAny>,
    pub only_first: Py<PyAny>,
    pub only_second: Py<PyAny>,
    pub do_not_truncate: Py<PyAny>,
    pub pytorch: Py<PyAny>,
    pub numpy: Py<PyAny>,
}

pub struct Setup {
    /// `calls.guards.survey`: (kind, class) -> bits.
    pub survey: Py<PyAny>,
    pub backend: Py<PyType>,
    /// Bits of what encoding, and what decoding relies on there.
    pub backend_class: u64,
    pub backend_decodes: u64,
    pub batch_encoding: Py<PyType>,
    pub batch_encoding_class: u64,
    pub added_token: Py<PyType>,
    /// The bit of a class with stock's `clean_up_tokenization`.
    pub clean_up: u64,
    /// Names of the classes for which stock has said that it does not clean up after BPE.
    pub warned: Py<PySet>,
    pub members: Members,
    /// Whether numpy makes int64 of Python ints here.
    pub int64: bool,
    /// `calls.guards.torch`.
    pub torch: Py<PyAny>,
    calls: [Option<Reliance>; Family::ALL.len()],
}

impl Setup {
    /// What a hooked call relies on; `None` if it is not hooked.
    pub fn reliance(&self, family: Family) -> Option<&Reliance> {
        self.calls[family as usize].as_ref()
    }
}

/// The present setup. Those before it are never freed: a call of another thread may still use
/// them, and there is one an installation of hooks.
static SETUP: AtomicPtr<Setup> = AtomicPtr::new(null_mut());

#[allow(unsafe_code)]
pub fn setup() -> Option<&'static Setup> {
    // SAFETY: null, or made from a box in `set_calls` and never freed.
    unsafe { SETUP.load(Ordering::Acquire).as_ref() }
}

/// Tells the fast paths what they replace.
#[pyfunction]
pub fn set_calls(settings: &Bound<'_, PyDict>) -> PyResult<()> {
    fn get<'py>(dict: &Bound<'py, PyDict>, key: &str) -> PyResult<Bound<'py, PyAny>> {
        dict.get_item(key)?.ok_or_else(|| PyKeyError::new_err(key.to_owned()))
    }
    let class = |key: &str| -> PyResult<Py<PyType>> { Ok(get(settings, key)?.cast_into()?.unbind()) };
    let members = get(settings, "members")?.cast_into::<PyDict>()?;
    let member = |key: &str| -> PyResult<Py<PyAny>> { Ok(get(&members, key)?.unbind()) };
    let hooked = get(settings, "calls")?.cast_into::<PyDict>()?;
    let mut calls = [const { None }; Family::ALL.len()];
    for family in Family::ALL {
        let Some(call) = hooked.get_item(family.name())? else { continue };
        let (original, class, methods): (Py<PyAny>, u64, Vec<Py<PyString>>) = call.extract()?;
        calls[family as usize] = Some(Reliance { original, class, methods: methods.into() });
    }
    let setup = Setup {
        survey: get(settings, "survey")?.unbind(),
        backend: class("backend")?,
        backend_class: get(settings, "backend_class")?.extract()?,
        backend_decodes: get(settings, "backend_decodes")?.extract()?,
        batch_encoding: class("batch_encoding")?,
        batch_encoding_class: get(settings, "batch_encoding_class")?.extract()?,
        added_token: class("added_token")?,
        clean_up: get(settings, "clean_up")?.extract()?,
        warned: PySet::empty(settings.py())?.unbind(),
        members: Members {
            longest: member("longest")?,
            pad_to_max_length: member("max_length")?,
            do_not_pad: member("do_not_pad")?,
            longest_first: member("longest_first")?,
            only_first: member("only_first")?,
            only_second: member("only_second")?,
            do_not_truncate: member("do_not_truncate")?,
            pytorch: member("pt")?,
            numpy: member("np")?,
        },
        int64: get(settings, "int64")?.extract()?,
        torch: get(settings, "torch")?.unbind(),
        calls,
    };
    SETUP.store(Box::into_raw(Box::new(setup)), Ordering::Release);
    guard::forget();
    Ok(())
}
