//! `Encoding`: stock's class as Python sees it, made lazily.
//!
//! It holds ids and masks, and what is needed to make the rest; tokens, offsets and words come
//! when somebody asks, once, with the values of call time. `isinstance(e, tokenizers.Encoding)`
//! holds through `__class__`; [`stock`] has what C-level consumers of stock's class need.

use std::sync::{Arc, Mutex, PoisonError};

use budtiktok::Encoding;
use pyo3::prelude::*;

use crate::engine::Shared;

mod document;
mod members;
mod pickle;
pub mod stock;

pub use document::{Call, Document};

/// Where an encoding stands.
#[derive(Debug, Clone)]
enum State {
    /// Ids only; the rest can be made.
    Lazy(Arc<Document>),
    /// An overflowing part of such a one.
    Part { ids: Arc<Encoding>, document: Arc<Document>, path: Arc<[usize]> },
    /// Everything, made in advance and not asked for yet.
    Eager { encoding: Arc<Encoding>, engine: Arc<Shared> },
    /// Everything.
    Full { encoding: Arc<Encoding>, engine: Option<Arc<Shared>> },
}

impl State {
    /// What is there without making anything.
    fn ids(&self) -> &Encoding {
        match self {
            Self::Lazy(document) => &document.ids,
            Self::Part { ids, .. } => ids,
            Self::Eager { encoding, .. } | Self::Full { encoding, .. } => encoding,
        }
    }
}

/// The output of a tokenizer for one input.
#[pyclass(frozen, dict, name = "Encoding", module = "tokenizers")]
#[derive(Debug)]
pub struct PyEncoding {
    /// Held for moments only and never while Python code may run: a collection may end up here.
    state: Mutex<State>,
}

impl PyEncoding {
    /// The encoding of a document whose heavy columns are made when needed.
    pub fn lazy(document: Document) -> Self {
        Self { state: Mutex::new(State::Lazy(Arc::new(document))) }
    }

    /// The encoding of an input whose heavy columns were made at once.
    pub fn eager(encoding: Encoding, engine: Arc<Shared>) -> Self {
        Self { state: Mutex::new(State::Eager { encoding: Arc::new(encoding), engine }) }
    }

    /// A whole encoding.
    pub fn full(encoding: Encoding, engine: Option<Arc<Shared>>) -> Self {
        Self { state: Mutex::new(State::Full { encoding: Arc::new(encoding), engine }) }
    }

    /// The present state; references only.
    fn snapshot(&self) -> State {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The whole encoding, with the engine whose strings its tokens are.
    fn whole(&self, py: Python<'_>) -> PyResult<(Arc<Encoding>, Option<Arc<Shared>>)> {
        let before = self.snapshot();
        let (encoding, engine) = match &before {
            State::Full { encoding, engine } => return Ok((Arc::clone(encoding), engine.clone())),
            State::Eager { encoding, engine } => {
                engine.demand.asked();
                (Arc::clone(encoding), Arc::clone(engine))
            }
            State::Lazy(document) => (Arc::clone(document.full(py)?), Arc::clone(&document.call.engine)),
            State::Part { document, path, .. } => {
                (document.full_part(py, path)?, Arc::clone(&document.call.engine))
            }
        };
        let made = State::Full { encoding: Arc::clone(&encoding), engine: Some(Arc::clone(&engine)) };
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let replaced = match &*state {
            // Another thread changed this encoding meanwhile: its change stays.
            State::Full { .. } => None,
            _ => Some(std::mem::replace(&mut *state, made)),
        };
        let now = match (&*state, &replaced) {
            (State::Full { encoding, engine }, None) => (Arc::clone(encoding), engine.clone()),
            _ => (encoding, Some(engine)),
        };
        drop(state);
        // The text's last reference may go here, outside the lock.
        drop(replaced);
        Ok(now)
    }

    /// Changes the encoding. `change` runs under the lock, so it must not touch Python.
    fn change<R>(&self, py: Python<'_>, change: impl FnOnce(&mut Encoding) -> R) -> PyResult<R> {
        loop {
            self.whole(py)?;
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let State::Full { encoding, .. } = &mut *state {
                return Ok(change(Arc::make_mut(encoding)));
            }
        }
    }

    /// Replaces the encoding.
    fn set(&self, encoding: Encoding) {
        let made = State::Full { encoding: Arc::new(encoding), engine: None };
        let replaced = {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::replace(&mut *state, made)
        };
        drop(replaced);
    }

    /// The overflowing parts, each an encoding of its own.
    pub fn parts(&self) -> Vec<Self> {
        let state = self.snapshot();
        let part = |(index, part): (usize, &Encoding)| {
            let made = match &state {
                State::Eager { engine, .. } => {
                    State::Eager { encoding: Arc::new(part.clone()), engine: Arc::clone(engine) }
                }
                State::Full { engine, .. } => {
                    State::Full { encoding: Arc::new(part.clone()), engine: engine.clone() }
                }
                State::Lazy(document) => State::Part {
                    ids: Arc::new(part.clone()),
                    document: Arc::clone(document),
                    path: Arc::new([index]),
                },
                State::Part { document, path, .. } => State::Part {
                    ids: Arc::new(part.clone()),
                    document: Arc::clone(document),
                    path: path.iter().copied().chain([index]).collect(),
                },
            };
            Self { state: Mutex::new(made) }
        };
        state.ids().overflowing.iter().enumerate().map(part).collect()
    }
}
