//! `pad`: features or a batch of lists to one length, as lists or as tensors. What data collators
//! call.
//!
//! Stock walks the examples in Python, one call of `_pad` each, and turns lists of lists into
//! tensors. Here the columns that `_pad` changes are written once, at their final length; other
//! columns (labels) go on as they are, to stock's own `convert_to_tensors` if need be.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyString, PyTuple};

use super::entry::{Answer, Arguments};
use super::request::{Padding, Strategies, Tensors, flag, optional_flag, optional_length};
use super::result::{batch_encoding, can_make};
use super::setup::{Family, Setup};
use super::tensor::Matrix;
use super::tokenizer::Served;
use crate::ints;
use crate::objects::{name, own_dict};
use crate::output::list_of;

/// A row costs stock some microseconds, as much as looking up so many ids.
const IDS_A_ROW: usize = 32;

/// `PreTrainedTokenizerBase.pad`.
pub fn pad<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let work = rows(setup, &call.get(1))? * IDS_A_ROW;
    let served = understood!(Served::settled(setup, Family::Pad, &call.get(0), work)?, Answer::Stock);
    Ok(padded(setup, &served, call)?.map_or(Answer::Stock, Answer::Done))
}

fn padded<'py>(
    setup: &Setup,
    served: &Served<'py>,
    call: &Arguments<'_, 'py>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = call.py();
    let tensors = understood!(Tensors::argument(setup, &call.get(7)));
    let verbose = understood!(flag(&call.get(8)));
    let max_length = understood!(optional_length(&call.get(3)));
    let multiple = understood!(optional_length(&call.get(4)));
    if multiple == Some(0) || !can_make(setup, py, tensors)? {
        return Ok(None);
    }
    let truncation = py.None().into_bound(py);
    let strategies =
        Strategies::find(setup, &call.get(2), &truncation, max_length, None, verbose, || served.limit())?;
    let strategies = understood!(strategies);
    let with_mask = match understood!(optional_flag(&call.get(6))) {
        Some(with_mask) => with_mask,
        None => understood!(served.has_input(name!(c"attention_mask"))?),
    };
    let mut columns = understood!(columns(setup, &call.get(1))?);
    let ids = understood!(columns.iter().find(|column| column.kind == Kind::Ids));
    let lengths = understood!(ids.lengths());
    // Masks of more dimensions are stacked, and come last.
    if columns.iter().any(|column| column.kind == Kind::AttentionMask && column.lengths().is_none()) {
        return Ok(None);
    }
    // Of empty rows alone stock cannot tell whether they are a batch.
    if lengths.iter().all(|&length| length == 0) || columns.iter().any(|c| c.values.len() != lengths.len()) {
        return Ok(None);
    }
    let first = ids.values.iter().filter_map(|row| row.cast_exact::<PyList>().ok()?.get_item(0).ok()).next();
    if first.is_none_or(|first| first.cast_exact::<PyInt>().is_err()) {
        return Ok(None);
    }
    let first_input = served.fields.get_item(name!(c"model_input_names").get(py))?;
    let first_input = first_input.and_then(|names| names.cast_into_exact::<PyList>().ok());
    let first_input = understood!(first_input.and_then(|names| names.get_item(0).ok()));
    if !first_input.eq(name!(c"input_ids").get(py))? {
        return Ok(None);
    }
    let to = match strategies.padding {
        Padding::No => None,
        Padding::Longest => lengths.iter().copied().max(),
        Padding::MaxLength => Some(understood!(strategies.max_length)),
    };
    let to = to.map(|to| multiple.map_or(to, |multiple| to.next_multiple_of(multiple)));
    // What cannot be had is stock's to say.
    if to.is_some_and(|to| to > 1 << 31) {
        return Ok(None);
    }
    let fill = match to {
        None => None,
        Some(to) => {
            let side = Some(call.get(5).to_owned()).filter(|side| !side.is_none());
            let padding = understood!(served.padding(setup, side.as_ref())?);
            Some(Fill { to, left: padding.direction == budtiktok::config::Direction::Left, padding })
        }
    };
    if with_mask && !columns.iter().any(|column| column.kind == Kind::AttentionMask) {
        let mask = list_of(py, lengths.len(), |at| {
            Ok(PyList::new(py, std::iter::repeat_n(1, lengths[at]))?.into_any())
        })?;
        let key = name!(c"attention_mask").get(py).to_owned().into_any();
        columns.push(Column { key, kind: Kind::AttentionMask, values: mask.iter().collect() });
    }
    let data = PyDict::new(py);
    let mut rest = false;
    for column in &columns {
        let value = column.value(&fill, with_mask);
        let made = match (value, tensors) {
            (Some(value), Tensors::No) => column.lists(py, &lengths, &fill, value)?,
            (Some(value), kind) => column.matrix(setup, py, kind, &lengths, &fill, value)?,
            (None, _) => None,
        };
        match made {
            Some(made) => data.set_item(&column.key, made)?,
            None if value.is_some() => return Ok(None),
            None => {
                rest = true;
                data.set_item(&column.key, PyList::new(py, &column.values)?)?;
            }
        }
    }
    let none = py.None().into_bound(py);
    let result = batch_encoding(setup, &data, &none, &none)?;
    if rest && tensors != Tensors::No {
        result.call_method1(name!(c"convert_to_tensors").get(py), (call.get(7),))?;
    }
    Ok(Some(result))
}

