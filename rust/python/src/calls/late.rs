//! transformers is often imported after the hooks went in: its calls are hooked then, when a hook
//! of the backend is next used. Nothing watches imports.

use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;

use crate::objects::name;
use crate::roles::backend;

static AWAITED: AtomicBool = AtomicBool::new(false);

/// Whether transformers is still to be seen.
#[pyfunction]
pub fn await_transformers(awaited: bool) {
    AWAITED.store(awaited, Ordering::Release);
}

/// Hooks the calls of transformers, if it has been imported since. Never fails.
pub fn look(py: Python<'_>) {
    if !AWAITED.load(Ordering::Relaxed) {
        return;
    }
    let name = name!(c"transformers.tokenization_utils_tokenizers").get(py);
    #[allow(unsafe_code)]
    // SAFETY: attached; the dict of modules and what is found in it are borrowed for a moment.
    let imported = unsafe {
        let found = ffi::PyDict_GetItemWithError(ffi::PyImport_GetModuleDict(), name.as_ptr());
        !found.is_null()
    };
    if imported {
        let pending = PyErr::take(py);
        let looked = backend()
            .and_then(|backend| backend.seam.call_method0(py, name!(c"transformers_imported").get(py)));
        drop(looked);
        if let Some(pending) = pending {
            pending.restore(py);
        }
    }
}
