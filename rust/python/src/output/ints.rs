//! Lists of ints: ids, offsets, word and sequence indices.
//!
//! Making an int object costs 16 ns, taking one from a table 2–4, and freeing the list is cheaper
//! by as much again. The table belongs to the process, holds ids (and offsets) below
//! [`ints::TABLED`] and fills as values occur, so frequent ids lie close together in memory. On
//! free-threaded builds threads would fight over the objects' counts: there is no table there.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::ListBuilder;
use super::pause::CollectorPause;

/// Values below this are tabled: 4 MB of address space, of which the system commits what is
/// touched. (Memory of `calloc` may have been used before, and is then written as a whole: 2 ms in
/// the first call; 2026-11-24, AMD EPYC.)
const TABLED: usize = 1 << 19;

static TABLE: [AtomicPtr<ffi::PyObject>; TABLED] = [const { AtomicPtr::new(null_mut()) }; TABLED];

/// The table, usable while attached to the interpreter.
#[derive(Clone, Copy)]
struct Ints<'py> {
    slots: &'static [AtomicPtr<ffi::PyObject>],
    _py: Python<'py>,
}

impl<'py> Ints<'py> {
    fn get(py: Python<'py>) -> Self {
        Self { slots: if cfg!(Py_GIL_DISABLED) { &[] } else { &TABLE }, _py: py }
    }

    /// An owned reference to the int `value`, or null with an exception set.
    #[inline(always)]
    fn new_int(self, value: usize) -> *mut ffi::PyObject {
        if let Some(slot) = self.slots.get(value) {
            let object = slot.load(Ordering::Relaxed);
            if !object.is_null() {
                // SAFETY: the table owns a reference to the object; the GIL is held.
                unsafe { ffi::Py_INCREF(object) };
                return object;
            }
        }
        self.make(value)
    }

    #[cold]
    #[inline(never)]
    fn make(self, value: usize) -> *mut ffi::PyObject {
        // SAFETY: the GIL is held; the reference is new. The table takes one of its own.
        unsafe {
            let object = ffi::PyLong_FromUnsignedLongLong(value as u64);
            if let Some(slot) = self.slots.get(value)
                && !object.is_null()
            {
                ffi::Py_INCREF(object);
                slot.store(object, Ordering::Relaxed);
            }
            object
        }
    }
}

/// An int, from the table if it is in there.
pub fn int(py: Python<'_>, value: usize) -> PyResult<Bound<'_, PyAny>> {
    // SAFETY: an owned reference, or null with an exception set.
    unsafe { Bound::from_owned_ptr_or_err(py, Ints::get(py).new_int(value)) }
}

/// `list[int]` of ids.
pub fn id_list<'py>(py: Python<'py>, ids: &[u32]) -> PyResult<Bound<'py, PyList>> {
    let ints = Ints::get(py);
    let mut list = ListBuilder::new(py, ids.len())?;
    for &id in ids {
        let object = ints.new_int(id as usize);
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        // SAFETY: one push an id.
        unsafe { list.push(object) };
    }
    Ok(list.finish())
}

/// `list[int | None]` of word or sequence indices.
pub fn optional_list<'py>(
    py: Python<'py>,
    values: impl ExactSizeIterator<Item = Option<usize>>,
) -> PyResult<Bound<'py, PyList>> {
    let ints = Ints::get(py);
    let len = values.len();
    let mut list = ListBuilder::new(py, len)?;
    // SAFETY: `None` is always there; the GIL is held.
    let none = unsafe { ffi::Py_None() };
    for value in values.take(len) {
        let object = match value {
            Some(value) => ints.new_int(value),
            None => {
                // SAFETY: as above.
                unsafe { ffi::Py_INCREF(none) };
                none
            }
        };
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        // SAFETY: `take` bounds the pushes by `len`.
        unsafe { list.push(object) };
    }
    Ok(list.finish())
}

/// `list[tuple[int, int]]` of offsets.
pub fn offset_list<'py>(py: Python<'py>, offsets: &[(usize, usize)]) -> PyResult<Bound<'py, PyList>> {
    let ints = Ints::get(py);
    let _pause = CollectorPause::new(py, offsets.len());
    let mut list = ListBuilder::new(py, offsets.len())?;
    for &(start, end) in offsets {
        // SAFETY: the GIL is held. A tuple of two null slots is a valid object to free; both are
        // written before anybody sees it, with owned references (or null, and then it is freed).
        unsafe {
            let tuple = ffi::PyTuple_New(2);
            if tuple.is_null() {
                return Err(PyErr::fetch(py));
            }
            let (start, end) = (ints.new_int(start), ints.new_int(end));
            ffi::PyTuple_SET_ITEM(tuple, 0, start);
            ffi::PyTuple_SET_ITEM(tuple, 1, end);
            if start.is_null() || end.is_null() {
                ffi::Py_DECREF(tuple);
                return Err(PyErr::fetch(py));
            }
            // The collector would find out by itself that ints form no cycle, later.
            ffi::PyObject_GC_UnTrack(tuple.cast());
            list.push(tuple);
        }
    }
    Ok(list.finish())
}
