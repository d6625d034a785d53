//! What stands beside a tokenizer: its engine, and what proves that the engine is its own.
//!
//! The handle lies in the tokenizer's own `__dict__`, which is neither pickled, copied nor hashed.
//! A call compares counters ([`Moment`]); when one has moved, Python's `backend` proves the engine
//! again from the object. Locks here are held for a few instructions, never while Python runs.

mod backend;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU8, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::calls::{PadTokens, TurnLock};
use crate::compile::{Compiled, Job, Outcome};
use crate::guard::Moment;
use crate::marks::{self, Mark};
use crate::objects::{Name, name, own_dict};
use crate::registry;
use crate::state::CallState;

pub use backend::{CompiledRef, Stamp, compile_written, ensure_handle, handle_of};

/// Where a handle lies in its tokenizer's `__dict__`.
pub static KEY: Name = Name::new(c"__budtiktok__");

/// The parts of a tokenizer, as bits.
pub mod parts {
    pub const MODEL: u32 = 1;
    pub const NORMALIZER: u32 = 2;
    pub const PRE_TOKENIZER: u32 = 4;
    pub const POST_PROCESSOR: u32 = 8;
    pub const DECODER: u32 = 16;
    pub const ADDED_TOKENS: u32 = 32;
    pub const ALL: u32 = 63;

    /// The bit of a property of `tokenizers.Tokenizer`.
    pub fn by_name(name: &str) -> Option<u32> {
        Some(match name {
            "model" => MODEL,
            "normalizer" => NORMALIZER,
            "pre_tokenizer" => PRE_TOKENIZER,
            "post_processor" => POST_PROCESSOR,
            "decoder" => DECODER,
            _ => return None,
        })
    }
}

/// Who serves a tokenizer's calls.
#[derive(Clone)]
pub enum Verdict {
    Engine(Arc<Compiled>),
    /// Compiling from the bytes that made the tokenizer.
    Pending(Arc<Job>),
    /// Stock, for a reason.
    Stock(Arc<str>),
}

#[derive(Clone)]
struct Proof {
    moment: Moment,
    verdict: Verdict,
    /// Why stock decodes although the engine encodes.
    undecodable: Option<Arc<str>>,
}

/// How near a handle is to an engine that may serve.
pub enum Standing {
    /// `Pending`: still compiling.
    Proven(Verdict),
    /// There is a compiled engine, and nothing but light parts may have changed since.
    LightlyChanged,
    /// The whole tokenizer would have to be read.
    Unknown,
}

#[derive(Default)]
struct Inner {
    proof: Option<Proof>,
    state: Option<Arc<CallState>>,
    /// Why the canary took the engine away from this tokenizer.
    distrusted: Option<Arc<str>>,
    /// The engine last compared with stock before its first call.
    probed: Weak<Compiled>,
    counts: BTreeMap<String, u64>,
}

/// A tokenizer's engine and what proves it.
#[pyclass(frozen, module = "budtiktok_hf._native")]
pub struct Handle {
    /// Address of the tokenizer: a `__dict__` can be copied to another one, handle and all.
    owner: usize,
    mark: AtomicU8,
    edition: AtomicU64,
    state_edition: AtomicU64,
    /// Parts replaced through the tokenizer's own methods since the proof.
    changed: AtomicU32,
    /// Parts that somebody outside may hold, and edit in place.
    exposed: AtomicU32,
    /// Ids that stock decoded while no engine was proven.
    owed: AtomicUsize,
    inner: Mutex<Inner>,
    /// Name of a part -> its state when the engine was compiled.
    memo: Py<PyDict>,
    /// For calls that stock serves.
    pub turn: TurnLock,
    pub pad_tokens: PadTokens,
}

