//! Lists of token strings.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use budtiktok::encoding::{Detail, TokenText};
use budtiktok::vocabulary::Vocabulary;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::ListBuilder;

/// One `str` object a vocabulary id, made when the id first occurs.
#[derive(Debug)]
pub struct StringTable {
    slots: Box<[AtomicPtr<ffi::PyObject>]>,
}

impl StringTable {
    pub fn new(id_bound: usize) -> Self {
        let slots = if cfg!(Py_GIL_DISABLED) { 0 } else { id_bound };
        Self { slots: (0..slots).map(|_| AtomicPtr::new(null_mut())).collect() }
    }

    /// An owned reference to the string of `id`, or null with an exception set.
    #[inline(always)]
    fn get(&self, _py: Python<'_>, vocabulary: &Vocabulary, id: u32) -> *mut ffi::PyObject {
        let slot = self.slots.get(id as usize);
        if let Some(slot) = slot {
            let object = slot.load(Ordering::Relaxed);
            if !object.is_null() {
                // SAFETY: the table owns a reference; the GIL is held.
                unsafe { ffi::Py_INCREF(object) };
                return object;
            }
        }
        let object = new_str(vocabulary.token(id).unwrap_or_default());
        if let Some(slot) = slot
            && !object.is_null()
        {
            // SAFETY: the reference is ours; the table takes one of its own.
            unsafe { ffi::Py_INCREF(object) };
            slot.store(object, Ordering::Relaxed);
        }
        object
    }
}

impl Drop for StringTable {
    fn drop(&mut self) {
        // While the interpreter exits nothing can be freed, and nothing needs to be.
        Python::try_attach(|_| {
            for slot in &mut self.slots {
                // SAFETY: the table owns one reference to each object in it.
                unsafe { ffi::Py_XDECREF(*slot.get_mut()) };
            }
        });
    }
}

fn new_str(text: &str) -> *mut ffi::PyObject {
    // SAFETY: `text` is valid UTF-8 of this length; callers hold the GIL.
    unsafe { ffi::PyUnicode_FromStringAndSize(text.as_ptr().cast(), text.len() as ffi::Py_ssize_t) }
}

/// `list[str]` of tokens. `table` is that of the vocabulary of `detail`, if there is one.
pub fn token_list<'py>(
    py: Python<'py>,
    detail: &Detail,
    table: Option<&StringTable>,
) -> PyResult<Bound<'py, PyList>> {
    let mut list = ListBuilder::new(py, detail.tokens.len())?;
    for token in &detail.tokens {
        let object = match (token, &detail.vocabulary) {
            (TokenText::Text(text), _) => new_str(text),
            (TokenText::Vocabulary(_), None) => new_str(""),
            (TokenText::Vocabulary(id), Some(vocabulary)) => match table {
                Some(table) => table.get(py, vocabulary, *id),
                None => new_str(vocabulary.token(*id).unwrap_or_default()),
            },
        };
        if object.is_null() {
            return Err(PyErr::fetch(py));
        }
        // SAFETY: one push a token.
        unsafe { list.push(object) };
    }
    Ok(list.finish())
}
