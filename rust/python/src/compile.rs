//! Compiling off the GIL, at once, when the bytes of a tokenizer pass by.
//!
//! Equal sources share one engine, equal models one model (`registry`). A forked child does not
//! find the thread that was compiling: whoever waits for it there compiles.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use budtiktok::options::Semantics;
use budtiktok::{Error, ErrorKind, Tokenizer};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use crate::engine::{Engine, Shared};
use crate::quiet::Busy;
use crate::registry::{self, Key, ModelText};

/// (major, minor, patch) of the installed `tokenizers`.
pub type Version = (u32, u32, u32);

/// The text of a tokenizer.json.
pub enum Source {
    Bytes(PyBackedBytes),
    Text(PyBackedStr),
}

impl Source {
    fn bytes(&self) -> &[u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            Self::Text(text) => text.as_bytes(),
        }
    }
}

/// What came out of compiling: an engine, or the reason why stock serves.
pub enum Outcome {
    Engine(Arc<Shared>),
    /// `model`: the light parts want the model compiled in another way.
    Refused {
        reason: String,
        model: bool,
    },
    /// A slow stand-in written in Python, for tests of everything around the engine.
    Twin(Py<PyAny>),
}

/// A compiled tokenizer, shared by all that were made from the same source.
#[pyclass(frozen, module = "budtiktok_hf._native")]
pub struct Compiled {
    outcome: Outcome,
    /// Locked for moments, never while Python runs.
    engine: Mutex<Option<Py<Engine>>>,
}

impl Compiled {
    fn new(outcome: Outcome) -> Arc<Self> {
        Arc::new(Self { outcome, engine: Mutex::new(None) })
    }

    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// The engine as Python sees it, made once.
    pub fn engine(&self, py: Python<'_>) -> PyResult<Option<Py<Engine>>> {
        let Outcome::Engine(shared) = &self.outcome else { return Ok(None) };
        let known = || self.engine.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(engine) = known().as_ref() {
            return Ok(Some(engine.clone_ref(py)));
        }
        let made = Py::new(py, Engine::new(shared.clone()))?;
        Ok(Some(known().get_or_insert(made).clone_ref(py)))
    }

    /// The same model with other light parts. `None`: the whole has to be compiled.
    pub fn with_light_parts(
        &self,
        py: Python<'_>,
        light: &[u8],
        version: Version,
    ) -> PyResult<Option<Arc<Self>>> {
        let shared = match &self.outcome {
            Outcome::Engine(shared) => shared,
            Outcome::Twin(twin) => {
                let made = twin.call_method1(py, "with_light_parts", (PyBytes::new(py, light),))?;
                let none = made.is_none(py);
                return Ok((!none).then(|| Self::new(Outcome::Twin(made))));
            }
            Outcome::Refused { .. } => return Ok(None),
        };
        let outcome =
            py.detach(|| guarded(version, |semantics| shared.tokenizer.with_light_parts(light, semantics)));
        Ok(match outcome {
            Outcome::Refused { model: true, .. } => None,
            outcome => Some(Self::new(outcome)),
        })
    }
}

/// Compiling under way.
pub struct Job {
    process: u32,
    version: Version,
    source: Mutex<Option<Arc<Source>>>,
    done: OnceLock<Arc<Compiled>>,
    /// No thread could be started: whoever waits compiles.
    alone: AtomicBool,
}

impl Job {
    /// Begins to compile on a thread of its own.
    pub fn start(source: Source, version: Version) -> Arc<Self> {
        let source = Arc::new(source);
        let job = Arc::new(Self {
            process: std::process::id(),
            version,
            source: Mutex::new(Some(source.clone())),
            done: OnceLock::new(),
            alone: AtomicBool::new(false),
        });
        if twin_factory().is_none() {
            let thread = std::thread::Builder::new().name("budtiktok-compile".to_owned());
            let (worker, busy) = (job.clone(), Busy::begin());
            let spawned = thread.spawn(move || {
                let _busy = busy;
                // Dropped before `_busy`, with what it holds of Python's.
                let (worker, source) = (worker, source);
                worker.finish(compiled(source.bytes(), version));
            });
            job.alone.store(spawned.is_err(), Ordering::Release);
        }
        job
    }

