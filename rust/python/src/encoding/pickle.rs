//! Pickling: as stock's own class, with stock's own state, so that a process without this package
//! reads it.

use budtiktok::{Encoding, ErrorKind};
use pyo3::exceptions::{PyException, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyTuple};

use super::{PyEncoding, stock};

/// Stock's state of the encoding.
pub fn state<'py>(py: Python<'py>, encoding: &PyEncoding) -> PyResult<Bound<'py, PyBytes>> {
    let (encoding, _) = encoding.whole(py)?;
    let json = encoding.to_json().map_err(|error| {
        PyException::new_err(format!("Error while attempting to pickle Encoding: {error}"))
    })?;
    Ok(PyBytes::new(py, json.as_bytes()))
}

/// Reads stock's state. What is no such state is given to a stock encoding, which raises.
pub fn read(py: Python<'_>, state: &Bound<'_, PyAny>) -> PyResult<Encoding> {
    let error = match state.cast::<PyBytes>() {
        Ok(bytes) => match Encoding::from_json(bytes.as_bytes()) {
            Ok(encoding) => return Ok(encoding),
            Err(error) => Some(error),
        },
        Err(_) => None,
    };
    stock::class(py)?.call0()?.call_method1("__setstate__", (state,))?;
    // Stock took it: columns of unequal length, which it panics on later.
    let unsupported = error.filter(|error| matches!(error.kind(), ErrorKind::Unsupported { .. }));
    Err(PyValueError::new_err(match unsupported {
        Some(error) => error.to_string(),
        None => "not the state of an encoding".to_owned(),
    }))
}

/// What `copyreg` makes of a stock encoding.
pub fn reduce<'py>(py: Python<'py>, encoding: &PyEncoding, protocol: i64) -> PyResult<Bound<'py, PyAny>> {
    if protocol < 2 {
        return stock::to_stock(py, encoding)?.call_method1("__reduce_ex__", (protocol,));
    }
    let new = py.import("copyreg")?.getattr("__newobj__")?;
    let arguments = PyTuple::new(py, [stock::class(py)?])?;
    let reduced = (new, arguments, state(py, encoding)?, py.None(), py.None());
    Ok(reduced.into_pyobject(py)?.into_any())
}
