//! `decode` and `batch_decode`: the backend's `decode` and `decode_batch`, without the walk over the
//! ids by which stock finds out that they are plain.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt, PyList, PyString};

use super::entry::{Answer, Arguments};
use super::request::{flag, optional_flag};
use super::setup::{Family, Setup};
use super::tokenizer::Served;
use crate::ints::are_ints;
use crate::objects::{name, own_dict};
use crate::output::list_of;

/// `PreTrainedTokenizerBase.decode`.
pub fn decode<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let clean_up = match call.get(3).cast_exact::<PyDict>() {
        Ok(keywords) if keywords.is_empty() => Some(None),
        Ok(keywords) if keywords.len() == 1 => {
            let value = keywords.get_item(name!(c"clean_up_tokenization_spaces").get(call.py()))?;
            value.and_then(|value| optional_flag(&value))
        }
        _ => None,
    };
    let Some(clean_up) = clean_up else { return Ok(Answer::Stock) };
    Ok(decoded(setup, Family::Decode, call, clean_up)?.map_or(Answer::Stock, Answer::Done))
}

/// `PreTrainedTokenizerBase.batch_decode`.
pub fn batch_decode<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let further = call.get(4).cast_exact::<PyDict>().is_ok_and(|keywords| keywords.is_empty());
    let (true, Some(clean_up)) = (further, optional_flag(&call.get(3))) else { return Ok(Answer::Stock) };
    let Some(text) = decoded(setup, Family::BatchDecode, call, clean_up)? else { return Ok(Answer::Stock) };
    Ok(Answer::Done(match text.cast_exact::<PyString>() {
        Ok(_) => PyList::new(call.py(), [&text])?.into_any(),
        Err(_) => text,
    }))
}

/// A text, or a list of texts; `None` if stock has to answer.
fn decoded<'py>(
    setup: &Setup,
    family: Family,
    call: &Arguments<'_, 'py>,
    clean_up: Option<bool>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = call.py();
    let ids = understood!(plain(&call.get(1))?);
    let skip_special_tokens = understood!(flag(&call.get(2)));
    // What is decoded counts where the backend decodes it.
    let served = understood!(Served::settled(setup, family, &call.get(0), 0)?);
    let clean_up = match clean_up {
        Some(clean_up) => clean_up,
        None => {
            let field = served.fields.get_item(name!(c"clean_up_tokenization_spaces").get(py))?;
            understood!(field.and_then(|field| flag(&field)))
        }
    };
    // Stock leaves the texts of BPE alone and says so, once.
    if clean_up && served.shared().is_none_or(|shared| shared.tokenizer.report().model == "BPE") {
        return Ok(None);
    }
    let keywords = PyDict::new(py);
    let skip = PyBool::new(py, skip_special_tokens).to_owned();
    keywords.set_item(name!(c"skip_special_tokens").get(py), skip)?;
    let clean = |text: Bound<'py, PyAny>| {
        if !clean_up {
            return Ok(text);
        }
        served.object.call_method1(name!(c"clean_up_tokenization").get(py), (text,))
    };
    // An attribute of the object's own comes first here too.
    let decode = served.backend.getattr(name!(c"decode").get(py))?;
    let own = own_dict(&served.backend)?;
    let own = own.contains(name!(c"decode").get(py))? || own.contains(name!(c"decode_batch").get(py))?;
    let text = |ids: &Bound<'py, PyList>| clean(decode.call((ids,), Some(&keywords))?);
    let texts = |rows: &[Bound<'py, PyList>]| -> PyResult<Bound<'py, PyAny>> {
        if own {
            return Ok(list_of(py, rows.len(), |at| text(&rows[at]))?.into_any());
        }
        // On all threads.
        let rows = (PyList::new(py, rows)?,);
        let texts = served.backend.call_method(name!(c"decode_batch").get(py), rows, Some(&keywords))?;
        if !clean_up {
            return Ok(texts);
        }
        let texts = texts.cast_into_exact::<PyList>()?;
        Ok(list_of(py, texts.len(), |at| clean(texts.get_item(at)?))?.into_any())
    };
    let result = match &ids {
        Ids::One(ids) => text(ids),
        Ids::Many(rows) => texts(rows),
    };
    match result {
        Ok(result) => Ok(Some(result)),
        // Stock raises its own.
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyException>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

enum Ids<'py> {
    One(Bound<'py, PyList>),
    Many(Vec<Bound<'py, PyList>>),
}

/// Lists of plain ints, which `to_py_obj` copies as they are, and what its `tolist` gives of
/// arrays and tensors; `None` for anything else.
fn plain<'py>(ids: &Bound<'py, PyAny>) -> PyResult<Option<Ids<'py>>> {
    let py = ids.py();
    let converted;
    let list = if let Ok(list) = ids.cast_exact::<PyList>() {
        list
    } else if ids.cast_exact::<PyInt>().is_ok() {
        return Ok(Some(Ids::One(PyList::new(py, [ids])?)));
    } else if is_array(ids)? {
        converted = ids.call_method0(name!(c"tolist").get(py))?;
        match converted.cast_exact::<PyList>() {
            Ok(list) => list,
            Err(_) => return Ok(None),
        }
    } else {
        return Ok(None);
    };
    let Ok(first) = list.get_item(0) else { return Ok(None) };
    if first.cast_exact::<PyList>().is_err() {
        return Ok(are_ints(list).then(|| Ids::One(list.clone())));
    }
    let rows: Option<Vec<_>> =
        list.iter().map(|row| row.cast_into_exact::<PyList>().ok().filter(are_ints)).collect();
    Ok(rows.map(Ids::Many))
}

/// Whether it is exactly numpy's array or torch's tensor.
fn is_array(object: &Bound<'_, PyAny>) -> PyResult<bool> {
    let class = object.get_type();
    let (module, name) = (class.module()?, class.name()?);
    let (module, name) = (module.to_cow()?, name.to_cow()?);
    Ok(matches!((&*module, &*name), ("numpy", "ndarray") | ("torch", "Tensor")))
}
