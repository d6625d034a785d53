//! `decode` and `batch_decode`: the backend's `decode` and `decode_batch`, without the walk over the
//! ids by which stock finds out that they are plain.

use std::borrow::Cow;
use std::sync::Arc;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyString};

use super::entry::{Answer, Arguments};
use super::guard::{Kind, as_stock};
use super::request::{flag, optional_flag};
use super::setup::{Family, Setup};
use super::tokenizer::unchanged;
use crate::compile::{Compiled, Outcome};
use crate::decode::decoder;
use crate::enter::enter;
use crate::ints::{self, are_ints};
use crate::objects::{Name, name, own_dict};
use crate::output::{list_of, string};
use crate::worth::{Ready, ready_to_decode};
use budtiktok::decoders::clean_up::{Rules, cleaned};

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
    let decoding = understood!(Decoding::look(setup, family, &call.get(0), skip_special_tokens)?);
    let clean_up = match clean_up {
        Some(clean_up) => clean_up,
        None => {
            let field = decoding.fields.get_item(name!(c"clean_up_tokenization_spaces").get(py))?;
            understood!(field.and_then(|field| flag(&field)))
        }
    };
    let clean_up = if clean_up { understood!(decoding.clean_up(setup)?) } else { CleanUp::No };
    let result = match &ids {
        Ids::One(ids) => decoding.text(ids, clean_up),
        Ids::Many(rows) => decoding.texts(rows, clean_up),
    };
    match result {
        Ok(_) if clean_up == CleanUp::Refused => {
            // Stock decodes once more, and says that it leaves the text alone.
            setup.warned.bind(py).add(call.get(0).get_type().name()?)?;
            Ok(None)
        }
        Ok(result) => Ok(Some(result)),
        // Stock raises its own.
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        Err(error) => Err(error),
    }
}

/// What becomes of a decoded text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum CleanUp {
    No,
    /// As stock's `clean_up_tokenization` does.
    AsStock,
    /// By the tokenizer's own.
    Own,
    /// Stock leaves the texts of BPE alone, and has not said so yet.
    Refused,
}

static FOR_BPE_TOO: Name =
    Name::new(c"clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output");

/// A tokenizer whose ids an engine decodes.
struct Decoding<'py> {
    object: Bound<'py, PyAny>,
    fields: Bound<'py, PyDict>,
    backend: Bound<'py, PyAny>,
    compiled: Arc<Compiled>,
    /// Whether the backend has the methods that call the engine: else what it has is called.
    direct: bool,
    skip_special_tokens: bool,
}

impl<'py> Decoding<'py> {
    /// `None` if stock's code has to run.
    fn look(
        setup: &Setup,
        family: Family,
        object: &Bound<'py, PyAny>,
        skip_special_tokens: bool,
    ) -> PyResult<Option<Self>> {
        let py = object.py();
        let fields = understood!(unchanged(setup, understood!(setup.reliance(family)), object)?);
        let backend = understood!(fields.get_item(name!(c"_tokenizer").get(py))?);
        let class = backend.get_type();
        if !class.is(&setup.backend) {
            return Ok(None);
        }
        // What is decoded counts where stock's code decodes it.
        let Ready::Engine(compiled) = ready_to_decode(&backend, 0)? else { return Ok(None) };
        let own = own_dict(&backend)?;
        let direct = as_stock(setup, Kind::Backend, &class)? & setup.backend_decodes == setup.backend_decodes
            && !own.contains(name!(c"decode").get(py))?
            && !own.contains(name!(c"decode_batch").get(py))?;
        let object = object.clone();
        Ok(Some(Self { object, fields, backend, compiled, direct, skip_special_tokens }))
    }

    /// How texts are cleaned up that shall be.
    fn clean_up(&self, setup: &Setup) -> PyResult<Option<CleanUp>> {
        let py = self.object.py();
        let class = self.object.get_type();
        let Outcome::Engine(shared) = self.compiled.outcome() else { return Ok(None) };
        if shared.tokenizer.report().model == "BPE" {
            let wanted = self.object.getattr(FOR_BPE_TOO.get(py))?;
            if !wanted.is_truthy()? {
                // The warning names the class and comes once.
                let warned = setup.warned.bind(py).contains(class.name()?)?;
                return Ok(Some(if warned { CleanUp::No } else { CleanUp::Refused }));
            }
        }
        let stock = as_stock(setup, Kind::Tokenizer, &class)? & setup.clean_up == setup.clean_up
            && !self.fields.contains(name!(c"clean_up_tokenization").get(py))?;
        Ok(Some(if stock { CleanUp::AsStock } else { CleanUp::Own }))
    }

    fn text(&self, ids: &Bound<'py, PyList>, clean_up: CleanUp) -> PyResult<Bound<'py, PyAny>> {
        let (py, skip) = (self.object.py(), self.skip_special_tokens);
        if self.direct
            && let Some(decoder) = decoder(&self.compiled)
            && let Some(ids) = ints::ids(ids)
            && let Ok(text) = enter(py, ids.len() * size_of::<u32>(), || decoder.decode(&ids, skip))?
        {
            return match clean_up {
                CleanUp::AsStock => string(py, &cleaned(&text, Rules::Transformers)),
                _ => self.cleaned(string(py, &text)?, clean_up),
            };
        }
        let text = self.by_backend(name!(c"decode"), ids.as_any())?;
        self.cleaned(text, clean_up)
    }

    fn texts(&self, rows: &[Bound<'py, PyList>], clean_up: CleanUp) -> PyResult<Bound<'py, PyAny>> {
        let py = self.object.py();
        if !self.direct {
            return Ok(list_of(py, rows.len(), |at| self.text(&rows[at], clean_up))?.into_any());
        }
        // On all threads.
        let texts = self.by_backend(name!(c"decode_batch"), PyList::new(py, rows)?.as_any())?;
        if clean_up == CleanUp::No {
            return Ok(texts);
        }
        let texts = texts.cast_into_exact::<PyList>()?;
        Ok(list_of(py, texts.len(), |at| self.cleaned(texts.get_item(at)?, clean_up))?.into_any())
    }

    fn by_backend(&self, method: &'static Name, ids: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let py = self.object.py();
        let keywords = PyDict::new(py);
        keywords.set_item(name!(c"skip_special_tokens").get(py), self.skip_special_tokens)?;
        self.backend.call_method(method.get(py), (ids,), Some(&keywords))
    }

    fn cleaned(&self, text: Bound<'py, PyAny>, clean_up: CleanUp) -> PyResult<Bound<'py, PyAny>> {
        let py = self.object.py();
        match clean_up {
            CleanUp::No | CleanUp::Refused => Ok(text),
            CleanUp::Own => self.object.call_method1(name!(c"clean_up_tokenization").get(py), (text,)),
            CleanUp::AsStock => {
                let text = text.cast_into_exact::<PyString>()?;
                match cleaned(text.to_str()?, Rules::Transformers) {
                    Cow::Borrowed(_) => Ok(text.into_any()),
                    Cow::Owned(cleaned) => string(py, &cleaned),
                }
            }
        }
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
