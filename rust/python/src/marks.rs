//! Which tokenizers the engine may serve: under `patch()` all but those restored, else only those
//! that carry a mark.
//!
//! The mark lies in the tokenizer's handle. Pickles are stock's, byte for byte, so a copy learns its
//! mark from the content of the state it is made from: the last tokenizer of this process that gave
//! away this very state says what its copies are.

use std::cell::Cell;
use std::collections::VecDeque;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use budtiktok::config::Scores;
use pyo3::prelude::*;
use pyo3::types::{PyAny, PyBytes};

use crate::handle::Handle;
use crate::registry::Key;

/// What was asked for one tokenizer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Mark {
    None = 0,
    /// Served, whether or not others are.
    Accelerated = 1,
    /// Left to stock, even under `patch()`.
    Restored = 2,
}

impl Mark {
    pub fn from_number(number: u8) -> Self {
        match number {
            1 => Self::Accelerated,
            2 => Self::Restored,
            _ => Self::None,
        }
    }
}

/// Whether tokenizers without a mark are served.
static EVERY: AtomicBool = AtomicBool::new(false);
/// Accelerated tokenizers that are alive.
static ACCELERATED: AtomicUsize = AtomicUsize::new(0);
/// Whether any tokenizer was ever restored: only then are marks looked at under `patch()`.
static RESTORED: AtomicBool = AtomicBool::new(false);
/// Whether any tokenizer ever had a mark that its copies have to learn.
static EVER_MARKED: AtomicBool = AtomicBool::new(false);

/// States remembered with the mark of who gave them away; the oldest are forgotten first. Only
/// tried: a forked child may find it held, and then its copies have no mark.
static STATES: Mutex<VecDeque<(Key, Mark)>> = Mutex::new(VecDeque::new());
const MOST_STATES: usize = 256;

/// Threads on which stock serves for the moment.
static SUSPENDED: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static SUSPENDED_HERE: Cell<u32> = const { Cell::new(0) };
    /// Above zero: this thread is loading a tokenizer that will be accelerated.
    static LOADING: Cell<u32> = const { Cell::new(0) };
}

/// Whether tokenizers without a mark are served.
pub fn every() -> bool {
    EVERY.load(Ordering::Acquire)
}

/// Whether every tokenizer is served, with no exception to look for.
pub fn serves_every() -> bool {
    every() && !RESTORED.load(Ordering::Acquire) && !is_suspended()
}

fn is_suspended() -> bool {
    SUSPENDED.load(Ordering::Relaxed) > 0 && SUSPENDED_HERE.get() > 0
}

/// Whether a tokenizer with this mark is served.
pub fn serves(mark: Mark) -> bool {
    !is_suspended()
        && match mark {
            Mark::None => every(),
            Mark::Accelerated => true,
            Mark::Restored => false,
        }
}

/// Whether what this thread loads is compiled while it is read.
pub fn watches() -> bool {
    every() || LOADING.get() > 0
}

/// A tokenizer's mark changed, or (`new` is `None`) it went away.
pub fn changed(old: Mark, new: Mark) {
    if new == Mark::Accelerated && old != new {
        ACCELERATED.fetch_add(1, Ordering::AcqRel);
    }
    if old == Mark::Accelerated && old != new {
        ACCELERATED.fetch_sub(1, Ordering::AcqRel);
    }
    if new == Mark::Restored {
        RESTORED.store(true, Ordering::Release);
    }
    if new != Mark::None {
        EVER_MARKED.store(true, Ordering::Release);
    }
}

/// `state` was given away by `object`'s `__getstate__`.
pub fn given_away(object: &Bound<'_, PyAny>, state: &Bound<'_, PyAny>) -> PyResult<()> {
    if !EVER_MARKED.load(Ordering::Acquire) {
        return Ok(());
    }
    let Ok(state) = state.cast_exact::<PyBytes>() else { return Ok(()) };
    let mark = Handle::of(object)?.map_or(Mark::None, |handle| handle.get().mark());
    let key = Key::of(state.as_bytes(), Scores::AsStockReads, (0, 0, 0));
    let Ok(mut states) = STATES.try_lock() else { return Ok(()) };
    states.retain(|(known, _)| *known != key);
    if mark != Mark::None {
        if states.len() == MOST_STATES {
            states.pop_front();
        }
        states.push_back((key, mark));
    }
    Ok(())
}

/// The mark that comes with a state.
pub fn of_state(state: &[u8]) -> Mark {
    if !EVER_MARKED.load(Ordering::Acquire) {
        return Mark::None;
    }
    let Ok(states) = STATES.try_lock() else { return Mark::None };
    if states.is_empty() {
        return Mark::None;
    }
    let key = Key::of(state, Scores::AsStockReads, (0, 0, 0));
    states.iter().find(|(known, _)| *known == key).map_or(Mark::None, |(_, mark)| *mark)
}

/// Whether tokenizers without a mark are served.
#[pyfunction]
pub fn serve_every(every: bool) {
    EVERY.store(every, Ordering::Release);
}

/// Sets a tokenizer's mark (0 none, 1 accelerated, 2 restored).
#[pyfunction]
pub fn set_mark(object: &Bound<'_, PyAny>, mark: u8) -> PyResult<()> {
    Handle::ensure(object)?.get().set_mark(Mark::from_number(mark));
    Ok(())
}

/// A tokenizer's mark (0 none, 1 accelerated, 2 restored).
#[pyfunction]
pub fn mark_of(object: &Bound<'_, PyAny>) -> PyResult<u8> {
    Ok(Handle::of(object)?.map_or(Mark::None, |handle| handle.get().mark()) as u8)
}

/// How many accelerated tokenizers are alive.
#[pyfunction]
pub fn accelerated() -> usize {
    ACCELERATED.load(Ordering::Acquire)
}

/// This thread begins, or ends, to have stock serve whatever it calls.
#[pyfunction]
pub fn suspend(begins: bool) {
    if begins {
        SUSPENDED.fetch_add(1, Ordering::AcqRel);
        SUSPENDED_HERE.set(SUSPENDED_HERE.get() + 1);
    } else if SUSPENDED_HERE.get() > 0 {
        SUSPENDED_HERE.set(SUSPENDED_HERE.get() - 1);
        SUSPENDED.fetch_sub(1, Ordering::AcqRel);
    }
}

/// This thread begins, or ends, to load a tokenizer that will be accelerated.
#[pyfunction]
pub fn loading(begins: bool) {
    LOADING.set(if begins { LOADING.get() + 1 } else { LOADING.get().saturating_sub(1) });
}
