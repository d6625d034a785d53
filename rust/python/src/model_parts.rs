//! Compiling a model while stock builds it: the vocabulary is taken from the very objects that its
//! constructor is called with, before the call.
//!
//! Only copying the strings is done on the caller's thread; the constructor would read them next
//! anyway.

use std::sync::Arc;

use budtiktok::config::{Merges, ModelParts, Pieces, VocabParts};
use budtiktok::vocabulary::VocabularyBuilder;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::compile::{Job, Source, Version, twin_factory};
use crate::handle::CompiledRef;
use crate::registry;

/// A model that is being compiled.
#[pyclass(frozen, module = "budtiktok_hf._native")]
pub struct ModelJob {
    job: Arc<Job>,
}

#[pymethods]
impl ModelJob {
    /// The compiled model, without any other part; waits for it. None if it was lost in a fork.
    fn compiled(&self, py: Python<'_>) -> PyResult<Option<CompiledRef>> {
        Ok(self.job.wait(py)?.map(|compiled| CompiledRef { compiled }))
    }
}

/// Begins to compile a model. `fields`: its JSON object without vocabulary and merges; `vocab`: a
/// dict (str -> int) or a list of (str, float); `merges`: pairs of str. None if any object is of
/// another kind.
#[pyfunction]
#[pyo3(signature = (fields, vocab, merges, version))]
pub fn begin_model(
    fields: String,
    vocab: &Bound<'_, PyAny>,
    merges: Option<&Bound<'_, PyAny>>,
    version: Version,
) -> Option<ModelJob> {
    if twin_factory().is_some() {
        return None;
    }
    let vocab = match vocab.cast_exact::<PyDict>() {
        Ok(vocab) => VocabParts::Ids(tokens(vocab)?),
        Err(_) => {
            // A file's engine cannot share these scores: stock reads a file's otherwise.
            registry::drop_orphan();
            VocabParts::Scores(pieces(vocab.cast_exact::<PyList>().ok()?)?)
        }
    };
    let merges = match merges {
        Some(merges) => Some(pairs(merges.cast_exact::<PyList>().ok()?)?),
        None => None,
    };
    let parts = Box::new(ModelParts { fields, vocab, merges });
    Some(ModelJob { job: Job::start(Source::Parts(parts), version) })
}

/// Arenas are addressed by 32 bits.
const LONGEST: usize = 1 << 31;

fn tokens(vocab: &Bound<'_, PyDict>) -> Option<VocabularyBuilder> {
    let mut builder = VocabularyBuilder::default();
    for (token, id) in vocab.iter() {
        let id = id.cast_exact::<PyInt>().ok()?.extract::<u32>().ok()?;
        push(builder.arena(), &token)?;
        builder.finish_token(id);
    }
    Some(builder)
}

fn pieces(vocab: &Bound<'_, PyList>) -> Option<Pieces> {
    let mut pieces = Pieces::default();
    for entry in vocab.iter() {
        let (piece, score) = pair(&entry)?;
        push(pieces.arena(), &piece)?;
        let is_number = score.is_exact_instance_of::<PyFloat>() || score.is_exact_instance_of::<PyInt>();
        pieces.finish_piece(score.extract::<f64>().ok().filter(|_| is_number)?);
    }
    Some(pieces)
}

fn pairs(merges: &Bound<'_, PyList>) -> Option<Merges> {
    let mut pairs = Merges::default();
    for merge in merges.iter() {
        let (left, right) = pair(&merge)?;
        let (left, right) = (left.cast_exact::<PyString>().ok()?, right.cast_exact::<PyString>().ok()?);
        pairs.push(left.to_str().ok()?, right.to_str().ok()?);
        if pairs.text_len() > LONGEST {
            return None;
        }
    }
    Some(pairs)
}

/// Stock takes tuples only; what it refuses is dropped with its error.
fn pair<'py>(pair: &Bound<'py, PyAny>) -> Option<(Bound<'py, PyAny>, Bound<'py, PyAny>)> {
    let pair = pair.cast_exact::<PyTuple>().ok().filter(|pair| pair.len() == 2)?;
    Some((pair.get_item(0).ok()?, pair.get_item(1).ok()?))
}

/// Appends a string; the UTF-8 that it keeps is what stock reads next.
fn push(arena: &mut String, text: &Bound<'_, PyAny>) -> Option<()> {
    arena.push_str(text.cast_exact::<PyString>().ok()?.to_str().ok()?);
    (arena.len() <= LONGEST).then_some(())
}
