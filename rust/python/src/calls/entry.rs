//! The native functions behind the hooked calls of transformers.
//!
//! Python's replacement of a method has stock's signature and passes everything on positionally,
//! `self` first and the dict of further keywords last. A function answers by itself, or calls
//! stock's with the same arguments.
#![allow(unsafe_code)]

use std::collections::BTreeMap;
use std::ffi::CStr;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyModule, PyTuple};

use super::setup::{Family, Setup, setup};
use super::turn::Turn;
use super::{decode, encode, lookups, pad};
use crate::canary;
use crate::guard;
use crate::handle::Handle;

/// The arguments of one call, borrowed.
pub struct Arguments<'a, 'py> {
    values: &'a [*mut ffi::PyObject],
    py: Python<'py>,
}

impl<'a, 'py> Arguments<'a, 'py> {
    pub fn get(&self, at: usize) -> Borrowed<'a, 'py, PyAny> {
        // SAFETY: the interpreter passes objects that live during the call.
        unsafe { Borrowed::from_ptr(self.py, self.values[at]) }
    }

    pub fn py(&self) -> Python<'py> {
        self.py
    }

    pub fn is_none(&self, at: usize) -> bool {
        self.get(at).is_none()
    }
}

/// What a fast path says.
pub enum Answer<'py> {
    Done(Bound<'py, PyAny>),
    /// Stock answers.
    Stock,
    /// Stock answers over the state of a tokenizer that fast calls share: one at a time.
    InTurn(Bound<'py, Handle>),
}

type Body = for<'a, 'py> fn(&Setup, &Arguments<'a, 'py>) -> PyResult<Answer<'py>>;

/// Calls answered here, by family.
static ANSWERED: [AtomicU64; Family::ALL.len()] = [const { AtomicU64::new(0) }; Family::ALL.len()];

/// How many calls of transformers were answered without its own code, by their names.
#[pyfunction]
pub fn fast_calls() -> BTreeMap<&'static str, u64> {
    let count = |family: Family| ANSWERED[family as usize].load(Ordering::Relaxed);
    Family::ALL.into_iter().map(|family| (family.name(), count(family))).collect()
}

/// # Safety
/// `args` holds `nargs` objects alive during the call; the thread is attached.
unsafe fn entered(
    family: Family,
    parameters: usize,
    body: Body,
    args: *const *mut ffi::PyObject,
    nargs: ffi::Py_ssize_t,
) -> *mut ffi::PyObject {
    // SAFETY: called by the interpreter.
    let py = unsafe { Python::assume_attached() };
    if nargs as usize != parameters {
        PyTypeError::new_err(format!("{parameters} arguments, not {nargs}")).restore(py);
        return ptr::null_mut();
    }
    // SAFETY: by this function's contract.
    let arguments = Arguments { values: unsafe { std::slice::from_raw_parts(args, nargs as usize) }, py };
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let Some(setup) = setup() else {
            return Err(PyRuntimeError::new_err("hooks of transformers without their setup"));
        };
        let Some(reliance) = setup.reliance(family) else {
            return Err(PyRuntimeError::new_err("a hook of transformers without its original"));
        };
        let original = reliance.original.bind(py);
        let answer = if guard::is_active() { body(setup, &arguments)? } else { Answer::Stock };
        match answer {
            Answer::Done(result) => {
                ANSWERED[family as usize].fetch_add(1, Ordering::Relaxed);
                if canary::draws() { checked(original, &arguments, result) } else { Ok(result) }
            }
            Answer::Stock => original_call(original, &arguments),
            Answer::InTurn(handle) => {
                let turn = Turn::take(&handle)?;
                let result = original_call(original, &arguments);
                drop(turn);
                result
            }
        }
    }));
    match answered {
        Ok(Ok(result)) => result.into_ptr(),
        Ok(Err(error)) => {
            error.restore(py);
            ptr::null_mut()
        }
        Err(_) => {
            PyRuntimeError::new_err("budtiktok_hf failed inside a hook of transformers").restore(py);
            ptr::null_mut()
        }
    }
}

/// What the canary makes of our result.
fn checked<'py>(
    original: &Bound<'py, PyAny>,
    arguments: &Arguments<'_, 'py>,
    ours: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let last = arguments.values.len() - 1;
    let positional: Vec<_> = (0..last).map(|at| arguments.get(at)).collect();
    let positional = PyTuple::new(arguments.py, positional)?;
    let keywords = arguments.get(last);
    canary::checked_call(original, &positional, keywords.cast::<PyDict>().ok().as_deref(), ours)
}

/// Stock's function with the same arguments: the last is its dict of further keywords, or None.
fn original_call<'py>(
    original: &Bound<'py, PyAny>,
    arguments: &Arguments<'_, 'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let (keywords, positional) = match arguments.values.split_last() {
        Some((last, rest)) => (*last, rest),
        None => (ptr::null_mut(), arguments.values),
    };
    let none = arguments.is_none(positional.len());
    let keywords = if none { ptr::null_mut() } else { keywords };
    // SAFETY: living objects; the keywords are a dict made by the interpreter for `**kwargs`.
    unsafe {
        let result =
            ffi::PyObject_VectorcallDict(original.as_ptr(), positional.as_ptr(), positional.len(), keywords);
        Bound::from_owned_ptr_or_err(arguments.py, result)
    }
}

macro_rules! entries {
    ($($function:ident, $name:literal, $family:expr, $parameters:expr, $body:path;)*) => {
        $(unsafe extern "C" fn $function(
            _module: *mut ffi::PyObject,
            args: *mut *mut ffi::PyObject,
            nargs: ffi::Py_ssize_t,
        ) -> *mut ffi::PyObject {
            // SAFETY: the interpreter's calling convention.
            unsafe { entered($family, $parameters, $body, args, nargs) }
        })*

        /// Adds the functions to the module.
        pub fn add_to(module: &Bound<'_, PyModule>) -> PyResult<()> {
            $(add(module, $name, $function)?;)*
            Ok(())
        }
    };
}

entries! {
    call, c"fast_call", Family::Call, 23, encode::call;
    encode_plus, c"fast_encode_plus", Family::EncodePlus, 21, encode::encode_plus;
    encode_ids, c"fast_encode", Family::Encode, 11, encode::encode;
    tokenize, c"fast_tokenize", Family::Tokenize, 5, encode::tokenize;
    pad_batch, c"fast_pad", Family::Pad, 10, pad::pad;
    ids_to_tokens, c"fast_ids_to_tokens", Family::IdsToTokens, 4, lookups::ids_to_tokens;
    tokens_to_ids, c"fast_tokens_to_ids", Family::TokensToIds, 3, lookups::tokens_to_ids;
    decode, c"fast_decode", Family::Decode, 4, decode::decode;
    batch_decode, c"fast_batch_decode", Family::BatchDecode, 5, decode::batch_decode;
}

fn add(module: &Bound<'_, PyModule>, name: &'static CStr, function: ffi::PyCFunctionFast) -> PyResult<()> {
    let definition = Box::leak(Box::new(ffi::PyMethodDef {
        ml_name: name.as_ptr(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFast: function },
        ml_flags: ffi::METH_FASTCALL,
        ml_doc: ptr::null(),
    }));
    // SAFETY: the definition lives as long as the process.
    let function = unsafe {
        let made = ffi::PyCFunction_NewEx(definition, ptr::null_mut(), ptr::null_mut());
        Bound::from_owned_ptr_or_err(module.py(), made)?
    };
    module.add(name.to_string_lossy().as_ref(), function)
}
