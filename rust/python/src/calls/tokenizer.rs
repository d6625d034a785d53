//! A tokenizer of transformers as a fast path reads it: from its own `__dict__`, where nothing
//! stands in the way of what the path replaces.

use std::sync::Arc;

use budtiktok::config::PaddingParams;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString};

use super::guard::{Kind, as_stock};
use super::setup::{Family, Reliance, Setup};
use super::state::PadToken;
use crate::compile::{Compiled, Outcome};
use crate::engine::Shared;
use crate::handle::Handle;
use crate::objects::{Name, name, own_dict};
use crate::serve::{Ready, ready};
use crate::state::{CallState, direction_named};
use crate::worth;

/// A tokenizer whose calls the engine serves.
pub struct Served<'py> {
    pub object: Bound<'py, PyAny>,
    pub fields: Bound<'py, PyDict>,
    pub backend: Bound<'py, PyAny>,
    pub handle: Bound<'py, Handle>,
    pub compiled: Arc<Compiled>,
    /// Of the backend, at present.
    pub state: Arc<CallState>,
}

/// `tokenizer.model_max_length`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Limit {
    Tokens(u64),
    /// More than transformers takes for a limit.
    Endless,
}

/// transformers' `LARGE_INTEGER`.
const LARGE: f64 = 1e20;

/// The instance's `__dict__`, if neither its class nor itself changes what the call replaces.
pub fn unchanged<'py>(
    setup: &Setup,
    reliance: &Reliance,
    object: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyDict>>> {
    let bits = as_stock(setup, Kind::Tokenizer, &object.get_type())?;
    if bits & reliance.class != reliance.class {
        return Ok(None);
    }
    let fields = own_dict(object)?;
    for method in reliance.methods.iter() {
        if fields.contains(method)? {
            return Ok(None);
        }
    }
    Ok(Some(fields))
}

/// Methods of the backend that stock's code calls, and an instance could hide.
static SHADOWED: [Name; 7] = [
    Name::new(c"encode_batch"),
    Name::new(c"enable_truncation"),
    Name::new(c"no_truncation"),
    Name::new(c"enable_padding"),
    Name::new(c"no_padding"),
    Name::new(c"token_to_id"),
    Name::new(c"id_to_token"),
];

impl<'py> Served<'py> {
    /// The same as [`look`](Self::look) for a call about `ids` ids that costs stock little: it
    /// waits for an engine only if that is [worth it](crate::worth).
    pub fn settled(
        setup: &Setup,
        family: Family,
        object: &Bound<'py, PyAny>,
        ids: usize,
    ) -> PyResult<Option<Self>> {
        let fields = understood!(unchanged(setup, understood!(setup.reliance(family)), object)?);
        let backend = understood!(fields.get_item(name!(c"_tokenizer").get(object.py()))?);
        if !backend.get_type().is(&setup.backend) {
            return Ok(None);
        }
        match worth::ready(&backend, ids)? {
            worth::Ready::Engine(_) => Self::in_place(setup, object, fields),
            worth::Ready::Stock(_) | worth::Ready::NotYet => Ok(None),
        }
    }

    /// `None` if stock's code has to run.
    pub fn look(setup: &Setup, reliance: &Reliance, object: &Bound<'py, PyAny>) -> PyResult<Option<Self>> {
        let fields = understood!(unchanged(setup, reliance, object)?);
        Self::in_place(setup, object, fields)
    }

    fn in_place(
        setup: &Setup,
        object: &Bound<'py, PyAny>,
        fields: Bound<'py, PyDict>,
    ) -> PyResult<Option<Self>> {
        let py = object.py();
        let Some(backend) = fields.get_item(name!(c"_tokenizer").get(py))? else { return Ok(None) };
        let class = backend.get_type();
        if !class.is(&setup.backend)
            || as_stock(setup, Kind::Backend, &class)? & setup.backend_class != setup.backend_class
        {
            return Ok(None);
        }
        let own = own_dict(&backend)?;
        // Usually the handle is all that is there.
        if own.len() > 1 {
            for name in &SHADOWED {
                if own.contains(name.get(py))? {
                    return Ok(None);
                }
            }
        }
        match ready(&backend)? {
            Ready::Engine { handle, compiled, state } if matches!(compiled.outcome(), Outcome::Engine(_)) => {
                Ok(Some(Self { object: object.clone(), fields, backend, handle, compiled, state }))
            }
            _ => Ok(None),
        }
    }

    pub fn shared(&self) -> Option<&Arc<Shared>> {
        match self.compiled.outcome() {
            Outcome::Engine(shared) => Some(shared),
            _ => None,
        }
    }

    fn field(&self, name: &'static Name) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.fields.get_item(name.get(self.object.py()))
    }

    /// `model_max_length`; `None` if it is of no plain kind.
    pub fn limit(&self) -> PyResult<Option<Limit>> {
        let Some(value) = self.field(name!(c"model_max_length"))? else { return Ok(None) };
        limit(&value)
    }

    /// `split_special_tokens`; `None` if it is no bool.
    pub fn split_special_tokens(&self) -> PyResult<Option<bool>> {
        let value = self.field(name!(c"split_special_tokens"))?;
        Ok(value.and_then(|value| value.cast_into_exact::<PyBool>().ok()).map(|value| value.is_true()))
    }

