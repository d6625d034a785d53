//! `Engine`: a compiled tokenizer as Python holds it.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, OnceLock};

use budtiktok::options::Semantics;
use budtiktok::{Result, Tokenizer};
use pyo3::exceptions::{PyNotImplementedError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

use crate::demand::Demand;
use crate::encode::{encode_many, encode_one};
use crate::error::{compile_error, panic_error};
use crate::output::StringTable;
use crate::state::CallState;

/// What encodings keep of an engine.
#[derive(Debug)]
pub struct Shared {
    pub tokenizer: Tokenizer,
    pub semantics: Semantics,
    pub demand: Demand,
    strings: OnceLock<StringTable>,
}

impl Shared {
    /// What was just compiled.
    pub fn new(tokenizer: Tokenizer, semantics: Semantics) -> Arc<Self> {
        Arc::new(Self { tokenizer, semantics, demand: Demand::default(), strings: OnceLock::new() })
    }

    /// The `str` objects of the vocabulary's tokens.
    pub fn strings(&self) -> &StringTable {
        self.strings.get_or_init(|| StringTable::new(self.tokenizer.vocabulary().id_bound()))
    }
}

/// A compiled tokenizer: immutable, usable from any thread. It knows nothing of Hugging Face's
/// object; truncation, padding and the like are arguments of a call.
#[pyclass(frozen, module = "budtiktok_hf._native")]
#[derive(Debug)]
pub struct Engine {
    shared: Arc<Shared>,
}

impl Engine {
    /// What was compiled elsewhere, off the GIL.
    pub fn new(shared: Arc<Shared>) -> Self {
        Self { shared }
    }

    pub fn shared(&self) -> &Arc<Shared> {
        &self.shared
    }

    fn compile(
        py: Python<'_>,
        bytes: usize,
        semantics: Semantics,
        work: impl FnOnce() -> Result<Tokenizer> + Send,
    ) -> PyResult<Self> {
        match py.detach(|| catch_unwind(AssertUnwindSafe(work))) {
            Ok(Ok(tokenizer)) => Ok(Self { shared: Shared::new(tokenizer, semantics) }),
            Ok(Err(error)) => Err(compile_error(py, &error)),
            Err(payload) => Err(panic_error(payload, bytes)),
        }
    }
}

/// Arguments that stock would have to answer reach the engine's own methods only in tests.
fn served<T>(answer: Option<T>) -> PyResult<T> {
    answer.ok_or_else(|| PyNotImplementedError::new_err("stock serves this call"))
}

#[pymethods]
impl Engine {
    /// Compiles a whole tokenizer.json for this version of `tokenizers` (three ints), without the
    /// GIL. Raises `Unsupported` if stock has to serve the tokenizer, `ValueError` if the file is
    /// not one that stock would load.
    #[staticmethod]
    fn from_json(py: Python<'_>, json: &Bound<'_, PyBytes>, version: (u32, u32, u32)) -> PyResult<Self> {
        let (json, semantics) = (json.as_bytes(), Semantics { version });
        Self::compile(py, json.len(), semantics, || Tokenizer::from_json(json, semantics))
    }

    /// The same model with the other parts of `light`, a whole tokenizer.json whose `model` is
    /// null. Raises `Unsupported` with part `"model"` if the model would have to be compiled again.
    fn with_light_parts(&self, py: Python<'_>, light: &Bound<'_, PyBytes>) -> PyResult<Self> {
        let (light, shared) = (light.as_bytes(), &self.shared);
        Self::compile(py, light.len(), shared.semantics, || {
            shared.tokenizer.with_light_parts(light, shared.semantics)
        })
    }

    /// What `explain` shows: model, pre_tokenizer, simd, cache_bytes.
    fn report<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let report = self.shared.tokenizer.report();
        let dict = PyDict::new(py);
        dict.set_item("model", report.model)?;
        dict.set_item("pre_tokenizer", report.pre_tokenizer)?;
        dict.set_item("simd", report.simd)?;
        dict.set_item("cache_bytes", report.cache_bytes)?;
        Ok(dict)
    }

    /// Encodes one input; truncation and padding as `Tokenizer.truncation` and `.padding` give
    /// them. Raises `NotImplementedError` for arguments that stock has to answer.
    #[pyo3(signature = (sequence, pair=None, is_pretokenized=false, add_special_tokens=true, *, truncation=None, padding=None, encode_special_tokens=false))]
    #[allow(clippy::too_many_arguments)]
    fn encode(
        &self,
        py: Python<'_>,
        sequence: &Bound<'_, PyAny>,
        pair: Option<&Bound<'_, PyAny>>,
        is_pretokenized: bool,
        add_special_tokens: bool,
        truncation: Option<&Bound<'_, PyDict>>,
        padding: Option<&Bound<'_, PyDict>>,
        encode_special_tokens: bool,
    ) -> PyResult<Py<PyAny>> {
        let state = CallState::from_dicts(truncation, padding, encode_special_tokens)?;
        served(encode_one(py, self, &state, sequence, pair, is_pretokenized, add_special_tokens)?)
    }

    /// Encodes a batch; arguments as those of `encode`.
    #[pyo3(signature = (inputs, is_pretokenized=false, add_special_tokens=true, *, truncation=None, padding=None, encode_special_tokens=false))]
    #[allow(clippy::too_many_arguments)]
    fn encode_batch(
        &self,
        py: Python<'_>,
        inputs: &Bound<'_, PyAny>,
        is_pretokenized: bool,
        add_special_tokens: bool,
        truncation: Option<&Bound<'_, PyDict>>,
        padding: Option<&Bound<'_, PyDict>>,
        encode_special_tokens: bool,
    ) -> PyResult<Py<PyList>> {
        let state = CallState::from_dicts(truncation, padding, encode_special_tokens)?;
        served(encode_many(py, self, &state, inputs, is_pretokenized, add_special_tokens)?)
    }

    /// As `encode_batch`, with stock's `encode_batch_fast`: empty tokens, no words, offsets (0, 0).
    #[pyo3(signature = (inputs, is_pretokenized=false, add_special_tokens=true, *, truncation=None, padding=None, encode_special_tokens=false))]
    #[allow(clippy::too_many_arguments)]
    fn encode_batch_fast(
        &self,
        py: Python<'_>,
        inputs: &Bound<'_, PyAny>,
        is_pretokenized: bool,
        add_special_tokens: bool,
        truncation: Option<&Bound<'_, PyDict>>,
        padding: Option<&Bound<'_, PyDict>>,
        encode_special_tokens: bool,
    ) -> PyResult<Py<PyList>> {
        let state = CallState::from_dicts(truncation, padding, encode_special_tokens)?;
        served(crate::encode::encode_many_fast(
            py,
            self,
            &state,
            inputs,
            is_pretokenized,
            add_special_tokens,
        )?)
    }

    /// One more than the highest id that can occur.
    #[getter]
    fn id_bound(&self) -> usize {
        self.shared.tokenizer.id_bound()
    }

    fn __reduce__(&self) -> PyResult<()> {
        Err(PyValueError::new_err("an engine is compiled anew in each process, never pickled"))
    }
}
