//! `convert_ids_to_tokens` and `convert_tokens_to_ids`: many look-ups in one call, from the tables
//! the engine has anyway.

use std::ops::RangeInclusive;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyList, PyString, PyTuple};

use super::entry::{Answer, Arguments};
use super::request::flag;
use super::setup::{Family, Setup};
use super::tokenizer::{Served, special_token};
use crate::engine::Shared;
use crate::ints;
use crate::objects::name;
use crate::output::{int, list_of};

/// `TokenizersBackend.convert_ids_to_tokens`.
pub fn ids_to_tokens<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let many = many(&call.get(1));
    let served = understood!(Served::settled(setup, Family::IdsToTokens, &call.get(0), many)?, Answer::Stock);
    Ok(tokens_of(&served, &call.get(1), &call.get(2))?.map_or(Answer::Stock, Answer::Done))
}

/// How much there is to look up.
fn many(given: &Bound<'_, PyAny>) -> usize {
    given.cast_exact::<PyList>().map_or(1, |list| list.len())
}

fn tokens_of<'py>(
    served: &Served<'py>,
    ids: &Bound<'py, PyAny>,
    skip_special_tokens: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(shared) = served.shared() else { return Ok(None) };
    let py = ids.py();
    if ids.cast_exact::<PyInt>().is_ok() {
        let Some(id) = ints::exact_int(ids.as_borrowed()) else { return Ok(None) };
        let tokens = Tokens::new(py, shared);
        return if tokens.is_odd(id) { Ok(None) } else { tokens.get(id).map(Some) };
    }
    let Ok(list) = ids.cast_exact::<PyList>() else { return Ok(None) };
    let skipped = match flag(skip_special_tokens) {
        Some(false) => Vec::new(),
        Some(true) => {
            // Stock makes a set of them.
            let special = served.object.getattr(name!(c"all_special_ids").get(py))?;
            let Ok(special) = special.cast_exact::<PyList>() else { return Ok(None) };
            let Some(special) = ints::ids(special) else { return Ok(None) };
            special
        }
        None => return Ok(None),
    };
    let Some(mut wanted) = ints::ids(list) else { return Ok(None) };
    if !skipped.is_empty() {
        wanted.retain(|id| !skipped.contains(id));
    }
    let tokens = Tokens::new(py, shared);
    if wanted.iter().any(|&id| tokens.is_odd(id)) {
        return Ok(None);
    }
    Ok(Some(list_of(py, wanted.len(), |at| tokens.get(wanted[at]))?.into_any()))
}

/// The tokens of an engine by id: added ones first.
struct Tokens<'a, 'py> {
    py: Python<'py>,
    shared: &'a Shared,
    /// Between the first and the last added id: the others need not be looked for.
    added: RangeInclusive<u32>,
}

impl<'a, 'py> Tokens<'a, 'py> {
    fn new(py: Python<'py>, shared: &'a Shared) -> Self {
        let added = shared.tokenizer.plan().added.tokens();
        let added = match (added.first(), added.last()) {
            (Some(first), Some(last)) => first.0..=last.0,
            // Empty.
            _ => RangeInclusive::new(1, 0),
        };
        Self { py, shared, added }
    }

    fn content(&self, id: u32) -> Option<&'a str> {
        if !self.added.contains(&id) {
            return None;
        }
        Some(self.shared.tokenizer.plan().added.id_to_token(id)?.content.as_str())
    }

    /// Whether versions of `tokenizers` differ about the string.
    fn is_odd(&self, id: u32) -> bool {
        let decoded = |content| self.shared.tokenizer.plan().added.decoded(id) != Some(content);
        self.content(id).is_some_and(decoded)
    }

    /// The token as an object; None where there is none.
    #[inline]
    fn get(&self, id: u32) -> PyResult<Bound<'py, PyAny>> {
        if let Some(content) = self.content(id) {
            return Ok(PyString::new(self.py, content).into_any());
        }
        let vocabulary = self.shared.tokenizer.vocabulary();
        match self.shared.strings().known(self.py, id) {
            Some(string) => Ok(string),
            None if vocabulary.token(id).is_some() => self.shared.strings().string(self.py, vocabulary, id),
            None => Ok(self.py.None().into_bound(self.py)),
        }
    }
}

/// `PreTrainedTokenizerBase.convert_tokens_to_ids`.
pub fn tokens_to_ids<'py>(setup: &Setup, call: &Arguments<'_, 'py>) -> PyResult<Answer<'py>> {
    let many = many(&call.get(1));
    let served = understood!(Served::settled(setup, Family::TokensToIds, &call.get(0), many)?, Answer::Stock);
    Ok(ids_of(setup, &served, &call.get(1))?.map_or(Answer::Stock, Answer::Done))
}

fn ids_of<'py>(
    setup: &Setup,
    served: &Served<'py>,
    tokens: &Bound<'py, PyAny>,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(shared) = served.shared() else { return Ok(None) };
    let py = tokens.py();
    let mut unknown = Unknown { setup, served, id: None };
    let mut id = |token: &Bound<'py, PyAny>| {
        let token = understood!(token.cast_exact::<PyString>().ok());
        match understood!(id_of(shared, token)) {
            Some(id) => int(py, id as usize).map(Some),
            None => unknown.get(),
        }
    };
    let tokens: Vec<Bound<'py, PyAny>> = if let Ok(list) = tokens.cast_exact::<PyList>() {
        list.iter().collect()
    } else if let Ok(tuple) = tokens.cast_exact::<PyTuple>() {
        tuple.iter().collect()
    } else {
        return id(tokens);
    };
    let mut ids = Vec::with_capacity(tokens.len());
    for token in &tokens {
        ids.push(understood!(id(token)?));
    }
    Ok(Some(PyList::new(py, ids)?.into_any()))
}

/// The id of a token, if it has one; `None` if it is no text of Unicode scalars.
fn id_of(shared: &Shared, token: &Bound<'_, PyString>) -> Option<Option<u32>> {
    let text = token.to_cow().ok()?;
    let added = shared.tokenizer.plan().added.token_to_id(&text);
    Some(added.or_else(|| shared.tokenizer.vocabulary().id(&text)))
}

/// `unk_token_id`, asked for when the first unknown token comes.
struct Unknown<'a, 'py> {
    setup: &'a Setup,
    served: &'a Served<'py>,
    id: Option<Bound<'py, PyAny>>,
}

impl<'py> Unknown<'_, 'py> {
    /// `None` if stock has to ask: it logs an error each time where no unknown token is set.
    fn get(&mut self) -> PyResult<Option<Bound<'py, PyAny>>> {
        let py = self.served.object.py();
        if self.id.is_none() {
            let map = self.served.fields.get_item(name!(c"_special_tokens_map").get(py))?;
            let Some(map) = map.and_then(|map| map.cast_into_exact::<PyDict>().ok()) else { return Ok(None) };
            let Some(token) = map.get_item(name!(c"unk_token").get(py))? else { return Ok(None) };
            let Some(token) = special_token(self.setup, token)? else { return Ok(None) };
            let Some(shared) = self.served.shared() else { return Ok(None) };
            // One that is unknown itself is looked up for ever.
            let Some(Some(id)) = id_of(shared, &token) else { return Ok(None) };
            self.id = Some(int(py, id as usize)?);
        }
        Ok(self.id.clone())
    }
}
