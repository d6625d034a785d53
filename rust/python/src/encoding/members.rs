//! The members of `Encoding`. Arguments that are not plainly right go to a stock encoding of the
//! same content, which raises stock's error (its text differs between versions) or does the work.

use std::ffi::CString;

use budtiktok::Encoding;
use budtiktok::config::Direction;
use budtiktok::encoding::Runs;
use pyo3::exceptions::{PyDeprecationWarning, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyList, PyString, PyTuple, PyType};
use pyo3::{Borrowed, IntoPyObjectExt};

use super::{PyEncoding, pickle, stock};
use crate::output::{id_list, offset_list, optional_list, run_list, token_list};
use crate::state::direction_named;

/// An argument that is a plain non-negative int; anything else is stock's to judge.
fn index<T: for<'a, 'py> FromPyObject<'a, 'py>>(argument: &Bound<'_, PyAny>) -> Option<T> {
    argument.extract().ok()
}

/// An argument that may be left out. An explicit `None` is given: stock refuses it.
struct Given<'py>(Option<Bound<'py, PyAny>>);

impl<'py> FromPyObject<'_, 'py> for Given<'py> {
    type Error = std::convert::Infallible;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> Result<Self, Self::Error> {
        Ok(Self(Some(object.to_owned())))
    }
}

impl PyEncoding {
    fn column<'py>(
        &self,
        py: Python<'py>,
        column: impl FnOnce(&Encoding) -> &Runs,
    ) -> PyResult<Bound<'py, PyList>> {
        run_list(py, column(self.snapshot().ids()))
    }

    /// A query at an index of one of the sequences.
    fn query<'py, I, R>(
        &self,
        py: Python<'py>,
        name: &str,
        at: &Bound<'py, PyAny>,
        sequence_index: Given<'py>,
        answer: impl FnOnce(&Encoding, I, usize) -> R,
    ) -> PyResult<Bound<'py, PyAny>>
    where
        I: for<'a, 'b> FromPyObject<'a, 'b>,
        R: IntoPyObject<'py>,
    {
        let sequence = sequence_index.0.as_ref().map_or(Some(0), index::<usize>);
        match (index::<I>(at), sequence) {
            (Some(at), Some(sequence)) => {
                let (encoding, _) = self.whole(py)?;
                answer(&encoding, at, sequence).into_bound_py_any(py)
            }
            _ => {
                let stock = stock::to_stock(py, self)?;
                match sequence_index.0 {
                    Some(sequence_index) => stock.call_method1(name, (at, sequence_index)),
                    None => stock.call_method1(name, (at,)),
                }
            }
        }
    }

    /// Lets stock do a change.
    fn change_in_stock(
        &self,
        py: Python<'_>,
        change: impl FnOnce(&Bound<'_, PyAny>) -> PyResult<()>,
    ) -> PyResult<()> {
        let object = stock::to_stock(py, self)?;
        change(&object)?;
        self.set(stock::from_stock(&object)?);
        Ok(())
    }
}

/// The arguments of `pad`, if each is one that needs no judging.
struct Pad {
    length: usize,
    direction: Direction,
    pad_id: u32,
    pad_type_id: u32,
    pad_token: String,
}

impl Pad {
    fn read(length: &Bound<'_, PyAny>, options: Option<&Bound<'_, PyDict>>) -> Option<Self> {
        let mut pad = Self {
            length: index(length)?,
            direction: Direction::Right,
            pad_id: 0,
            pad_type_id: 0,
            pad_token: "[PAD]".to_owned(),
        };
        for (key, value) in options.into_iter().flatten() {
            match key.cast::<PyString>().ok()?.to_str().ok()? {
                "direction" => pad.direction = direction(&value)?,
                "pad_id" => pad.pad_id = index(&value)?,
                "pad_type_id" => pad.pad_type_id = index(&value)?,
                "pad_token" => pad.pad_token = value.extract().ok()?,
                // Stock prints a line about it.
                _ => return None,
            }
        }
        Some(pad)
    }
}

fn direction(value: &Bound<'_, PyAny>) -> Option<Direction> {
    direction_named(value.cast::<PyString>().ok()?.to_str().ok()?)
}

#[pymethods]
impl PyEncoding {
    #[new]
    #[pyo3(signature = (), text_signature = "(self)")]
    fn new() -> Self {
        Self::full(Encoding { detail: Some(Default::default()), ..Default::default() }, None)
    }

    /// Stock's class: what `isinstance` and `pickle` look at.
    #[getter(__class__)]
    fn class<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyType>> {
        stock::class(py).cloned()
    }