    fn finish(&self, compiled: Arc<Compiled>) {
        let _ = self.done.set(compiled);
        if let Ok(mut source) = self.source.lock() {
            *source = None;
        }
    }

    /// The outcome; waits for it without the GIL. `None`: it was lost in a fork.
    pub fn wait(&self, py: Python<'_>) -> PyResult<Option<Arc<Compiled>>> {
        if let Some(done) = self.done.get() {
            return Ok(Some(done.clone()));
        }
        let twin = twin_factory();
        let here = self.process == std::process::id();
        if twin.is_none() && here && !self.alone.load(Ordering::Acquire) {
            return Ok(Some(py.detach(|| self.done.wait().clone())));
        }
        let source = match self.source.try_lock() {
            Ok(source) => source.clone(),
            Err(_) => None,
        };
        let Some(source) = source else { return Ok(self.done.get().cloned()) };
        let compiled = match twin {
            Some(factory) => {
                let bytes = PyBytes::new(py, source.bytes());
                Compiled::new(Outcome::Twin(factory.call1(py, (bytes,))?))
            }
            None => py.detach(|| compiled(source.bytes(), self.version)),
        };
        if here {
            self.finish(compiled.clone());
        }
        Ok(Some(compiled))
    }
}

fn guarded(version: Version, compile: impl FnOnce(Semantics) -> budtiktok::Result<Tokenizer>) -> Outcome {
    let semantics = Semantics { version };
    match catch_unwind(AssertUnwindSafe(|| compile(semantics))) {
        Ok(Ok(tokenizer)) => Outcome::Engine(Shared::new(tokenizer, semantics)),
        Ok(Err(error)) => refusal(&error),
        Err(_) => failure(),
    }
}

fn refusal(error: &Error) -> Outcome {
    let model = matches!(error.kind(), ErrorKind::Unsupported { part: "model", .. });
    Outcome::Refused { reason: error.to_string(), model }
}

/// As `find_or_compile`; whatever happens, whoever waits gets an answer.
fn compiled(bytes: &[u8], version: Version) -> Arc<Compiled> {
    catch_unwind(|| find_or_compile(bytes, version)).unwrap_or_else(|_| Compiled::new(failure()))
}

fn failure() -> Outcome {
    Outcome::Refused { reason: "the engine could not be built".into(), model: false }
}

/// Compiles `bytes`, or finds the engine that was made from equal ones, or at least its model.
fn find_or_compile(bytes: &[u8], version: Version) -> Arc<Compiled> {
    let key = Key::of(bytes, version);
    if let Some(known) = registry::whole(&key) {
        return known;
    }
    let model = ModelText::find(bytes);
    let model_key = model.as_ref().map(|model| Key::of_model(model, version));
    let shared = model_key.as_ref().and_then(registry::model);
    let outcome = match (&model, shared.as_ref().map(|known| known.outcome())) {
        (Some(model), Some(Outcome::Engine(shared))) => {
            guarded(version, |semantics| shared.tokenizer.with_light_parts(&model.without(), semantics))
        }
        _ => Outcome::Refused { reason: String::new(), model: true },
    };
    let outcome = match outcome {
        Outcome::Refused { model: true, .. } => {
            guarded(version, |semantics| Tokenizer::from_json(bytes, semantics))
        }
        outcome => outcome,
    };
    let made = Compiled::new(outcome);
    registry::remember(key, model_key, &made);
    made
}

/// Makes the slow twin of an engine from a tokenizer.json; set by tests only.
static TWIN: Mutex<Option<Arc<Py<PyAny>>>> = Mutex::new(None);

fn twin_factory() -> Option<Arc<Py<PyAny>>> {
    TWIN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()).clone()
}

/// Makes `factory(json: bytes)` stand in for the engine (`None`: the engine again). For tests: a
/// twin has `encode_one`, `encode_many` and `with_light_parts`.
#[pyfunction]
pub fn set_twin(factory: Option<Py<PyAny>>) {
    let factory = factory.map(Arc::new);
    let old = std::mem::replace(&mut *TWIN.lock().unwrap_or_else(|poisoned| poisoned.into_inner()), factory);
    drop(old);
}
