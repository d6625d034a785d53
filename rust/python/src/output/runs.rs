//! Lists of equal neighbours: masks and type ids.

use budtiktok::encoding::Runs;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::ListBuilder;

/// `list[int]` of a column stored as runs: one object and one change of its count a run.
pub fn run_list<'py>(py: Python<'py>, runs: &Runs) -> PyResult<Bound<'py, PyList>> {
    let mut list = ListBuilder::new(py, runs.len())?;
    for (value, len) in runs.iter() {
        let object = value.into_pyobject(py)?.into_any();
        // SAFETY: `object` is alive, the GIL is held, and `len` references are put into slots.
        unsafe { add_references(object.as_ptr(), len) };
        for _ in 0..len {
            // SAFETY: the lengths of the runs sum up to the length of the list.
            unsafe { list.push(object.as_ptr()) };
        }
    }
    Ok(list.finish())
}

/// Adds `count` references.
///
/// # Safety
/// The object is alive, the thread is attached to the interpreter, and the references are used.
#[inline]
unsafe fn add_references(object: *mut ffi::PyObject, count: usize) {
    #[cfg(not(any(Py_3_12, Py_GIL_DISABLED, py_sys_config = "Py_REF_DEBUG")))]
    // SAFETY: plain counts, guarded by the GIL.
    unsafe {
        (*object).ob_refcnt += count as ffi::Py_ssize_t;
    }
    #[cfg(any(Py_3_12, Py_GIL_DISABLED, py_sys_config = "Py_REF_DEBUG"))]
    for _ in 0..count {
        // Small ints are immortal since 3.12: this only reads their count.
        // SAFETY: by this function's contract.
        unsafe { ffi::Py_INCREF(object) };
    }
}