/// How many rows there are to pad, if that can be told without running anybody's code.
fn rows(setup: &Setup, given: &Bound<'_, PyAny>) -> PyResult<usize> {
    if let Ok(list) = given.cast_exact::<PyList>() {
        return Ok(list.len());
    }
    let Some(mapping) = mapping(setup, given)? else { return Ok(1) };
    let ids = mapping.get_item(name!(c"input_ids").get(given.py()))?;
    Ok(ids.and_then(|ids| ids.cast_into_exact::<PyList>().ok()).map_or(1, |ids| ids.len()))
}

/// How far to pad and with what.
struct Fill {
    to: usize,
    left: bool,
    padding: budtiktok::config::PaddingParams,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Ids,
    AttentionMask,
    TypeIds,
    SpecialTokensMask,
    Other,
}

struct Column<'py> {
    key: Bound<'py, PyAny>,
    kind: Kind,
    /// One an example.
    values: Vec<Bound<'py, PyAny>>,
}

/// The columns of a list of dicts, or of a dict of lists; `None` if it is anything else.
fn columns<'py>(setup: &Setup, inputs: &Bound<'py, PyAny>) -> PyResult<Option<Vec<Column<'py>>>> {
    let examples: Vec<_> = if let Ok(list) = inputs.cast_exact::<PyList>() {
        list.iter().collect()
    } else if let Ok(tuple) = inputs.cast_exact::<PyTuple>() {
        tuple.iter().collect()
    } else {
        let mapping = understood!(mapping(setup, inputs)?);
        let mut columns = Vec::with_capacity(mapping.len());
        for (key, values) in mapping {
            let Ok(values) = values.cast_into_exact::<PyList>() else { return Ok(None) };
            columns.push(understood!(Column::new(key, values.iter().collect())));
        }
        return Ok(Some(columns));
    };
    let mut mappings = Vec::with_capacity(examples.len());
    for example in &examples {
        mappings.push(understood!(mapping(setup, example)?));
    }
    let first = understood!(mappings.first());
    let mut columns = Vec::with_capacity(first.len());
    for key in first.keys() {
        let mut values = Vec::with_capacity(mappings.len());
        for mapping in &mappings {
            values.push(understood!(mapping.get_item(&key)?));
        }
        columns.push(understood!(Column::new(key, values)));
    }
    Ok(Some(columns))
}

