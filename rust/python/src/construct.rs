//! Watching models being constructed: what stock's constructor is called with is known before it
//! runs, so that compiling and constructing go on at the same time.
//!
//! The C slot `tp_new` is exchanged and put back. Setting `__new__` from Python instead would
//! break construction for good: the interpreter then puts a function of its own into the slot.
#![allow(unsafe_code)]

use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::{PyException, PyRuntimeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::descriptor::entered;
use crate::roles::{aside, backend};
use crate::{guard, marks};

/// A class and its own constructor, once it was watched.
struct Watched {
    class: AtomicPtr<ffi::PyTypeObject>,
    /// A `newfunc`.
    original: AtomicPtr<()>,
}

/// BPE, Unigram, WordLevel, WordPiece.
static WATCHED: [Watched; 4] =
    [const { Watched { class: AtomicPtr::new(ptr::null_mut()), original: AtomicPtr::new(ptr::null_mut()) } };
        4];

/// The original constructor of a class, or of the class it inherits from.
///
/// # Safety
/// `class` must be a valid type.
unsafe fn original_of(mut class: *mut ffi::PyTypeObject) -> Option<ffi::newfunc> {
    while !class.is_null() {
        for watched in &WATCHED {
            if watched.class.load(Ordering::Acquire) == class {
                let original = watched.original.load(Ordering::Acquire);
                // SAFETY: what `watch_construction` read from a `tp_new` of this type.
                return Some(unsafe { std::mem::transmute::<*mut (), ffi::newfunc>(original) });
            }
        }
        // SAFETY: a valid type's base is null or a valid type.
        class = unsafe { (*class).tp_base };
    }
    None
}

unsafe extern "C" fn construct(
    class: *mut ffi::PyTypeObject,
    args: *mut ffi::PyObject,
    kwds: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the interpreter passes the class that is instantiated.
    let Some(original) = (unsafe { original_of(class) }) else { return ptr::null_mut() };
    entered(ptr::null_mut(), |py| {
        let begun = if guard::is_active() && marks::watches() {
            // SAFETY: a type, a tuple, and a dict or null, alive during the call.
            let (class, args, kwds) = unsafe {
                (
                    Bound::from_borrowed_ptr(py, class.cast()),
                    Bound::from_borrowed_ptr(py, args),
                    Bound::from_borrowed_ptr_or_opt(py, kwds),
                )
            };
            match begins(py, &class, &args, kwds.as_ref()) {
                Ok(begun) => begun,
                Err(error) => {
                    error.restore(py);
                    return ptr::null_mut();
                }
            }
        } else {
            None
        };
        // SAFETY: the class's own constructor with the arguments it would have been called with.
        let made = unsafe { original(class, args, kwds) };
        if let Some(begun) = begun {
            // SAFETY: a new object that is kept, or null with an exception set.
            let object = unsafe { Bound::from_borrowed_ptr_or_opt(py, made) };
            aside(py, || {
                if let Some(object) = object {
                    backend()?.seam.call_method1(py, "model_made", (object, begun))?;
                }
                Ok(())
            });
        }
        made
    })
}

/// What was begun, if the model is worth it.
fn begins(
    py: Python<'_>,
    class: &Bound<'_, PyAny>,
    args: &Bound<'_, PyAny>,
    kwds: Option<&Bound<'_, PyAny>>,
) -> PyResult<Option<Py<PyAny>>> {
    match backend()?.seam.call_method1(py, "model_begins", (class, args, kwds)) {
        Ok(begun) => Ok((!begun.is_none(py)).then_some(begun)),
        // Only interruptions concern the caller.
        Err(error) if !error.is_instance_of::<PyException>(py) => Err(error),
        Err(_) => Ok(None),
    }
}

/// Watches the constructions of a class.
#[pyfunction]
pub fn watch_construction(class: &Bound<'_, PyType>) -> PyResult<()> {
    let class = class.as_type_ptr();
    let place = WATCHED
        .iter()
        .find(|watched| [class, ptr::null_mut()].contains(&watched.class.load(Ordering::Acquire)))
        .ok_or_else(|| PyRuntimeError::new_err("too many classes are watched"))?;
    // SAFETY: a valid type, changed while attached to the interpreter; the original is published
    // before the slot that leads to it. Types are never freed while a place names them: stock's
    // live as long as the process.
    unsafe {
        let Some(original) = (*class).tp_new else {
            return Err(PyRuntimeError::new_err("a class without a constructor"));
        };
        if original as *mut () != construct as *mut () {
            place.original.store(original as *mut (), Ordering::Release);
            place.class.store(class, Ordering::Release);
            (*class).tp_new = Some(construct);
        }
    }
    Ok(())
}

/// Puts a class's own constructor back, unless somebody else has changed it since.
#[pyfunction]
pub fn unwatch_construction(class: &Bound<'_, PyType>) {
    let class = class.as_type_ptr();
    // SAFETY: as in `watch_construction`.
    unsafe {
        if (*class).tp_new.is_some_and(|now| now as *mut () == construct as *mut ()) {
            (*class).tp_new = original_of(class).or((*class).tp_new);
        }
    }
}
