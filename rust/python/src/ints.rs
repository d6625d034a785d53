//! Python's ints in. Exact lists and tuples of exact ints are read directly; of any other sequence
//! the ids are read by the rules stock has (pyo3's).
#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList};

/// Ids of a call.
pub type Ids = Vec<u32>;

/// Appends the ids of a sequence. `None`: it is for stock to say what is wrong with it.
pub fn read(object: &Bound<'_, PyAny>, ids: &mut Ids) -> Option<()> {
    let start = ids.len();
    if let Some(items) = Items::of(object) {
        ids.reserve(items.len());
        if items.iter().all(|item| exact_int(item).map(|id| ids.push(id)).is_some()) {
            return Some(());
        }
        ids.truncate(start);
    }
    ids.extend(object.extract::<Vec<u32>>().ok()?);
    Some(())
}

/// The value of an exact int that is an id.
#[inline(always)]
pub fn exact_int(object: Borrowed<'_, '_, PyAny>) -> Option<u32> {
    let object = object.as_ptr();
    // SAFETY: an object that is alive; its layout is read only after its type was checked.
    unsafe {
        if ffi::PyLong_CheckExact(object) == 0 {
            return None;
        }
        #[cfg(all(not(Py_3_12), target_pointer_width = "64"))]
        if let Some(value) = one_digit(object) {
            return Some(value);
        }
        let value = ffi::PyLong_AsLongLong(object);
        if value == -1 {
            ffi::PyErr_Clear();
        }
        u32::try_from(value).ok()
    }
}

/// An int below 2³⁰ as CPython before 3.12 lays it out: a count of digits, then 30 bits each.
///
/// # Safety
/// `object` is an exact int.
#[cfg(all(not(Py_3_12), target_pointer_width = "64"))]
#[inline(always)]
unsafe fn one_digit(object: *mut ffi::PyObject) -> Option<u32> {
    #[repr(C)]
    struct Int {
        head: ffi::PyVarObject,
        digit: u32,
    }
    if !digits_are_known() {
        return None;
    }
    // SAFETY: an int has this head, and as many digits as it says; there is space for one always,
    // and it is initialised when the count is not 0.
    unsafe {
        let int = object.cast::<Int>();
        match (*int).head.ob_size {
            0 => Some(0),
            1 => Some((*int).digit),
            _ => None,
        }
    }
}

/// Whether this interpreter was built with digits of 30 bits, as all are on such machines unless
/// somebody asked for others.
#[cfg(all(not(Py_3_12), target_pointer_width = "64"))]
#[inline(always)]
fn digits_are_known() -> bool {
    use std::sync::atomic::{AtomicU8, Ordering};
    static KNOWN: AtomicU8 = AtomicU8::new(0);
    #[cold]
    fn ask() -> bool {
        // SAFETY: called while attached; the info is a new reference to a struct sequence whose
        // first field is an int.
        let bits = Python::attach(|py| {
            py.import("sys")
                .and_then(|sys| sys.getattr("int_info")?.getattr("bits_per_digit")?.extract::<u8>())
        });
        let known = matches!(bits, Ok(30));
        KNOWN.store(if known { 1 } else { 2 }, Ordering::Relaxed);
        known
    }
    match KNOWN.load(Ordering::Relaxed) {
        0 => ask(),
        known => known == 1,
    }
}

/// The slots of an exact list or tuple.
///
/// They stay as they are while nobody runs Python: reading exact ints does not. On free-threaded
/// builds another thread may change a list: there are none there.
pub struct Items<'a, 'py> {
    slots: &'a [*mut ffi::PyObject],
    py: Python<'py>,
}

impl<'a, 'py> Items<'a, 'py> {
    pub fn of(object: &'a Bound<'py, PyAny>) -> Option<Self> {
        if cfg!(Py_GIL_DISABLED) {
            return None;
        }
        let pointer = object.as_ptr();
        // SAFETY: the type is checked before the struct is read; an empty list may have a null
        // array, which is not made a slice of.
        let slots = unsafe {
            if ffi::PyList_CheckExact(pointer) != 0 {
                let list = pointer.cast::<ffi::PyListObject>();
                (ffi::PyList_GET_SIZE(pointer), (*list).ob_item.cast_const())
            } else if ffi::PyTuple_CheckExact(pointer) != 0 {
                let tuple = pointer.cast::<ffi::PyTupleObject>();
                (ffi::PyTuple_GET_SIZE(pointer), (&raw const (*tuple).ob_item).cast())
            } else {
                return None;
            }
        };
        let slots = match slots {
            (0, _) => &[][..],
            // SAFETY: so many initialised slots lie there, see above.
            (len, start) => unsafe { std::slice::from_raw_parts(start, len as usize) },
        };
        Some(Self { slots, py: object.py() })
    }

    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// The items, borrowed from the list or tuple.
    pub fn iter(&self) -> impl Iterator<Item = Borrowed<'a, 'py, PyAny>> + use<'a, 'py> {
        let py = self.py;
        // SAFETY: slots hold objects, alive as long as the list or tuple holds them.
        self.slots.iter().map(move |&slot| unsafe { Borrowed::from_ptr(py, slot) })
    }
}

/// Whether all objects of a list are what `look` (their number, the object) looks for. It must run
/// no code of Python's.
fn all<'py>(
    list: &Bound<'py, PyList>,
    mut look: impl FnMut(usize, Borrowed<'_, 'py, PyAny>) -> bool,
) -> bool {
    match Items::of(list) {
        Some(items) => items.iter().enumerate().all(|(at, object)| look(at, object)),
        None => list.iter().enumerate().all(|(at, object)| look(at, object.as_borrowed())),
    }
}

/// Whether a list holds exact ints alone.
pub fn are_ints(list: &Bound<'_, PyList>) -> bool {
    all(list, |_, object| object.cast_exact::<PyInt>().is_ok())
}

/// Writes a list of exact ints that are as many as `to` and fit; false if it is anything else.
pub fn fill(list: &Bound<'_, PyList>, to: &mut [i64]) -> bool {
    let mut filled = 0;
    let plain = all(list, |at, object| {
        let value = object.cast_exact::<PyInt>().ok().and_then(|int| int.extract().ok());
        let (Some(to), Some(value)) = (to.get_mut(at), value) else { return false };
        *to = value;
        filled += 1;
        true
    });
    plain && filled == to.len()
}

/// The ids of a list; `None` if one is no exact int or no id.
pub fn ids(list: &Bound<'_, PyList>) -> Option<Ids> {
    let mut ids = Ids::with_capacity(list.len());
    all(list, |_, object| exact_int(object).map(|id| ids.push(id)).is_some()).then_some(ids)
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
            assert!(fill(&list(py, c"[-5, 2**63 - 1, -2**63]"), &mut to));
            assert_eq!(to, [-5, i64::MAX, i64::MIN]);
            for odd in [c"[1, 2]", c"[1, 2, 3, 4]", c"[1, 2, 2**63]", c"[1, False, 2]"] {
                assert!(!fill(&list(py, odd), &mut to), "{odd:?}");
            }
            assert!(are_ints(&list(py, c"[2**100, -1]")));
            assert!(!are_ints(&list(py, c"[1, True]")));
            assert_eq!(exact_int(list(py, c"[5]").get_item(0).unwrap().as_borrowed()), Some(5));
            assert_eq!(exact_int(list(py, c"[True]").get_item(0).unwrap().as_borrowed()), None);
        });
    }
}