/// An exact dict, or the one inside an exact `BatchEncoding`.
fn mapping<'py>(setup: &Setup, object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyDict>>> {
    if let Ok(dict) = object.cast_exact::<PyDict>() {
        return Ok(Some(dict.clone()));
    }
    if !object.get_type().is(&setup.batch_encoding) {
        return Ok(None);
    }
    let data = own_dict(object)?.get_item(name!(c"data").get(object.py()))?;
    Ok(data.and_then(|data| data.cast_into_exact().ok()))
}

impl<'py> Column<'py> {
    fn new(key: Bound<'py, PyAny>, values: Vec<Bound<'py, PyAny>>) -> Option<Self> {
        let kind = match key.cast_exact::<PyString>().ok()?.to_str().ok()? {
            "input_ids" => Kind::Ids,
            "attention_mask" => Kind::AttentionMask,
            "token_type_ids" => Kind::TypeIds,
            "special_tokens_mask" => Kind::SpecialTokensMask,
            _ => Kind::Other,
        };
        Some(Self { key, kind, values })
    }

    /// Lengths of rows that are plain lists.
    fn lengths(&self) -> Option<Vec<usize>> {
        self.values.iter().map(|row| Some(row.cast_exact::<PyList>().ok()?.len())).collect()
    }

    /// What the column is filled up with; `None` if it stays as it is.
    fn value(&self, fill: &Option<Fill>, with_mask: bool) -> Option<i64> {
        let padding = fill.as_ref().map(|fill| &fill.padding);
        match self.kind {
            Kind::Ids => Some(padding.map_or(0, |padding| i64::from(padding.pad_id))),
            Kind::AttentionMask => with_mask.then_some(0),
            Kind::TypeIds => Some(padding.map_or(0, |padding| i64::from(padding.pad_type_id))),
            Kind::SpecialTokensMask => Some(1),
            Kind::Other => None,
        }
    }

    /// As lists; rows that need nothing are the same objects. `None` for rows that are no lists.
    fn lists(
        &self,
        py: Python<'py>,
        lengths: &[usize],
        fill: &Option<Fill>,
        value: i64,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let value = value.into_pyobject(py)?;
        let mut rows = Vec::with_capacity(self.values.len());
        for (row, &length) in self.values.iter().zip(lengths) {
            let Ok(row) = row.cast_exact::<PyList>() else { return Ok(None) };
            let Some(fill) = fill.as_ref().filter(|fill| fill.to != length) else {
                rows.push(row.clone().into_any());
                continue;
            };
            let count = fill.to.saturating_sub(length);
            let padding = PyList::new(py, std::iter::repeat_n(&value, count))?;
            let (first, second) = if fill.left { (&padding, row) } else { (row, &padding) };
            rows.push(first.as_any().add(second)?);
        }
        Ok(Some(PyList::new(py, rows)?.into_any()))
    }

    /// As a matrix; `None` for rows that are not lists of plain ints or differ in length.
    fn matrix(
        &self,
        setup: &Setup,
        py: Python<'py>,
        kind: Tensors,
        lengths: &[usize],
        fill: &Option<Fill>,
        value: i64,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let rows = understood!(self.lengths());
        let count = |at: usize| fill.as_ref().map_or(0, |fill| fill.to.saturating_sub(lengths[at]));
        let width = rows.first().map_or(0, |row| row + count(0));
        if width == 0 || rows.iter().enumerate().any(|(at, row)| row + count(at) != width) {
            return Ok(None);
        }
        let mut made = understood!(Matrix::new(setup, py, kind, &[rows.len(), width])?);
        let left = fill.as_ref().is_some_and(|fill| fill.left);
        for (at, to) in made.values().chunks_exact_mut(width).enumerate() {
            let Ok(row) = self.values[at].cast_exact::<PyList>() else { return Ok(None) };
            let (padding, to) = if left {
                to.split_at_mut(count(at))
            } else {
                let (to, padding) = to.split_at_mut(rows[at]);
                (padding, to)
            };
            padding.fill(value);
            if !ints::fill(row, to) {
                return Ok(None);
            }
        }
        Ok(Some(made.into_object()))
    }
}