    /// `padding_side` or `truncation_side`.
    pub fn side(&self, name: &'static Name) -> PyResult<Option<Bound<'py, PyString>>> {
        Ok(self.field(name)?.and_then(|side| side.cast_into_exact().ok()))
    }

    /// Whether `name` is among `model_input_names`; `None` if that is no list of plain strings.
    pub fn has_input(&self, name: &'static Name) -> PyResult<Option<bool>> {
        let names = self.field(name!(c"model_input_names"))?;
        let Some(names) = names.and_then(|names| names.cast_into_exact::<PyList>().ok()) else {
            return Ok(None);
        };
        has_name(&names, name)
    }

    /// What `pad_token` and `pad_token_id` say; `None` if there is none or it is out of the
    /// ordinary.
    pub fn pad_token(&self, setup: &Setup) -> PyResult<Option<PadToken>> {
        let py = self.object.py();
        let map = self.field(name!(c"_special_tokens_map"))?;
        let Some(map) = map.and_then(|map| map.cast_into_exact::<PyDict>().ok()) else { return Ok(None) };
        let Some(token) = map.get_item(name!(c"pad_token").get(py))? else { return Ok(None) };
        let Some(token) = special_token(setup, token)? else { return Ok(None) };
        let Ok(text) = token.to_str() else { return Ok(None) };
        if let Some(known) = self.handle.get().pad_tokens.get(&self.compiled, text) {
            return Ok(Some(known));
        }
        // An unknown one gets the unknown token's id, which can change by itself.
        if self.backend.call_method1(name!(c"token_to_id").get(py), (&token,))?.is_none() {
            return Ok(None);
        }
        let id = self.object.getattr(name!(c"pad_token_id").get(py))?;
        let Ok(id) = id.cast_into_exact::<PyInt>() else { return Ok(None) };
        let Ok(id) = id.extract::<u32>() else { return Ok(None) };
        Ok(Some(self.handle.get().pad_tokens.remember(&self.compiled, text, id)))
    }

    /// `pad_token_type_id`.
    pub fn pad_type_id(&self) -> PyResult<Option<u32>> {
        let value = self.field(name!(c"_pad_token_type_id"))?;
        Ok(value
            .and_then(|value| value.cast_into_exact::<PyInt>().ok())
            .and_then(|value| value.extract().ok()))
    }

    /// Padding parameters without a strategy; `None` if stock has to judge.
    pub fn padding(
        &self,
        setup: &Setup,
        side: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Option<PaddingParams>> {
        use budtiktok::config::PaddingStrategy;
        let side = match side {
            Some(side) => side.clone().cast_into_exact::<PyString>().ok(),
            None => self.side(name!(c"padding_side"))?,
        };
        let Some(direction) = side.as_ref().and_then(direction) else { return Ok(None) };
        let (Some(token), Some(pad_type_id)) = (self.pad_token(setup)?, self.pad_type_id()?) else {
            return Ok(None);
        };
        Ok(Some(PaddingParams {
            strategy: PaddingStrategy::BatchLongest,
            direction,
            pad_to_multiple_of: None,
            pad_id: token.id,
            pad_type_id,
            pad_token: token.text.to_string(),
        }))
    }
}

/// What `str` gives of a plain string or an `AddedToken`; `None` for anything else.
pub fn special_token<'py>(setup: &Setup, token: Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyString>>> {
    match token.cast_into_exact::<PyString>() {
        Ok(token) => Ok(Some(token)),
        Err(error) => {
            let token = error.into_inner();
            if !token.get_type().is(&setup.added_token) {
                return Ok(None);
            }
            let content = token.getattr(name!(c"content").get(token.py()))?;
            Ok(content.cast_into_exact().ok())
        }
    }
}

/// A limit as transformers compares it; `None` for what is neither an int nor a large float.
pub fn limit(value: &Bound<'_, PyAny>) -> PyResult<Option<Limit>> {
    if let Ok(int) = value.cast_exact::<PyInt>() {
        if let Ok(tokens) = int.extract::<u64>() {
            return Ok(Some(Limit::Tokens(tokens)));
        }
        let large = int.as_any().gt(100_000_000_000_000_000_000_u128)?;
        return Ok(large.then_some(Limit::Endless));
    }
    let float = value.cast_exact::<PyFloat>().ok();
    Ok(float.filter(|float| float.value() > LARGE).map(|_| Limit::Endless))
}

/// Whether a list of plain strings has this one; `None` if it is no such list.
pub fn has_name(names: &Bound<'_, PyList>, name: &'static Name) -> PyResult<Option<bool>> {
    let wanted = name.get(names.py());
    for known in names.iter() {
        if known.is(&*wanted) {
            return Ok(Some(true));
        }
        let Ok(known) = known.cast_exact::<PyString>() else { return Ok(None) };
        if known.as_any().eq(&*wanted)? {
            return Ok(Some(true));
        }
    }
    Ok(Some(false))
}

/// `"left"` or `"right"`.
pub fn direction(side: &Bound<'_, PyString>) -> Option<budtiktok::config::Direction> {
    direction_named(side.to_str().ok()?)
}
