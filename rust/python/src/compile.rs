//! Compiling off the GIL, at once, when the bytes of a tokenizer pass by.
//!
//! Equal sources share one engine, equal models one model (`registry`). A forked child does not
//! find the thread that was compiling: whoever waits for it there compiles.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use budtiktok::config::{LightConfig, ModelConfig, ModelParts, Scores, TokenizerConfig};
use budtiktok::options::Semantics;
use budtiktok::plan::likely_pre_tokenizer;
use budtiktok::{Error, ErrorKind, Tokenizer};
use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::PyBytes;

use crate::engine::{Engine, Shared};
use crate::quiet::Busy;
use crate::registry::{self, Key, ModelKey};
use crate::{digest, memory};

/// (major, minor, patch) of the installed `tokenizers`.
pub type Version = (u32, u32, u32);

/// What a tokenizer or a model is compiled from.
pub enum Source {
    /// A tokenizer.json that stock reads too.
    Bytes(PyBackedBytes),
    Text(PyBackedStr),
    /// A tokenizer.json that stock wrote: its numbers are the object's own. Only the model counts;
    /// the other parts are put around it later.
    Written(PyBackedBytes),
    /// What a model's constructor is called with: the model alone.
    Parts(Box<ModelParts>),
}

impl Source {
    /// The text, and how its scores are read.
    fn text(&self) -> Option<(&[u8], Scores)> {
        match self {
            Self::Bytes(bytes) => Some((bytes, Scores::AsStockReads)),
            Self::Text(text) => Some((text.as_bytes(), Scores::AsStockReads)),
            Self::Written(bytes) => Some((bytes, Scores::Exact)),
            Self::Parts(_) => None,
        }
    }

    fn len(&self) -> usize {
        self.text().map_or(0, |(bytes, _)| bytes.len())
    }

    /// Whether stock is parsing the same at the same time.
    fn is_loading(&self) -> bool {
        matches!(self, Self::Bytes(_) | Self::Text(_))
    }

