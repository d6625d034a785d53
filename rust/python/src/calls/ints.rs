//! Lists of plain ints, read at once.
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList};

/// The objects of a list. Only looked at where nothing can change the list meanwhile: the GIL is
/// held, and no code of Python's runs. On free-threaded builds each is taken with its reference.
#[cfg(not(Py_GIL_DISABLED))]
fn each(list: &Bound<'_, PyList>, mut look: impl FnMut(usize, *mut ffi::PyObject) -> bool) -> bool {
    let list = list.as_ptr();
    // SAFETY: an exact list and the GIL; `look` runs no code of Python's, so neither the length nor
    // the slots change before the loop ends.
    unsafe {
        let (len, items) = (ffi::PyList_GET_SIZE(list) as usize, (*list.cast::<ffi::PyListObject>()).ob_item);
        (0..len).all(|at| look(at, *items.add(at)))
    }
}

#[cfg(Py_GIL_DISABLED)]
fn each(list: &Bound<'_, PyList>, mut look: impl FnMut(usize, *mut ffi::PyObject) -> bool) -> bool {
    list.iter().enumerate().all(|(at, object)| look(at, object.as_ptr()))
}

/// # Safety
/// A living object.
#[inline(always)]
unsafe fn is_int(object: *mut ffi::PyObject) -> bool {
    // SAFETY: by this function's contract; `PyLong_Type` is a static of the interpreter.
    unsafe { ffi::Py_IS_TYPE(object, &raw mut ffi::PyLong_Type) != 0 }
}

/// Whether a list holds exact ints alone.
pub fn are_ints(list: &Bound<'_, PyList>) -> bool {
    // SAFETY: `each` gives living objects.
    each(list, |_, object| unsafe { is_int(object) })
}

/// Writes a list of exact ints that are as many as `to` and fit; false if it is anything else.
pub fn read(list: &Bound<'_, PyList>, to: &mut [i64]) -> bool {
    let mut read = 0;
    let plain = each(list, |at, object| {
        // SAFETY: `each` gives living objects; converting an exact int runs no code of Python's
        // and sets no exception where it overflows.
        unsafe {
            let Some(to) = to.get_mut(at).filter(|_| is_int(object)) else { return false };
            let mut overflow = 0;
            *to = ffi::PyLong_AsLongLongAndOverflow(object, &raw mut overflow);
            read += 1;
            overflow == 0
        }
    });
    plain && read == to.len()
}

/// The ids of a list; `None` if one is no exact int or no id.
pub fn ids(list: &Bound<'_, PyList>) -> Option<Vec<u32>> {
    let mut values = vec![0; list.len()];
    if !read(list, &mut values) {
        return None;
    }
    values.into_iter().map(|id| u32::try_from(id).ok()).collect()
}

/// An exact int that is an id.
pub fn id(object: &Bound<'_, PyAny>) -> Option<u32> {
    object.cast_exact::<PyInt>().ok()?.extract().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list<'py>(py: Python<'py>, code: &std::ffi::CStr) -> Bound<'py, PyList> {
        py.eval(code, None, None).unwrap().cast_into().unwrap()
    }

    #[test]
    fn only_plain_ints() {
        Python::initialize();
        Python::attach(|py| {
            assert_eq!(ids(&list(py, c"[0, 7, 2**32 - 1]")), Some(vec![0, 7, u32::MAX]));
            assert_eq!(ids(&list(py, c"[]")), Some(vec![]));
            for odd in [c"[True]", c"[-1]", c"[2**32]", c"[2**70]", c"[1.0]", c"['1']", c"[None]"] {
                assert_eq!(ids(&list(py, odd)), None, "{odd:?}");
            }
            let mut to = [0; 3];
            assert!(read(&list(py, c"[-5, 2**63 - 1, -2**63]"), &mut to));
            assert_eq!(to, [-5, i64::MAX, i64::MIN]);
            for odd in [c"[1, 2]", c"[1, 2, 3, 4]", c"[1, 2, 2**63]", c"[1, False, 2]"] {
                assert!(!read(&list(py, odd), &mut to), "{odd:?}");
            }
            assert!(are_ints(&list(py, c"[2**100, -1]")));
            assert!(!are_ints(&list(py, c"[1, True]")));
            assert_eq!(id(&list(py, c"[5]").get_item(0).unwrap()), Some(5));
            assert_eq!(id(&list(py, c"[True]").get_item(0).unwrap()), None);
        });
    }
}
