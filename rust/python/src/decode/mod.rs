//! Decoding and look-ups behind Python: from the engine if it is there or [worth its
//! proof](crate::worth).

mod batch;
mod lookups;
mod stream;

use budtiktok::Tokenizer;
use budtiktok::decoders::IdDecoder;
use pyo3::prelude::*;

use crate::compile::{Compiled, Outcome};
use crate::descriptor::Call;
use crate::enter::enter;
use crate::ints;
use crate::objects::names;
use crate::output::string;
use crate::serve::{ARGUMENTS, Served, flag};
use crate::worth::{Ready, ready_to_decode};

pub use batch::{async_decode_batch, decode_batch};
pub use lookups::{vocab, vocab_size};
pub use stream::{copied, hand_back_all, made, step};

/// What a decoder fails for is left to stock, which says so in its own words.
const FAILS: &str = "ids for which the decoder fails";

/// The engine's tokenizer; `None` where a test's twin stands in for it.
fn tokenizer(compiled: &Compiled) -> Option<&Tokenizer> {
    match compiled.outcome() {
        Outcome::Engine(shared) => Some(&shared.tokenizer),
        _ => None,
    }
}

/// The decoder of a proven engine, if it has one.
pub fn decoder(compiled: &Compiled) -> Option<&IdDecoder> {
    decoder_or_stock(compiled).ok()
}

/// The decoder of a proven engine, or who serves instead.
fn decoder_or_stock(compiled: &Compiled) -> Result<&IdDecoder, Served> {
    let Some(tokenizer) = tokenizer(compiled) else { return Err(Served::Aside) };
    tokenizer.decoder().map_err(|error| Served::Declined(error.to_string().into()))
}

/// What `serve` makes of a call that decodes `ids` ids, if the engine serves it.
fn by_engine(
    object: &Bound<'_, PyAny>,
    ids: usize,
    serve: impl FnOnce(&IdDecoder) -> PyResult<Served>,
) -> PyResult<Served> {
    match ready_to_decode(object, ids)? {
        Ready::Engine(compiled) => decoder_or_stock(&compiled).map_or_else(Ok, serve),
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
