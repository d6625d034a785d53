//! `get_vocab`, and before 0.23 `get_vocab_size`: where stock copies its vocabulary.
//!
//! `token_to_id` and `id_to_token` are not here: stock answers them in 60 ns, about what it takes
//! to find an engine. `get_added_tokens_decoder` gives objects that callers may change.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::tokenizer;
use crate::descriptor::Call;
use crate::objects::names;
use crate::output::int;
use crate::serve::{ARGUMENTS, Served, flag};
use crate::worth::{Ready, ready};

/// What a look-up of the whole vocabulary weighs against decoding, in ids.
const WEIGHT: usize = 1 << 12;

fn looked_up(
    py: Python<'_>,
    call: &Call<'_>,
    weight: usize,
    answer: impl FnOnce(&budtiktok::Tokenizer, bool) -> PyResult<Py<PyAny>>,
) -> PyResult<Served> {
    let (Some(object), Some([with_added_tokens])) =
        (call.object(py), call.bind(py, &names!(c"with_added_tokens")))
    else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    let Some(with_added_tokens) = flag(with_added_tokens, true) else {
        return Ok(Served::Declined(ARGUMENTS.into()));
    };
    let compiled = match ready(&object, weight)? {
        Ready::Engine(compiled) => compiled,
        // The vocabulary is not what stock serves for that reason.
        Ready::Stock(_) | Ready::NotYet => return Ok(Served::Aside),
    };
    match tokenizer(&compiled) {
        Some(tokenizer) => answer(tokenizer, with_added_tokens).map(Served::Done),
        None => Ok(Served::Aside),
    }
}

/// `Tokenizer.get_vocab`, in the order of the ids, added tokens last.
pub fn vocab(py: Python<'_>, call: &Call<'_>) -> PyResult<Served> {
    looked_up(py, call, WEIGHT, |tokenizer, with_added_tokens| {
        let vocab = PyDict::new(py);
        for (token, id) in tokenizer.vocab(with_added_tokens) {
            vocab.set_item(token, int(py, id as usize)?)?;
        }
        Ok(vocab.into_any().unbind())
    })
}

/// `Tokenizer.get_vocab_size`.
pub fn vocab_size(py: Python<'_>, call: &Call<'_>) -> PyResult<Served> {
    looked_up(py, call, 1, |tokenizer, with_added_tokens| {
        Ok(int(py, tokenizer.vocab_size(with_added_tokens))?.unbind())
    })
}