impl Handle {
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
    }

    /// The handle in an object's `__dict__`.
    pub fn of<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Handle>>> {
        match own_dict(object)?.get_item(KEY.get(object.py()))? {
            Some(found) => {
                let own = |handle: &Bound<'_, Handle>| handle.get().owner == object.as_ptr() as usize;
                Ok(found.cast_into::<Handle>().ok().filter(own))
            }
            None => Ok(None),
        }
    }

    /// The handle of an object, made if there is none: then nothing about the object is known.
    pub fn ensure<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, Handle>> {
        match Self::of(object)? {
            Some(handle) => Ok(handle),
            None => Self::attach(object, parts::ALL, None),
        }
    }

    /// The handle of an object that the engine may serve; `None`: the object is stock's alone.
    pub fn serving<'py>(object: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, Handle>>> {
        let handle = Self::of(object)?;
        if !marks::serves(handle.as_ref().map_or(Mark::None, |handle| handle.get().mark())) {
            return Ok(None);
        }
        match handle {
            Some(handle) => Ok(Some(handle)),
            None => Self::attach(object, parts::ALL, None).map(Some),
        }
    }

    pub fn mark(&self) -> Mark {
        Mark::from_number(self.mark.load(Ordering::Acquire))
    }

    /// Sets the mark. Whoever accelerates a tokenizer trusts its engine again.
    pub fn set_mark(&self, mark: Mark) {
        let old = self.mark.swap(mark as u8, Ordering::AcqRel);
        marks::changed(Mark::from_number(old), mark);
        if mark == Mark::Accelerated {
            self.inner().distrusted = None;
        }
    }

    /// Whether `compiled` was not yet compared with stock for this tokenizer; from now on it was.
    pub fn probe_is_due(&self, compiled: &Arc<Compiled>) -> bool {
        let mut inner = self.inner();
        if std::ptr::eq(inner.probed.as_ptr(), Arc::as_ptr(compiled)) {
            return false;
        }
        inner.probed = Arc::downgrade(compiled);
        true
    }

    /// Puts a new handle beside an object that was just made from `job`'s source.
    pub fn attach<'py>(
        object: &Bound<'py, PyAny>,
        exposed: u32,
        job: Option<Arc<Job>>,
    ) -> PyResult<Bound<'py, Handle>> {
        let py = object.py();
        let verdict = job.map(Verdict::Pending);
        let proof = verdict.map(|verdict| Proof { moment: Moment::now(0), verdict, undecodable: None });
        let handle = Bound::new(
            py,
            Self {
                owner: object.as_ptr() as usize,
                mark: AtomicU8::new(Mark::None as u8),
                edition: AtomicU64::new(0),
                state_edition: AtomicU64::new(0),
                changed: AtomicU32::new(0),
                exposed: AtomicU32::new(exposed),
                owed: AtomicUsize::new(0),
                inner: Mutex::new(Inner { proof, ..Inner::default() }),
                memo: PyDict::new(py).unbind(),
                turn: TurnLock::default(),
                pad_tokens: PadTokens::default(),
            },
        )?;
        // Making the handle may have let another thread in: its handle may be marked already.
        if let Some(known) = Self::of(object)? {
            return Ok(known);
        }
        own_dict(object)?.set_item(KEY.get(py), &handle)?;
        Ok(handle)
    }

    /// The tokenizer's own methods changed `changed` (called after the change).
    pub fn own_change(&self, changed: u32) {
        let _inner = self.inner();
        self.changed.fetch_or(changed, Ordering::AcqRel);
        self.edition.fetch_add(1, Ordering::AcqRel);
    }

    /// The whole inner state was replaced from `job`'s source.
    pub fn reloaded(&self, py: Python<'_>, job: Arc<Job>) {
        self.memo.bind(py).clear();
        let mut inner = self.inner();
        let edition = self.edition.fetch_add(1, Ordering::AcqRel) + 1;
        self.changed.store(0, Ordering::Release);
        self.exposed.store(0, Ordering::Release);
        let verdict = Verdict::Pending(job);
        inner.proof = Some(Proof { moment: Moment::now(edition), verdict, undecodable: None });
        inner.state = None;
        self.state_edition.fetch_add(1, Ordering::AcqRel);
    }

    /// Truncation, padding or `encode_special_tokens` changed (called after the change).
    pub fn state_changed(&self) {
        let mut inner = self.inner();
        inner.state = None;
        self.state_edition.fetch_add(1, Ordering::AcqRel);
    }

    /// Counts changes of the state.
    pub fn state_edition(&self) -> u64 {
        self.state_edition.load(Ordering::Acquire)
    }

    /// The state is `state`, unless it changed after `edition`.
    pub fn state_known(&self, edition: u64, state: &CallState) {
        let mut inner = self.inner();
        if edition == self.state_edition.load(Ordering::Acquire) {
            inner.state = Some(Arc::new(state.clone()));
        }
    }

    /// A part was handed out. True if for the first time.
    pub fn expose(&self, part: u32) -> bool {
        self.exposed.fetch_or(part, Ordering::AcqRel) & part != part
    }

    pub fn memo(&self) -> &Py<PyDict> {
        &self.memo
    }

    /// Who serves, if that is proven for the present moment.
    pub fn current(&self, py: Python<'_>) -> PyResult<Option<Verdict>> {
        if let Some(reason) = &self.inner().distrusted {
            return Ok(Some(Verdict::Stock(reason.clone())));
        }
        let Some(Proof { verdict, .. }) = self.proof_of_today() else { return Ok(None) };
        let Verdict::Pending(job) = verdict else { return Ok(Some(verdict)) };
        let Some(compiled) = job.wait(py)? else {
            self.inner().proof = None;
            return Ok(None);
        };
        let verdict = verdict_of(compiled);
        if let Some(proof) = self.inner().proof.as_mut() {
            let same = matches!(&proof.verdict, Verdict::Pending(known) if Arc::ptr_eq(known, &job));
            proof.verdict = if same { verdict } else { proof.verdict.clone() };
        }
        // Whatever moved while this thread waited is seen by comparing once more.
        let proof = self.proof_of_today().map(|proof| proof.verdict);
        Ok(proof.filter(|verdict| !matches!(verdict, Verdict::Pending(_))))
    }

    fn proof_of_today(&self) -> Option<Proof> {
        let mut inner = self.inner();
        let now = Moment::now(self.edition.load(Ordering::Acquire));
        let proof = inner.proof.as_mut()?;
        if proof.moment != now {
            let own = proof.moment.generation == now.generation
                && proof.moment.edition == now.edition
                && self.exposed.load(Ordering::Acquire) == 0;
            if !own {
                return None;
            }
            // Nobody outside holds a part of this tokenizer: the change was another's.
            proof.moment = now;
        }
        Some(proof.clone())
    }

    /// Whether an engine may serve at this moment, and why it may not decode. Waits for nothing.
    pub fn standing(&self, py: Python<'_>) -> PyResult<(Standing, Option<Arc<str>>)> {
        if let Some(reason) = self.inner().distrusted.clone() {
            return Ok((Standing::Proven(Verdict::Stock(reason)), None));
        }
        if let Some(Proof { verdict, undecodable, .. }) = self.proof_of_today() {
            let verdict = match verdict {
                Verdict::Pending(job) if job.is_done() => match self.current(py)? {
                    Some(verdict) => verdict,
                    None => return Ok((Standing::Unknown, None)),
                },
                verdict => verdict,
            };
            return Ok((Standing::Proven(verdict), undecodable));
        }
        let inner = self.inner();
        let now = Moment::now(self.edition.load(Ordering::Acquire));
        let trained =
            |known: u64| known != now.trained && self.exposed.load(Ordering::Acquire) & parts::MODEL != 0;
        Ok((
            match &inner.proof {
                Some(Proof { moment, verdict, .. })
                    if moment.generation == now.generation
                        && !trained(moment.trained)
                        && self.changed.load(Ordering::Acquire) & parts::MODEL == 0
                        && match verdict {
                            Verdict::Engine(_) => true,
                            Verdict::Pending(job) => job.is_done(),
                            Verdict::Stock(_) => false,
                        } =>
                {
                    Standing::LightlyChanged
                }
                _ => Standing::Unknown,
            },
            None,
        ))
    }

    /// Notes that stock is to decode `ids` ids for want of a proven engine. True if that is
    /// `worth` a proof by now: then it is not stock's turn.
    pub fn owes(&self, ids: usize, worth: usize) -> bool {
        let ids = ids.max(1);
        let owed = self.owed.fetch_add(ids, Ordering::Relaxed).saturating_add(ids);
        if owed >= worth {
            self.owed.store(0, Ordering::Relaxed);
        }
        owed >= worth
    }

    /// The state that stock would use, read from the real object at one moment.
    pub fn state(&self, object: &Bound<'_, PyAny>) -> PyResult<Arc<CallState>> {
        let py = object.py();
        loop {
            let edition = {
                let inner = self.inner();
                if let Some(state) = &inner.state {
                    return Ok(state.clone());
                }
                self.state_edition.load(Ordering::Acquire)
            };
            let truncation = object.getattr(name!(c"truncation").get(py))?;
            let padding = object.getattr(name!(c"padding").get(py))?;
            let special: bool = object.getattr(name!(c"encode_special_tokens").get(py))?.extract()?;
            let state = Arc::new(CallState::from_dicts(
                truncation.cast::<PyDict>().ok(),
                padding.cast::<PyDict>().ok(),
                special,
            )?);
            let mut inner = self.inner();
            if edition == self.state_edition.load(Ordering::Acquire) {
                inner.state = Some(state.clone());
                return Ok(state);
            }
        }
    }

    /// Counts a call that stock served. True if it is the first for this reason.
    pub fn count(&self, reason: &str) -> bool {
        let mut inner = self.inner();
        match inner.counts.get_mut(reason) {
            Some(count) => {
                *count += 1;
                false
            }
            None => {
                inner.counts.insert(reason.to_owned(), 1);
                true
            }
        }
    }
}

impl Drop for Handle {
    fn drop(&mut self) {
        marks::changed(self.mark(), Mark::None);
        let inner = self.inner.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some(Proof { verdict: Verdict::Pending(job), .. }) = inner.proof.take() {
            registry::keep_orphan(job);
        }
    }
}

fn verdict_of(compiled: Arc<Compiled>) -> Verdict {
    match compiled.outcome() {
        Outcome::Refused { reason, .. } => Verdict::Stock(reason.as_str().into()),
        _ => Verdict::Engine(compiled),
    }
}
