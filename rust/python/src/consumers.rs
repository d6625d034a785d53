//! Native functions that take Encoding objects: they get stock's own in place of ours.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyTuple};

use crate::descriptor::Call;
use crate::encoding::{PyEncoding, stock};
use crate::roles::{original, panics_are_value_errors};

/// Calls the original with stock's own Encoding objects in place of ours.
pub fn with_stock_encodings(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    let mut values = call.values(py);
    let mut converted = false;
    for value in &mut values {
        match stock_value(value) {
            Ok(Some(stock)) => {
                *value = stock;
                converted = true;
            }
            Ok(None) => {}
            Err(error) => {
                error.restore(py);
                return None;
            }
        }
    }
    if !converted {
        return original(py, call);
    }
    let result = call.original_replaced(py, &values);
    if result.is_none() {
        panics_are_value_errors(py);
    }
    result
}

/// Stock's form of one of our encodings, or of a list or tuple that holds some; else `None`.
fn stock_value<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = value.py();
    if let Ok(ours) = value.cast::<PyEncoding>() {
        return stock::to_stock(py, ours.get()).map(Some);
    }
    if !(value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>()) {
        return Ok(None);
    }
    let items = value.try_iter()?.collect::<PyResult<Vec<_>>>()?;
    if !items.iter().any(|item| item.cast::<PyEncoding>().is_ok()) {
        return Ok(None);
    }
    let list = PyList::empty(py);
    for item in items {
        match item.cast::<PyEncoding>() {
            Ok(ours) => list.append(stock::to_stock(py, ours.get())?)?,
            Err(_) => list.append(item)?,
        }
    }
    Ok(Some(list.into_any()))
}
