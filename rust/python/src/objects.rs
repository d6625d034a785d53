//! What the hooks read of Python's objects without asking them: interned names, an object's own
//! `__dict__`.
#![allow(unsafe_code)]

use std::ffi::CStr;
use std::ptr;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

/// An interned string, made at first use and never freed.
///
/// Not pyo3's `intern!`: that lets go of the GIL while it makes the string, and a child forked by
/// another thread at that moment would wait for ever.
pub struct Name {
    text: &'static CStr,
    object: AtomicPtr<ffi::PyObject>,
}

impl Name {
    pub const fn new(text: &'static CStr) -> Self {
        Self { text, object: AtomicPtr::new(ptr::null_mut()) }
    }

    pub fn get<'py>(&'static self, py: Python<'py>) -> Borrowed<'static, 'py, PyString> {
        let mut object = self.object.load(Ordering::Acquire);
        if object.is_null() {
            // SAFETY: attached, and the text is a C string. Whoever else makes it gets the same
            // object; the reference is kept for good.
            object = unsafe { ffi::PyUnicode_InternFromString(self.text.as_ptr()) };
            self.object.store(object, Ordering::Release);
        }
        // SAFETY: a str that is never freed; null (no memory) panics, as pyo3 does.
        unsafe { Borrowed::from_ptr(py, object).cast_unchecked() }
    }
}

/// The `Name` of a literal, one at each place of use.
macro_rules! name {
    ($name:literal) => {{
        static NAME: $crate::objects::Name = $crate::objects::Name::new($name);
        &NAME
    }};
}
/// Names of parameters.
macro_rules! names {
    ($($name:literal),*) => { [$($crate::objects::name!($name)),*] };
}
pub(crate) use {name, names};

/// The object's own `__dict__`, without an attribute lookup.
pub fn own_dict<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    // SAFETY: `object` is alive; the call returns a new reference to a dict, or raises for a type
    // without one.
    unsafe {
        let found = ffi::PyObject_GenericGetDict(object.as_ptr(), ptr::null_mut());
        Ok(Bound::from_owned_ptr_or_err(object.py(), found)?.cast_into_unchecked())
    }
}

/// Whether an object's own `__dict__` may have this key; `false` is sure.
///
/// # Safety
/// Attached to the interpreter; `object` is alive.
pub unsafe fn holds(object: *mut ffi::PyObject, key: &'static Name) -> bool {
    // Without the GIL the dict could go away between the two steps.
    if cfg!(Py_GIL_DISABLED) || object.is_null() {
        return true;
    }
    // SAFETY: the caller is attached. A positive offset says where, inside the object, the pointer
    // to its dict lies (null: there is none); the dict is not let go of before it was asked.
    unsafe {
        let offset = (*ffi::Py_TYPE(object)).tp_dictoffset;
        if offset <= 0 {
            return true;
        }
        let dict = *object.byte_offset(offset).cast::<*mut ffi::PyObject>();
        if dict.is_null() {
            return false;
        }
        let key = key.get(Python::assume_attached());
        match ffi::PyDict_Contains(dict, key.as_ptr()) {
            found if found < 0 => {
                ffi::PyErr_Clear();
                true
            }
            found => found != 0,
        }
    }
}
