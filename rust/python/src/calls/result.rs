//! The dict of columns and the `BatchEncoding` around it, as stock makes them.
#![allow(unsafe_code)]

use budtiktok::Encoding;
use budtiktok::encoding::Runs;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::guard::{Kind, as_stock};
use super::request::{Columns, Request, Tensors};
use super::setup::Setup;
use super::tensor::{self, Matrix};
use crate::objects::{Name, name};
use crate::output::{id_list, list_of, offset_list, run_list};

static INPUT_IDS: Name = Name::new(c"input_ids");
static TYPE_IDS: Name = Name::new(c"token_type_ids");
static ATTENTION_MASK: Name = Name::new(c"attention_mask");
static SPECIAL_TOKENS_MASK: Name = Name::new(c"special_tokens_mask");
static OFFSET_MAPPING: Name = Name::new(c"offset_mapping");
static LENGTH: Name = Name::new(c"length");

/// Whether a `BatchEncoding` and such tensors can be made here and now.
pub fn can_make(setup: &Setup, py: Python<'_>, tensors: Tensors) -> PyResult<bool> {
    let class = setup.batch_encoding.bind(py);
    if as_stock(setup, Kind::BatchEncoding, class)? != setup.batch_encoding_class {
        return Ok(false);
    }
    match tensors {
        Tensors::No => Ok(true),
        Tensors::Numpy => Ok(setup.int64),
        Tensors::Torch => tensor::torch_is_plain(setup, py),
    }
}

/// The columns that are runs, in stock's order.
fn runs(columns: &Columns) -> impl Iterator<Item = (&'static Name, fn(&Encoding) -> &Runs)> {
    type Column = (bool, &'static Name, fn(&Encoding) -> &Runs);
    let all: [Column; 3] = [
        (columns.type_ids, &TYPE_IDS, |row| &row.type_ids),
        (columns.attention_mask, &ATTENTION_MASK, |row| &row.attention_mask),
        (columns.special_tokens_mask, &SPECIAL_TOKENS_MASK, |row| &row.special_tokens_mask),
    ];
    all.into_iter().filter(|column| column.0).map(|(_, name, runs)| (name, runs))
}

/// Columns as lists: of lists, or of the one row's values where the call was no batch.
pub fn lists<'py>(py: Python<'py>, rows: &[&Encoding], request: &Request) -> PyResult<Bound<'py, PyDict>> {
    let alone = !request.batched && !request.columns.overflow;
    let data = PyDict::new(py);
    let put = |name: &'static Name, list: &dyn Fn(&Encoding) -> PyResult<Bound<'py, PyList>>| {
        let column = match (alone, rows) {
            (true, &[row]) => list(row)?,
            _ => list_of(py, rows.len(), |at| Ok(list(rows[at])?.into_any()))?,
        };
        data.set_item(name.get(py), column)
    };
    put(&INPUT_IDS, &|row| id_list(py, &row.ids))?;
    for (name, runs) in runs(&request.columns) {
        put(name, &|row| run_list(py, runs(row)))?;
    }
    if request.columns.offsets {
        put(&OFFSET_MAPPING, &|row| {
            offset_list(py, row.detail.as_ref().map_or(&[][..], |detail| &detail.offsets))
        })?;
    }
    if request.columns.length {
        data.set_item(LENGTH.get(py), id_list(py, &lengths(rows))?)?;
    }
    Ok(data)
}

fn lengths(rows: &[&Encoding]) -> Vec<u32> {
    rows.iter().map(|row| row.len() as u32).collect()
}

