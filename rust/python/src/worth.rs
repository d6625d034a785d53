//! Calls that cost stock little: served by an engine that is proven, or worth its proof.
//!
//! Decoding, padding and looking up cost stock 0.1 µs an id, proving an engine up to half a second.
//! So a call that finds no proven engine goes to stock, uncounted, until stock has done as much as
//! the proof costs: then the engine is proven, or its compiling waited for. A process that does
//! little of it never pays for an engine, and loading a tokenizer, which looks tokens up, waits for
//! none.

use std::sync::Arc;

use pyo3::prelude::*;

use crate::compile::Compiled;
use crate::handle::{Handle, Standing, Verdict};
use crate::roles::backend;

/// Ids that stock handles before the light parts are proven again: a millisecond's worth.
pub const WORTH_PROVING: usize = 1 << 11;
/// Ids that stock handles before the whole is read and compiled, or waited for.
const WORTH_COMPILING: usize = 1 << 18;

/// Who serves a call.
pub enum Ready {
    Engine(Arc<Compiled>),
    Stock(Arc<str>),
    /// Stock, until an engine is worth its proof, or because the tokenizer is none of ours.
    NotYet,
}

/// Who serves a call about `ids` ids that leaves the decoder alone.
pub fn ready(object: &Bound<'_, PyAny>, ids: usize) -> PyResult<Ready> {
    Ok(find(object, ids)?.0)
}

/// Who decodes `ids` ids.
pub fn ready_to_decode(object: &Bound<'_, PyAny>, ids: usize) -> PyResult<Ready> {
    Ok(match find(object, ids)? {
        (Ready::Engine(_), Some(reason)) => Ready::Stock(reason),
        (ready, _) => ready,
    })
}

/// Who serves, and why an engine that does may not decode.
fn find(object: &Bound<'_, PyAny>, ids: usize) -> PyResult<(Ready, Option<Arc<str>>)> {
    for _ in 0..4 {
        let Some(handle) = Handle::serving(object)? else { break };
        let (standing, undecodable) = handle.get().standing(object.py())?;
        let worth = match standing {
            Standing::Proven(Verdict::Engine(compiled)) => return Ok((Ready::Engine(compiled), undecodable)),
            Standing::Proven(Verdict::Stock(reason)) => return Ok((Ready::Stock(reason), None)),
            Standing::Proven(Verdict::Pending(_)) | Standing::Unknown => WORTH_COMPILING,
            Standing::LightlyChanged => WORTH_PROVING,
        };
        if !handle.get().owes(ids, worth) {
            break;
        }
        if handle.get().current(object.py())?.is_none() {
            backend()?.seam.call_method1(object.py(), "prove", (object, &handle))?;
        }
    }
    Ok((Ready::NotYet, None))
}
