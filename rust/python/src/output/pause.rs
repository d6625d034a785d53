//! Pausing the cycle collector while many tuples are made.

use pyo3::prelude::*;

/// Before Python 3.12 an allocation may start a collection: making many tuples then costs twice as
/// much, for nothing, as there is no garbage yet. Paused while this lives; a no-op for few tuples
/// and where collections do not start at allocations.
pub struct CollectorPause<'py> {
    paused: bool,
    _py: Python<'py>,
}

/// Fewer objects than this do not start a collection by themselves.
#[cfg(not(Py_3_12))]
const WORTH_PAUSING: usize = 256;

impl<'py> CollectorPause<'py> {
    pub fn new(py: Python<'py>, objects: usize) -> Self {
        #[cfg(not(Py_3_12))]
        // SAFETY: the GIL is held (`py`) until this is dropped, so nobody sees the pause.
        let paused = objects >= WORTH_PAUSING && unsafe { pyo3::ffi::PyGC_Disable() } == 1;
        #[cfg(Py_3_12)]
        let paused = {
            let _ = objects;
            false
        };
        Self { paused, _py: py }
    }
}

impl Drop for CollectorPause<'_> {
    fn drop(&mut self) {
        if self.paused {
            // SAFETY: the GIL is held (`_py`); the collector was enabled before.
            unsafe { pyo3::ffi::PyGC_Enable() };
        }
    }
}
