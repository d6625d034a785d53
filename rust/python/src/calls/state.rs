//! What a call leaves on the backend: the truncation, padding and `encode_special_tokens` that
//! stock's own code would have set. The engine never reads them there; pickles, `save_pretrained`
//! and users do.

use std::sync::{Arc, Mutex, Weak};

use pyo3::prelude::*;

use super::tokenizer::Served;
use super::turn::Turn;
use crate::compile::Compiled;
use crate::objects::name;
use crate::state::{CallState, padding_dict, truncation_dict};

/// A padding token and its id.
#[derive(Debug, Clone)]
pub struct PadToken {
    pub text: Arc<str>,
    pub id: u32,
}

/// The id of the last padding token, which holds for one engine: looking it up in Python costs as
/// much as encoding a sentence.
#[derive(Default)]
pub struct PadTokens(Mutex<Option<(Weak<Compiled>, PadToken)>>);

impl PadTokens {
    pub fn get(&self, compiled: &Arc<Compiled>, text: &str) -> Option<PadToken> {
        let known = self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let (engine, token) = known.as_ref()?;
        // The weak reference keeps the address from being used again.
        (engine.as_ptr() == Arc::as_ptr(compiled) && &*token.text == text).then(|| token.clone())
    }

    pub fn remember(&self, compiled: &Arc<Compiled>, text: &str, id: u32) -> PadToken {
        let token = PadToken { text: text.into(), id };
        let known = Some((Arc::downgrade(compiled), token.clone()));
        *self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner()) = known;
        token
    }
}

/// Writes what differs to the object. False if stock refuses it: then stock's code has to say so.
pub fn leave(served: &Served<'_>, wanted: &CallState) -> PyResult<bool> {
    let current = &*served.state;
    if current == wanted {
        return Ok(true);
    }
    // A call that stock serves for another thread has just set its own.
    let Some(turn) = Turn::try_take(&served.handle)? else { return Ok(true) };
    let handle = served.handle.get();
    let edition = handle.state_edition();
    let written = write(&served.backend, current, wanted);
    drop(turn);
    match written {
        Ok(writes) => {
            handle.state_known(edition + writes, wanted);
            Ok(true)
        }
        Err(error) if error.is_instance_of::<pyo3::exceptions::PyException>(served.object.py()) => Ok(false),
        Err(error) => Err(error),
    }
}

/// In stock's order. Returns how many writes there were.
fn write(backend: &Bound<'_, PyAny>, current: &CallState, wanted: &CallState) -> PyResult<u64> {
    let py = backend.py();
    let mut writes = 0;
    if current.truncation != wanted.truncation {
        match &wanted.truncation {
            None => backend.call_method0(name!(c"no_truncation").get(py))?,
            Some(params) => {
                let keywords = truncation_dict(py, params)?;
                backend.call_method(name!(c"enable_truncation").get(py), (), Some(&keywords))?
            }
        };
        writes += 1;
    }
    if current.padding != wanted.padding {
        match &wanted.padding {
            None => backend.call_method0(name!(c"no_padding").get(py))?,
            Some(params) => {
                let keywords = padding_dict(py, params)?;
                backend.call_method(name!(c"enable_padding").get(py), (), Some(&keywords))?
            }
        };
        writes += 1;
    }
    if current.encode_special_tokens != wanted.encode_special_tokens {
        backend.setattr(name!(c"encode_special_tokens").get(py), wanted.encode_special_tokens)?;
        writes += 1;
    }
    Ok(writes)
}