/// Columns as matrices of equal rows; `None` if stock has to make them.
pub fn tensors<'py>(
    setup: &Setup,
    py: Python<'py>,
    kind: Tensors,
    rows: &[&Encoding],
    request: &Request,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let width = rows.first().map_or(0, |row| row.len());
    let data = PyDict::new(py);
    let matrix = |shape: &[usize]| Matrix::new(setup, py, kind, shape);
    let shape = [rows.len(), width];
    let Some(mut ids) = matrix(&shape)? else { return Ok(None) };
    let mut to = ids.values();
    for row in rows {
        let (now, rest) = std::mem::take(&mut to).split_at_mut(width);
        for (to, &id) in now.iter_mut().zip(&row.ids) {
            *to = i64::from(id);
        }
        to = rest;
    }
    data.set_item(INPUT_IDS.get(py), ids.into_object())?;
    for (name, runs) in runs(&request.columns) {
        let Some(mut made) = matrix(&shape)? else { return Ok(None) };
        let mut to = made.values();
        for row in rows {
            for (value, count) in runs(row).iter() {
                let (now, rest) = std::mem::take(&mut to).split_at_mut(count);
                now.fill(i64::from(value));
                to = rest;
            }
        }
        data.set_item(name.get(py), made.into_object())?;
    }
    if request.columns.offsets {
        // A list of empty lists has no third dimension.
        let shape = [rows.len(), width, 2];
        let Some(mut made) = matrix(&shape[..if width == 0 { 2 } else { 3 }])? else { return Ok(None) };
        let offsets = rows.iter().filter_map(|row| row.detail.as_ref()).flat_map(|detail| &detail.offsets);
        for (to, &(start, end)) in made.values().chunks_exact_mut(2).zip(offsets) {
            to.copy_from_slice(&[start as i64, end as i64]);
        }
        data.set_item(OFFSET_MAPPING.get(py), made.into_object())?;
    }
    if request.columns.length {
        let Some(made) = numbers(setup, py, kind, &lengths(rows))? else { return Ok(None) };
        data.set_item(LENGTH.get(py), made)?;
    }
    Ok(Some(data))
}

/// One number a row, as a list or a tensor; `None` if stock has to make it.
pub fn numbers<'py>(
    setup: &Setup,
    py: Python<'py>,
    kind: Tensors,
    numbers: &[u32],
) -> PyResult<Option<Bound<'py, PyAny>>> {
    if kind == Tensors::No {
        return Ok(Some(id_list(py, numbers)?.into_any()));
    }
    let Some(mut made) = Matrix::new(setup, py, kind, &[numbers.len()])? else { return Ok(None) };
    for (to, &number) in made.values().iter_mut().zip(numbers) {
        *to = i64::from(number);
    }
    Ok(Some(made.into_object()))
}

/// The ids alone; `None` if stock has to make them.
pub fn ids<'py>(
    setup: &Setup,
    py: Python<'py>,
    rows: &[&Encoding],
    request: &Request,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let data = match request.tensors {
        Tensors::No => Some(lists(py, rows, request)?),
        kind => tensors(setup, py, kind, rows, request)?,
    };
    match data {
        Some(data) => data.get_item(INPUT_IDS.get(py)),
        None => Ok(None),
    }
}

/// A `BatchEncoding` with these fields: what its constructor makes of them, which guards have seen
/// to be stock's own.
pub fn batch_encoding<'py>(
    setup: &Setup,
    data: &Bound<'py, PyDict>,
    encodings: &Bound<'py, PyAny>,
    n_sequences: &Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = data.py();
    let class = setup.batch_encoding.bind(py);
    // SAFETY: allocates an object of a class written in Python whose `__new__` is `object`'s; a
    // fresh one without attributes is what that gives.
    let object = unsafe {
        let class = class.as_type_ptr();
        let made = match (*class).tp_alloc {
            Some(alloc) => alloc(class, 0),
            None => ffi::PyType_GenericAlloc(class, 0),
        };
        Bound::from_owned_ptr_or_err(py, made)?
    };
    set(&object, name!(c"data"), data)?;
    set(&object, name!(c"_encodings"), encodings)?;
    set(&object, name!(c"_n_sequences"), n_sequences)?;
    Ok(object)
}

/// Sets an attribute as `object.__setattr__` does.
fn set(object: &Bound<'_, PyAny>, name: &'static Name, value: &Bound<'_, PyAny>) -> PyResult<()> {
    // SAFETY: living objects.
    let status = unsafe {
        ffi::PyObject_GenericSetAttr(object.as_ptr(), name.get(object.py()).as_ptr(), value.as_ptr())
    };
    if status == 0 { Ok(()) } else { Err(PyErr::fetch(object.py())) }
}
