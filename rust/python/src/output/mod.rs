//! Columns of an encoding as Python lists.
//!
//! A list is made at its full length and its slots are written directly. The objects in it are
//! shared where they can be: int objects come from a table of the process, token strings from one
//! of the engine, a run of equal values is one object.

#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

mod ints;
mod pause;
mod runs;
mod strings;

pub use ints::{id_list, int, offset_list, optional_list};
pub use pause::CollectorPause;
pub use runs::run_list;
pub use strings::{StringTable, string, token_list};

/// A list of `len` objects under construction; dropped before it is complete, it frees what was
/// written.
struct ListBuilder<'py> {
    list: Bound<'py, PyList>,
    slots: *mut *mut ffi::PyObject,
    written: usize,
}

impl<'py> ListBuilder<'py> {
    fn new(py: Python<'py>, len: usize) -> PyResult<Self> {
        // SAFETY: the new list is owned; `PyList_New` gives `len` null slots, which a list being
        // freed or visited by the collector skips.
        let list = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyList_New(len as ffi::Py_ssize_t))?
                .cast_into_unchecked::<PyList>()
        };
        // SAFETY: `list` is an exact list that only we know.
        let slots = unsafe { (*list.as_ptr().cast::<ffi::PyListObject>()).ob_item };
        Ok(Self { list, slots, written: 0 })
    }

    /// Writes the next slot.
    ///
    /// # Safety
    /// Fewer than `len` slots have been written, and `object` is an owned reference.
    #[inline(always)]
    unsafe fn push(&mut self, object: *mut ffi::PyObject) {
        // SAFETY: in bounds by this function's contract.
        unsafe { *self.slots.add(self.written) = object };
        self.written += 1;
    }

    fn finish(self) -> Bound<'py, PyList> {
        self.list
    }
}

/// A list of `len` objects, each made by `make`.
pub fn list_of<'py>(
    py: Python<'py>,
    len: usize,
    mut make: impl FnMut(usize) -> PyResult<Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let mut list = ListBuilder::new(py, len)?;
    for at in 0..len {
        let object = make(at)?;
        // SAFETY: one push a round, `len` rounds.
        unsafe { list.push(object.into_ptr()) };
    }
    Ok(list.finish())
}
