//! Handles and engines as Python's `backend` sees them: it proves, they keep.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::pybacked::PyBackedBytes;
use pyo3::types::PyDict;

use super::{Handle, Proof, Verdict, parts, verdict_of};
use crate::compile::{Compiled, Job, LiveAdded, Outcome, Source, Version};
use crate::guard::Moment;
use crate::registry;

/// (generation, epoch, trained, edition), as Python carries it.
type MomentTuple = (u64, u64, u64, u64);
/// A moment, and the edition of truncation, padding and `encode_special_tokens`.
pub type Stamp = (MomentTuple, u64);

#[pymethods]
impl Handle {
    /// The counters at present; give them back to `settle`.
    fn moment(&self) -> MomentTuple {
        let now = Moment::now(self.edition.load(Ordering::Acquire));
        (now.generation, now.epoch, now.trained, now.edition)
    }

    /// The last proof: (moment, engine or None, reason or None); None if there is none.
    #[allow(clippy::type_complexity)]
    fn proof(&self, py: Python<'_>) -> PyResult<Option<(MomentTuple, Option<CompiledRef>, Option<String>)>> {
        let Some(Proof { moment, verdict, .. }) = self.inner().proof.clone() else { return Ok(None) };
        let moment = (moment.generation, moment.epoch, moment.trained, moment.edition);
        let verdict = match verdict {
            Verdict::Pending(job) => match job.wait(py)? {
                Some(compiled) => verdict_of(compiled),
                None => return Ok(None),
            },
            verdict => verdict,
        };
        Ok(Some(match verdict {
            Verdict::Stock(reason) => (moment, None, Some(reason.to_string())),
            Verdict::Engine(compiled) => (moment, Some(CompiledRef { compiled }), None),
            Verdict::Pending(_) => return Ok(None),
        }))
    }

    /// Stores who serves, proven at `moment`. False if something moved since: then nothing is
    /// stored. `undecodable`: why stock decodes nevertheless.
    #[pyo3(signature = (moment, engine=None, reason=None, undecodable=None))]
    fn settle(
        &self,
        moment: MomentTuple,
        engine: Option<CompiledRef>,
        reason: Option<&str>,
        undecodable: Option<&str>,
    ) -> PyResult<bool> {
        let verdict = match (engine, reason) {
            (Some(engine), None) => verdict_of(engine.compiled),
            (None, Some(reason)) => Verdict::Stock(reason.into()),
            _ => return Err(PyRuntimeError::new_err("an engine or a reason")),
        };
        let mut inner = self.inner();
        let now = Moment::now(self.edition.load(Ordering::Acquire));
        if (now.generation, now.epoch, now.trained, now.edition) != moment {
            return Ok(false);
        }
        registry::drop_orphan();
        self.changed.store(0, Ordering::Release);
        let undecodable = undecodable.map(Arc::from);
        let old = inner.proof.replace(Proof { moment: now, verdict, undecodable });
        if old.is_none_or(|old| old.moment.generation != now.generation) {
            // What happened to the state while nobody looked was not seen.
            inner.state = None;
        }
        Ok(true)
    }

    /// Why stock decodes although the engine encodes; None if the engine decodes too.
    #[getter]
    fn undecodable(&self) -> Option<String> {
        let inner = self.inner();
        let proof = inner.proof.as_ref()?;
        if let Some(reason) = &proof.undecodable {
            return Some(reason.to_string());
        }
        match &proof.verdict {
            Verdict::Engine(compiled) => compiled.undecodable(),
            _ => None,
        }
    }

    /// Bits of the parts replaced through the tokenizer's own methods since the last proof.
    #[getter]
    fn changed(&self) -> u32 {
        self.changed.load(Ordering::Acquire)
    }

    /// Bits of the parts that somebody outside may hold.
    #[getter]
    fn exposed(&self) -> u32 {
        self.exposed.load(Ordering::Acquire)
    }