    fn read(&self) -> budtiktok::Result<TokenizerConfig> {
        let alone = |model, pre_tokenizer| TokenizerConfig {
            pre_tokenizer,
            ..LightConfig::default().with_model(model)
        };
        match (self, self.text()) {
            (Self::Parts(parts), _) => {
                let model = ModelConfig::from_parts(parts)?;
                let pre_tokenizer = likely_pre_tokenizer(&model);
                Ok(alone(model, pre_tokenizer))
            }
            (Self::Written(_), Some((bytes, scores))) => {
                let mut config = TokenizerConfig::from_json_with(bytes, scores)?;
                // What decides how the model is compiled.
                config.added_tokens.retain(|token| token.normalized && (token.lstrip || token.rstrip));
                Ok(TokenizerConfig {
                    added_tokens: config.added_tokens,
                    normalizer: config.normalizer,
                    ..alone(config.model, config.pre_tokenizer)
                })
            }
            (_, text) => TokenizerConfig::from_json(text.map_or(&[], |(bytes, _)| bytes)),
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
    /// Where the model comes from: kept, as it is what the registry knows the model by.
    base: Option<Arc<Compiled>>,
}

impl Compiled {
    fn new(outcome: Outcome) -> Arc<Self> {
        Arc::new(Self { outcome, engine: Mutex::new(None), base: None })
    }

    fn with_model_of(base: &Arc<Self>, outcome: Outcome) -> Arc<Self> {
        let base = base.base.as_ref().unwrap_or(base).clone();
        Arc::new(Self { outcome, engine: Mutex::new(None), base: Some(base) })
    }

    pub fn outcome(&self) -> &Outcome {
        &self.outcome
    }

    /// Why the engine does not decode, if it does not.
    pub fn undecodable(&self) -> Option<String> {
        match &self.outcome {
            Outcome::Engine(shared) => shared.tokenizer.decoder().err().map(|error| error.to_string()),
            _ => None,
        }
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

    /// The same model with other light parts and the added tokens of a tokenizer. `None`: the whole
    /// has to be compiled.
    pub fn with_live_parts(
        self: &Arc<Self>,
        py: Python<'_>,
        light: &[u8],
        (states, shadowed): LiveAdded,
        version: Version,
    ) -> PyResult<Option<Arc<Self>>> {
        let shared = match &self.outcome {
            Outcome::Engine(shared) => shared,
            Outcome::Twin(twin) => {
                let arguments = (PyBytes::new(py, light), (states, shadowed));
                let made = twin.call_method1(py, "with_light_parts", arguments)?;
                let none = made.is_none(py);
                return Ok((!none).then(|| Self::new(Outcome::Twin(made))));
            }
            Outcome::Refused { .. } => return Ok(None),
        };
        let outcome = py.detach(|| {
            guarded(version, |semantics| shared.tokenizer.with_live_parts(light, states, shadowed, semantics))
        });
        Ok(match outcome {
            Outcome::Refused { model: true, .. } => None,
            outcome => Some(Self::with_model_of(self, outcome)),
        })
    }
}

/// Of each added token: its text and whether it is known as special, as far as that is seen; then
/// (content, id) of those whose id has become another's.
pub type LiveAdded = (Vec<(Option<String>, Option<bool>)>, Vec<(String, u32)>);

/// Sources from which on giving back memory is worth a thread.
const LARGE: usize = 1 << 20;

/// Compiling under way.
pub struct Job {
    process: u32,
    version: Version,
    source: Mutex<Option<Arc<Source>>>,
    is_large: bool,
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
            is_large: source.len() >= LARGE,
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
                let (made, rest) = compiled(&source, version);
                worker.finish(made.clone());
                // Nobody waits for what follows.
                if let Some(rest) = rest {
                    rest.finish(&made);
                    let loading = source.is_loading();
                    drop((worker, source, made));
                    if !loading {
                        memory::give_back();
                    }
                }
            });
            job.alone.store(spawned.is_err(), Ordering::Release);
        }
        job
    }

    /// Stock has parsed the source: gives back, once the engine is there too, what both needed for
    /// a moment.
    pub fn loaded(self: &Arc<Self>) {
        if self.is_large && twin_factory().is_none() && !self.alone.load(Ordering::Acquire) {
            let (job, busy) = (self.clone(), Busy::begin());
            let thread = std::thread::Builder::new().name("budtiktok-memory".to_owned());
            // Without a thread the memory stays, which is no harm.
            drop(thread.spawn(move || {
                let _busy = busy;
                job.done.wait();
                drop(job);
                memory::give_back();
            }));
        }
    }

    fn finish(&self, compiled: Arc<Compiled>) {
        let _ = self.done.set(compiled);
        if let Ok(mut source) = self.source.lock() {
            *source = None;
        }
    }

    /// Whether the outcome is there already.
    pub fn is_done(&self) -> bool {
        self.done.get().is_some()
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
        let compiled = match (twin, source.text()) {
            (Some(factory), Some((bytes, _))) => {
                Compiled::new(Outcome::Twin(factory.call1(py, (PyBytes::new(py, bytes),))?))
            }
            _ => py.detach(|| {
                let (made, rest) = compiled(&source, self.version);
                rest.into_iter().for_each(|rest| rest.finish(&made));
                made
            }),
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
fn compiled(source: &Source, version: Version) -> (Arc<Compiled>, Option<Rest>) {
    catch_unwind(AssertUnwindSafe(|| find_or_compile(source, version)))
        .unwrap_or_else(|_| (Compiled::new(failure()), None))
}

fn failure() -> Outcome {
    Outcome::Refused { reason: "the engine could not be built".into(), model: false }
}

/// What is left to do once the engine is there.
struct Rest {
    config: TokenizerConfig,
    /// Known already if it had to be looked for.
    model: Option<ModelKey>,
    version: Version,
}

impl Rest {
    /// Makes the model known by its content.
    fn finish(self, made: &Arc<Compiled>) {
        if let (Some(key), Outcome::Engine(_)) =
            (self.model.or_else(|| model_key(&self.config, self.version)), made.outcome())
        {
            registry::remember_model(key, made);
        }
    }
}

fn model_key(config: &TokenizerConfig, version: Version) -> Option<ModelKey> {
    digest::of_model(&config.model).map(|digest| ModelKey { digest, version })
}

/// Compiles a source, or finds the engine that was made from an equal one, or at least its model.
fn find_or_compile(source: &Source, version: Version) -> (Arc<Compiled>, Option<Rest>) {
    let key = source.text().map(|(bytes, scores)| Key::of(bytes, scores, version));
    if let Some(known) = key.as_ref().and_then(registry::whole) {
        return (known, None);
    }
    let config = match source.read() {
        Ok(config) => config,
        Err(error) => return (Compiled::new(refusal(&error)), None),
    };
    let model = registry::has_models().then(|| model_key(&config, version)).flatten();
    let shared = model.as_ref().and_then(registry::model);
    let outcome = match shared.as_ref().map(|known| known.outcome()) {
        Some(Outcome::Engine(shared)) => {
            guarded(version, |semantics| shared.tokenizer.with_parts_of(&config, semantics))
        }
        _ => Outcome::Refused { reason: String::new(), model: true },
    };
    let made = match (outcome, &shared) {
        (Outcome::Refused { model: true, .. }, _) | (_, None) => {
            Compiled::new(guarded(version, |semantics| Tokenizer::compile(&config, semantics)))
        }
        (outcome, Some(shared)) => Compiled::with_model_of(shared, outcome),
    };
    if let Some(key) = key {
        registry::remember_whole(key, &made);
    }
    (made, Some(Rest { config, model, version }))
}

/// Makes the slow twin of an engine from a tokenizer.json; set by tests only.
static TWIN: Mutex<Option<Arc<Py<PyAny>>>> = Mutex::new(None);

pub fn twin_factory() -> Option<Arc<Py<PyAny>>> {
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
