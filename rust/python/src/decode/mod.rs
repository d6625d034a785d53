//! Decoding and look-ups behind Python: which engine serves, and the calls themselves.
//!
//! Decoding costs stock little (0.1 µs an id), proving an engine much (up to half a second), so a
//! call that finds no proven engine goes to stock, uncounted, until stock has done as much as the
//! proof costs: then the engine is proven, or its compiling waited for. A process that only decodes
//! a little never pays for an engine.

mod batch;
mod lookups;
mod stream;

use std::sync::Arc;

use budtiktok::Tokenizer;
use budtiktok::decoders::IdDecoder;
use pyo3::prelude::*;

use crate::compile::{Compiled, Outcome};
use crate::descriptor::Call;
use crate::enter::enter;
use crate::handle::{Handle, Standing, Verdict};
use crate::ints;
use crate::objects::names;
use crate::output::string;
use crate::roles::backend;
use crate::serve::{ARGUMENTS, Served, flag};

pub use batch::{async_decode_batch, decode_batch};
pub use lookups::{vocab, vocab_size};
pub use stream::{copied, hand_back_all, made, step};

/// Ids that stock decodes before the light parts are proven again: a millisecond's worth.
const WORTH_PROVING: usize = 1 << 11;
/// Ids that stock decodes before the whole is read and compiled, or waited for.
const WORTH_COMPILING: usize = 1 << 18;

/// What a decoder fails for is left to stock, which says so in its own words.
const FAILS: &str = "ids for which the decoder fails";

/// Who serves a call.
pub enum Ready {
    Engine(Arc<Compiled>),
    Stock(Arc<str>),
    /// Stock, until an engine is worth its proof, or because the tokenizer is none of ours.
    NotYet,
}

/// Who serves a call that decodes `ids` ids.
pub fn ready(object: &Bound<'_, PyAny>, ids: usize) -> PyResult<Ready> {
    for _ in 0..4 {
        let Some(handle) = Handle::serving(object)? else { return Ok(Ready::NotYet) };
        let (standing, undecodable) = handle.get().standing(object.py())?;
        let worth = match standing {
            Standing::Proven(Verdict::Engine(compiled)) => {
                return Ok(match undecodable {
                    Some(reason) => Ready::Stock(reason),
                    None => Ready::Engine(compiled),
                });
            }
            Standing::Proven(Verdict::Stock(reason)) => return Ok(Ready::Stock(reason)),
            Standing::Proven(Verdict::Pending(_)) | Standing::Unknown => WORTH_COMPILING,
            Standing::LightlyChanged => WORTH_PROVING,
        };
        if !handle.get().owes(ids, worth) {
            return Ok(Ready::NotYet);
        }
        if handle.get().current(object.py())?.is_none() {
            backend()?.seam.call_method1(object.py(), "prove", (object, &handle))?;
        }
    }
    Ok(Ready::NotYet)
}

/// The engine's tokenizer; `None` where a test's twin stands in for it.
fn tokenizer(compiled: &Compiled) -> Option<&Tokenizer> {
    match compiled.outcome() {
        Outcome::Engine(shared) => Some(&shared.tokenizer),
        _ => None,
    }
}

/// The decoder of a proven engine, or who serves instead.
fn decoder(compiled: &Compiled) -> Result<&IdDecoder, Served> {
    let Some(tokenizer) = tokenizer(compiled) else { return Err(Served::Aside) };
    tokenizer.decoder().map_err(|error| Served::Declined(error.to_string().into()))
}

/// What `serve` makes of a call that decodes `ids` ids, if the engine serves it.
fn by_engine(
    object: &Bound<'_, PyAny>,
    ids: usize,
    serve: impl FnOnce(&IdDecoder) -> PyResult<Served>,
) -> PyResult<Served> {
    match ready(object, ids)? {
        Ready::Engine(compiled) => decoder(&compiled).map_or_else(Ok, serve),
        Ready::Stock(reason) => Ok(Served::Declined(reason)),
        Ready::NotYet => Ok(Served::Aside),
    }
}

/// `Tokenizer.decode`.
pub fn decode(py: Python<'_>, call: &Call<'_>) -> PyResult<Served> {
    let names = names!(c"ids", c"skip_special_tokens");
    let (Some(object), Some([Some(given), skip])) = (call.object(py), call.bind(py, &names)) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    let mut ids = ints::Ids::new();
    let (Some(skip), Some(())) = (flag(skip, true), ints::read(&given, &mut ids)) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    by_engine(&object, ids.len(), |decoder| {
        match enter(py, ids.len() * size_of::<u32>(), || decoder.decode(&ids, skip))? {
            Ok(text) => Ok(Served::Done(string(py, &text)?.unbind())),
            Err(_) => Ok(Served::Declined(FAILS.into())),
        }
    })
}
