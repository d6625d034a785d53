//! The one door out of the GIL.

use std::panic::{AssertUnwindSafe, catch_unwind};

use pyo3::prelude::*;

use crate::error::panic_error;
use crate::quiet::Busy;

/// Below this many bytes of text the work takes less time than another thread may hold the GIL
/// before we get it back.
const WORTH_RELEASING: usize = 8 << 10;

/// Runs `work` on `bytes` bytes of text, without the GIL if that is worth it. A panic inside
/// becomes an exception.
pub fn enter<R: Send>(py: Python<'_>, bytes: usize, work: impl FnOnce() -> R + Send) -> PyResult<R> {
    // What a panic leaves behind is never seen: the closures own or only read what they use.
    let guarded = || catch_unwind(AssertUnwindSafe(work));
    let result = if bytes >= WORTH_RELEASING {
        let busy = Busy::begin();
        py.detach(|| {
            let result = guarded();
            // Before the GIL is asked for: a thread that forks holds it, and waits for this.
            drop(busy);
            result
        })
    } else {
        guarded()
    };
    result.map_err(|payload| panic_error(payload, bytes))
}