    fn __getstate__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        pickle::state(py, self)
    }

    fn __setstate__(&self, py: Python<'_>, state: &Bound<'_, PyAny>) -> PyResult<()> {
        self.set(pickle::read(py, state)?);
        Ok(())
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        pickle::reduce(py, self, 0)
    }

    fn __reduce_ex__<'py>(&self, py: Python<'py>, protocol: i64) -> PyResult<Bound<'py, PyAny>> {
        pickle::reduce(py, self, protocol)
    }

    fn __repr__(&self) -> String {
        format!(
            "Encoding(num_tokens={}, attributes=[ids, type_ids, tokens, offsets, attention_mask, \
             special_tokens_mask, overflowing])",
            self.__len__()
        )
    }

    fn __len__(&self) -> usize {
        self.snapshot().ids().len()
    }

    /// One encoding out of several, one after the other. With `growing_offsets` the offsets of
    /// each go on where those of the one before end.
    #[staticmethod]
    #[pyo3(signature = (encodings, growing_offsets=Given(None)), text_signature = "(encodings, growing_offsets=True)")]
    fn merge<'py>(
        py: Python<'py>,
        encodings: &Bound<'py, PyAny>,
        growing_offsets: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        let growing = match &growing_offsets.0 {
            None => Some(true),
            Some(value) => value.cast::<PyBool>().ok().map(|value| value.is_true()),
        };
        if let (Some(growing), Some(encodings)) = (growing, stock::take_all(py, encodings)?) {
            return Ok(Py::new(py, Self::full(Encoding::merge(encodings, growing), None))?
                .into_bound(py)
                .into_any());
        }
        let encodings = stock::convert_all(py, encodings)?;
        let merge = stock::class(py)?.getattr("merge")?;
        match growing_offsets.0 {
            Some(growing_offsets) => merge.call1((encodings, growing_offsets)),
            None => merge.call1((encodings,)),
        }
    }

    /// `int`: how many sequences were combined.
    #[getter]
    fn n_sequences(&self) -> usize {
        self.snapshot().ids().n_sequences()
    }

    /// Labels all tokens as this sequence.
    #[pyo3(text_signature = "(self, sequence_id)")]
    fn set_sequence_id(&self, py: Python<'_>, sequence_id: &Bound<'_, PyAny>) -> PyResult<()> {
        match index(sequence_id) {
            Some(id) => self.change(py, |encoding| encoding.set_sequence_id(id)),
            None => self
                .change_in_stock(py, |stock| stock.call_method1("set_sequence_id", (sequence_id,)).map(drop)),
        }
    }

    /// `list[int]`: the tokens' ids.
    #[getter]
    fn ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        id_list(py, &self.snapshot().ids().ids)
    }

    /// `list[str]`: the tokens' strings.
    #[getter]
    fn tokens<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (encoding, engine) = self.whole(py)?;
        let Some(detail) = &encoding.detail else { return Ok(PyList::empty(py)) };
        let strings = engine.as_ref().filter(|engine| {
            detail
                .vocabulary
                .as_ref()
                .is_some_and(|vocabulary| std::sync::Arc::ptr_eq(vocabulary, engine.tokenizer.vocabulary()))
        });
        token_list(py, detail, strings.map(|engine| engine.strings()))
    }

    /// `list[int | None]`: as `word_ids`. Deprecated.
    #[getter]
    fn words<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let message =
            "Deprecated in 0.9.4: Encoding.words is deprecated, please use Encoding.word_ids instead.";
        PyErr::warn(py, &py.get_type::<PyDeprecationWarning>(), &CString::new(message)?, 0)?;
        self.word_ids(py)
    }

    /// `list[int | None]`: the word each token belongs to, `None` for special tokens.
    #[getter]
    fn word_ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (encoding, _) = self.whole(py)?;
        let words = encoding.detail.as_ref().map_or(&[][..], |detail| &detail.words);
        optional_list(py, words.iter().map(|word| word.map(|word| word as usize)))
    }

    /// `list[int | None]`: the sequence each token belongs to, `None` for special tokens.
    #[getter]
    fn sequence_ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        optional_list(py, self.snapshot().ids().sequence_ids().into_iter())
    }

    /// `list[int]`: the tokens' type ids.
    #[getter]
    fn type_ids<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.column(py, |encoding| &encoding.type_ids)
    }

    /// `list[tuple[int, int]]`: first character of each token and one past its last.
    #[getter]
    fn offsets<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        let (encoding, _) = self.whole(py)?;
        offset_list(py, encoding.detail.as_ref().map_or(&[], |detail| &detail.offsets))
    }

    /// `list[int]`: 1 for special tokens, 0 for those of the text.
    #[getter]
    fn special_tokens_mask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.column(py, |encoding| &encoding.special_tokens_mask)
    }

    /// `list[int]`: 0 for padding, else 1.
    #[getter]
    fn attention_mask<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        self.column(py, |encoding| &encoding.attention_mask)
    }

    /// `list[Encoding]`: the parts that truncation cut off.
    #[getter]
    fn overflowing<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        PyList::new(py, self.parts())
    }

    /// First token of a word and one past its last; `None` if there is no such word.
    #[pyo3(signature = (word_index, sequence_index=Given(None)), text_signature = "(self, word_index, sequence_index=0)")]
    fn word_to_tokens<'py>(
        &self,
        py: Python<'py>,
        word_index: &Bound<'py, PyAny>,
        sequence_index: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.query(py, "word_to_tokens", word_index, sequence_index, Encoding::word_to_tokens)
    }

    /// First character of a word and one past its last; `None` if there is no such word.
    #[pyo3(signature = (word_index, sequence_index=Given(None)), text_signature = "(self, word_index, sequence_index=0)")]
    fn word_to_chars<'py>(
        &self,
        py: Python<'py>,
        word_index: &Bound<'py, PyAny>,
        sequence_index: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.query(py, "word_to_chars", word_index, sequence_index, Encoding::word_to_chars)
    }

    /// The sequence of a token; `None` for special tokens.
    #[pyo3(text_signature = "(self, token_index)")]
    fn token_to_sequence<'py>(
        &self,
        py: Python<'py>,
        token_index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        match index(token_index) {
            Some(token) => self.snapshot().ids().token_to_sequence(token).into_bound_py_any(py),
            None => stock::to_stock(py, self)?.call_method1("token_to_sequence", (token_index,)),
        }
    }

    /// First character of a token and one past its last, in its sequence.
    #[pyo3(text_signature = "(self, token_index)")]
    fn token_to_chars<'py>(
        &self,
        py: Python<'py>,
        token_index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.query(py, "token_to_chars", token_index, Given(None), |encoding, token: usize, _| {
            encoding.token_to_chars(token).map(|(_, offsets)| offsets)
        })
    }

    /// The word of a token, in its sequence.
    #[pyo3(text_signature = "(self, token_index)")]
    fn token_to_word<'py>(
        &self,
        py: Python<'py>,
        token_index: &Bound<'py, PyAny>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.query(py, "token_to_word", token_index, Given(None), |encoding, token: usize, _| {
            encoding.token_to_word(token).map(|(_, word)| word)
        })
    }

    /// The token that covers a character.
    #[pyo3(signature = (char_pos, sequence_index=Given(None)), text_signature = "(self, char_pos, sequence_index=0)")]
    fn char_to_token<'py>(
        &self,
        py: Python<'py>,
        char_pos: &Bound<'py, PyAny>,
        sequence_index: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.query(py, "char_to_token", char_pos, sequence_index, Encoding::char_to_token)
    }

    /// The word that covers a character.
    #[pyo3(signature = (char_pos, sequence_index=Given(None)), text_signature = "(self, char_pos, sequence_index=0)")]
    fn char_to_word<'py>(
        &self,
        py: Python<'py>,
        char_pos: &Bound<'py, PyAny>,
        sequence_index: Given<'py>,
    ) -> PyResult<Bound<'py, PyAny>> {
        self.query(py, "char_to_word", char_pos, sequence_index, Encoding::char_to_word)
    }

    /// Pads to `length` tokens, the overflowing parts too.
    #[pyo3(signature = (length, **kwargs), text_signature = "(self, length, direction='right', pad_id=0, pad_type_id=0, pad_token='[PAD]')")]
    fn pad(
        &self,
        py: Python<'_>,
        length: &Bound<'_, PyAny>,
        kwargs: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<()> {
        match Pad::read(length, kwargs) {
            Some(pad) => self
                .change(py, |encoding| {
                    encoding.pad(pad.length, pad.pad_id, pad.pad_type_id, &pad.pad_token, pad.direction)
                })?
                .map_err(|error| PyValueError::new_err(error.to_string())),
            None => self.change_in_stock(py, |stock| stock.call_method("pad", (length,), kwargs).map(drop)),
        }
    }

    /// Cuts down to `max_length` tokens; what is cut off becomes the overflowing parts.
    ///
    /// Raises `ValueError` if `stride` is not less than `max_length`, where stock panics.
    #[pyo3(signature = (max_length, stride=Given(None), direction=Given(None)), text_signature = "(self, max_length, stride=0, direction='right')")]
    fn truncate(
        &self,
        py: Python<'_>,
        max_length: &Bound<'_, PyAny>,
        stride: Given<'_>,
        direction: Given<'_>,
    ) -> PyResult<()> {
        let towards = direction.0.as_ref().map_or(Some(Direction::Right), self::direction);
        let overlap = stride.0.as_ref().map_or(Some(0), index::<usize>);
        match (index::<usize>(max_length), overlap, towards) {
            (Some(max_length), Some(overlap), Some(towards)) => self
                .change(py, |encoding| encoding.truncate(max_length, overlap, towards))?
                .map_err(|error| PyValueError::new_err(error.to_string())),
            _ => self.change_in_stock(py, |stock| {
                let options = PyDict::new(py);
                if let Some(stride) = stride.0 {
                    options.set_item("stride", stride)?;
                }
                if let Some(direction) = direction.0 {
                    options.set_item("direction", direction)?;
                }
                let arguments = PyTuple::new(py, [max_length])?;
                stock.call_method("truncate", arguments, Some(&options)).map(drop)
            }),
        }
    }
}
