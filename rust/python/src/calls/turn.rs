//! One call after the other, where stock keeps a call's arguments as state of a tokenizer.
//!
//! A call that stock serves sets truncation and padding on the object and then encodes: a fast
//! call of another thread must not write its own between the two. Such calls take turns, and fast
//! calls leave the object's state alone while one is under way.

use std::sync::Mutex;

use pyo3::prelude::*;

use crate::handle::Handle;
use crate::objects::name;
use crate::pool;

/// The lock of a tokenizer: a reentrant one of Python's, made when first needed, and anew in a
/// forked child, where its holder may not exist.
#[derive(Debug, Default)]
pub struct TurnLock(Mutex<Option<(u64, Py<PyAny>)>>);

impl TurnLock {
    fn get<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        let forks = pool::forks();
        let known = || self.0.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        if let Some((made, lock)) = known().as_ref()
            && *made == forks
        {
            return Ok(lock.bind(py).clone());
        }
        let fresh = py.import("threading")?.getattr("RLock")?.call0()?;
        let mut place = known();
        match place.as_ref() {
            Some((made, lock)) if *made == forks => Ok(lock.bind(py).clone()),
            _ => {
                let old = place.replace((forks, fresh.clone().unbind()));
                drop(place);
                drop(old);
                Ok(fresh)
            }
        }
    }
}

/// A turn, as long as it lives.
pub struct Turn<'py>(Bound<'py, PyAny>);

/// Who waits longer goes on without a turn: a call of stock's may wait for one that waits here.
const PATIENCE: f64 = 10.0;

impl<'py> Turn<'py> {
    /// Waits for the turn; `None` after a long time.
    pub fn take(handle: &Bound<'py, Handle>) -> PyResult<Option<Self>> {
        let lock = handle.get().turn.get(handle.py())?;
        let taken = lock.call_method1(name!(c"acquire").get(handle.py()), (true, PATIENCE))?;
        Ok(taken.is_truthy()?.then_some(Self(lock)))
    }

    /// The turn if it is free, or this thread's already.
    pub fn try_take(handle: &Bound<'py, Handle>) -> PyResult<Option<Self>> {
        let lock = handle.get().turn.get(handle.py())?;
        let taken = lock.call_method1(name!(c"acquire").get(handle.py()), (false,))?;
        Ok(taken.is_truthy()?.then_some(Self(lock)))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        // An exception that is on its way stays; releasing what this thread holds does not fail.
        let _ = self.0.call_method0(name!(c"release").get(self.0.py()));
    }
}
