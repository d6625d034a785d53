//! Between our encodings and stock's.

use std::sync::OnceLock;

use budtiktok::Encoding;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList, PyTuple, PyType};

use super::{PyEncoding, pickle};

static CLASS: OnceLock<Py<PyType>> = OnceLock::new();

/// `tokenizers.Encoding`.
pub fn class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    if let Some(class) = CLASS.get() {
        return Ok(class.bind(py));
    }
    let class = py.import("tokenizers")?.getattr("Encoding")?.cast_into::<PyType>()?;
    // `help` and editors then show the text of the installed version.
    py.get_type::<PyEncoding>().setattr("__doc__", class.getattr("__doc__")?)?;
    // Imported before, not inside: a child forked meanwhile would wait for ever.
    Ok(CLASS.get_or_init(|| class.unbind()).bind(py))
}

/// A stock encoding of the same content, for consumers that look below the Python level.
pub fn to_stock<'py>(py: Python<'py>, encoding: &PyEncoding) -> PyResult<Bound<'py, PyAny>> {
    let object = class(py)?.call0()?;
    object.call_method1("__setstate__", (pickle::state(py, encoding)?,))?;
    Ok(object)
}

/// The content of a stock encoding.
pub fn from_stock(object: &Bound<'_, PyAny>) -> PyResult<Encoding> {
    let state = object.call_method0("__getstate__")?.cast_into::<PyBytes>()?;
    Encoding::from_json(state.as_bytes()).map_err(|error| PyValueError::new_err(error.to_string()))
}

/// The contents of a list or tuple of encodings, ours or stock's; `None` if it is anything else.
pub fn take_all(py: Python<'_>, encodings: &Bound<'_, PyAny>) -> PyResult<Option<Vec<Encoding>>> {
    let objects = if let Ok(list) = encodings.cast_exact::<PyList>() {
        list.iter().collect::<Vec<_>>()
    } else if let Ok(tuple) = encodings.cast_exact::<PyTuple>() {
        tuple.iter().collect::<Vec<_>>()
    } else {
        return Ok(None);
    };
    let mut taken = Vec::with_capacity(objects.len());
    for object in objects {
        if let Ok(ours) = object.cast::<PyEncoding>() {
            taken.push(ours.get().whole(py)?.0.as_ref().clone());
        } else if object.get_type().is(class(py)?) {
            taken.push(from_stock(&object)?);
        } else {
            return Ok(None);
        }
    }
    Ok(Some(taken))
}

/// The same object with our encodings in it replaced by stock's: for stock's own functions.
pub fn convert_all<'py>(py: Python<'py>, encodings: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    // Only what can be walked twice is walked here.
    if encodings.len().is_err() || encodings.cast::<pyo3::types::PyString>().is_ok() {
        return Ok(encodings.clone());
    }
    let mut ours = false;
    let converted = PyList::empty(py);
    for object in encodings.try_iter()? {
        let object = object?;
        if let Ok(encoding) = object.cast::<PyEncoding>() {
            converted.append(to_stock(py, encoding.get())?)?;
            ours = true;
        } else {
            converted.append(object)?;
        }
    }
    Ok(if ours { converted.into_any() } else { encodings.clone() })
}
