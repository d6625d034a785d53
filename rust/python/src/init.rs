//! An `__init__` for classes that have none of their own: watches what their objects are made from.
#![allow(unsafe_code)]

use std::ffi::c_void;
use std::ptr;

use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::descriptor::{Original, PyDescr_NewWrapper, Slot, entered, leaked};
use crate::roles::{self, Role};

unsafe extern "C" fn init(
    slf: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    wrapped: *mut c_void,
    kwds: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: the `wrapped` pointer of every wrapper made here is its leaked slot.
    let slot = unsafe { &*wrapped.cast::<Slot>() };
    entered(ptr::null_mut(), |py| {
        // SAFETY: the interpreter passes an object, a tuple, and a dict or null, alive during the
        // call.
        let (object, args, kwds) = unsafe {
            (
                Bound::from_borrowed_ptr(py, slf),
                Bound::from_borrowed_ptr(py, args),
                Bound::from_borrowed_ptr_or_opt(py, kwds),
            )
        };
        match roles::initialized(py, slot.role, &object, &args, kwds.as_ref()) {
            Ok(()) => py.None().into_ptr(),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    })
}

/// An `__init__` for a class that has none of its own, which watches what objects are made from.
/// Stock's classes do everything in `__new__`; this one adds nothing.
#[pyfunction]
pub fn watching_init(py: Python<'_>, owner: &Bound<'_, PyType>, role: &str) -> PyResult<Py<PyAny>> {
    let role = Role::from_name(role).ok_or_else(|| PyValueError::new_err(format!("no role named {role}")))?;
    let like = py.get_type::<PyAny>().getattr("__init__")?;
    // SAFETY: the type is checked before the struct is read; what is handed on is leaked. The
    // copied base says that its function takes keywords, which `init` does: only the type of the
    // pointer differs.
    unsafe {
        if ffi::Py_IS_TYPE(like.as_ptr(), &raw mut ffi::PyWrapperDescr_Type) == 0 {
            return Err(PyTypeError::new_err("object.__init__ is not a slot wrapper"));
        }
        let descriptor = like.as_ptr().cast::<ffi::PyWrapperDescrObject>();
        let mut ours = ptr::read((*descriptor).d_base);
        if ours.flags & ffi::PyWrapperFlag_KEYWORDS == 0 {
            return Err(PyTypeError::new_err("object.__init__ takes no keywords"));
        }
        ours.wrapper = std::mem::transmute::<ffi::wrapperfunc_kwds, ffi::wrapperfunc>(Some(init));
        let object = like.into_ptr();
        let slot = leaked(Slot { role, original: Original::Property, object });
        let made = PyDescr_NewWrapper(owner.as_type_ptr(), leaked(ours), slot.cast());
        Ok(Bound::from_owned_ptr_or_err(py, made)?.unbind())
    }
}
