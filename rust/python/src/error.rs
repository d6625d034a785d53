//! The one mapper from the core's errors, and from panics, to Python's exceptions.

use std::any::Any;

use budtiktok::{Error, ErrorKind};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;

pyo3::create_exception!(
    budtiktok_hf._native,
    Unsupported,
    PyException,
    "The engine does not run a part of this tokenizer exactly: stock serves it. `part` and `kind` \
     name the part."
);

/// The exception for an error of compiling.
pub fn compile_error(py: Python<'_>, error: &Error) -> PyErr {
    match error.kind() {
        ErrorKind::Unsupported { part, kind } => {
            let raised = Unsupported::new_err(error.to_string());
            let value = raised.value(py);
            match value.setattr("part", *part).and_then(|()| value.setattr("kind", kind)) {
                Ok(()) => raised,
                Err(other) => other,
            }
        }
        _ => PyValueError::new_err(error.to_string()),
    }
}

/// The exception for an error of encoding; `None` if stock has to serve the call.
pub fn encode_error(error: &Error) -> Option<PyErr> {
    match error.kind() {
        ErrorKind::Unsupported { .. } => None,
        ErrorKind::Stock => Some(PyException::new_err(error.to_string())),
        _ => Some(PyValueError::new_err(error.to_string())),
    }
}

/// The exception for a caught panic: it names the size of the input, never its text. The panic's
/// own message may quote the text, so it is left out.
pub fn panic_error(payload: Box<dyn Any + Send>, bytes: usize) -> PyErr {
    drop(payload);
    PyValueError::new_err(format!("the engine failed on an input of {bytes} bytes"))
}

/// Panics are reported as exceptions, so nothing is printed for them. The hook belongs to this
/// extension's own copy of the standard library: other extensions keep theirs.
pub fn silence_panics() {
    std::panic::set_hook(Box::new(|_| {}));
}