    /// Every part may be held by somebody outside.
    fn expose_all(&self) {
        self.exposed.store(parts::ALL, Ordering::Release);
    }

    /// Name of a part -> its state when the engine was compiled.
    #[getter(memo)]
    fn py_memo(&self, py: Python<'_>) -> Py<PyDict> {
        self.memo.clone_ref(py)
    }

    /// What a call answers by: changes whenever one of `moment` or the state does.
    pub fn stamp(&self) -> Stamp {
        (self.moment(), self.state_edition.load(Ordering::Acquire))
    }

    /// Takes the engine away from this tokenizer, for a reason.
    fn distrust(&self, reason: &str) {
        self.inner().distrusted = Some(reason.into());
    }

    /// Why the engine was taken away; None if it was not.
    #[getter]
    fn distrusted(&self) -> Option<String> {
        self.inner().distrusted.as_ref().map(|reason| reason.to_string())
    }

    /// Calls that stock served, by reason.
    #[getter]
    fn stock_calls(&self) -> BTreeMap<String, u64> {
        self.inner().counts.clone()
    }
}

/// An engine (or its refusal) as Python's `backend` passes it around.
#[pyclass(frozen, module = "budtiktok_hf._native")]
#[derive(Clone)]
pub struct CompiledRef {
    pub compiled: Arc<Compiled>,
}

impl<'py> FromPyObject<'_, 'py> for CompiledRef {
    type Error = PyErr;

    fn extract(object: Borrowed<'_, 'py, PyAny>) -> PyResult<Self> {
        Ok(object.cast::<CompiledRef>()?.get().clone())
    }
}

#[pymethods]
impl CompiledRef {
    /// Why stock serves; None if there is an engine.
    #[getter]
    fn reason(&self) -> Option<&str> {
        match self.compiled.outcome() {
            Outcome::Refused { reason, .. } => Some(reason),
            _ => None,
        }
    }

    /// The same model with other light parts (a tokenizer.json whose model is null), and of its
    /// added tokens what that does not show: (text, special) of each, (content, id) of those
    /// whose id has become another's. None if the whole has to be compiled.
    fn with_live_parts(
        &self,
        py: Python<'_>,
        light: &[u8],
        added: LiveAdded,
        version: Version,
    ) -> PyResult<Option<Self>> {
        let compiled = self.compiled.with_live_parts(py, light, added, version)?;
        Ok(compiled.map(|compiled| Self { compiled }))
    }

    /// The contents of all added tokens that are special or were; None if not all are known.
    fn special_contents(&self) -> Option<Vec<&str>> {
        match self.compiled.outcome() {
            Outcome::Engine(shared) => shared.tokenizer.special_contents().map(Iterator::collect),
            _ => None,
        }
    }

    /// (model, pre-tokenizer, simd level, bytes in caches); None if there is no engine.
    fn report(&self) -> Option<(&'static str, &'static str, &'static str, usize)> {
        match self.compiled.outcome() {
            Outcome::Engine(shared) => {
                let report = shared.tokenizer.report();
                Some((report.model, report.pre_tokenizer, report.simd, report.cache_bytes))
            }
            _ => None,
        }
    }
}

/// Compiles the model of a tokenizer.json that stock wrote of an object, off the GIL.
#[pyfunction]
pub fn compile_written(py: Python<'_>, json: PyBackedBytes, version: Version) -> PyResult<CompiledRef> {
    match Job::start(Source::Written(json), version).wait(py)? {
        Some(compiled) => Ok(CompiledRef { compiled }),
        None => Err(PyRuntimeError::new_err("compiling was interrupted")),
    }
}

/// The handle beside a tokenizer; None if there is none.
#[pyfunction]
pub fn handle_of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Handle>>> {
    Handle::of(object)
}

/// The handle beside a tokenizer, made if there is none.
#[pyfunction]
pub fn ensure_handle<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Handle>> {
    Handle::ensure(object)
}
