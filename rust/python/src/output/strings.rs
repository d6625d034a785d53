//! Lists of token strings.

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use budtiktok::encoding::{Detail, TokenText};
use budtiktok::vocabulary::Vocabulary;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::ListBuilder;

/// Strings of ids beyond are made anew each time.
const MOST_SLOTS: usize = 1 << 24;

/// One `str` object a vocabulary id, made when the id first occurs.
#[derive(Debug)]
pub struct StringTable {
    slots: Box<[AtomicPtr<ffi::PyObject>]>,
}

impl StringTable {
    pub fn new(id_bound: usize) -> Self {
        let slots = if cfg!(Py_GIL_DISABLED) { 0 } else { id_bound.min(MOST_SLOTS) };
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

impl StringTable {
    /// The string of `id`, if it was made before.
    #[inline]
    pub fn known<'py>(&self, py: Python<'py>, id: u32) -> Option<Bound<'py, PyAny>> {
        let object = self.slots.get(id as usize)?.load(Ordering::Relaxed);
        // SAFETY: null, or a string that the table owns a reference to; the GIL is held.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, object) }
    }

    /// The string of `id`.
    pub fn string<'py>(
        &self,
        py: Python<'py>,
        vocabulary: &Vocabulary,
        id: u32,
    ) -> PyResult<Bound<'py, PyAny>> {
        // SAFETY: an owned reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_err(py, self.get(py, vocabulary, id)) }
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

/// A `str` of a text, which may be long.
///
/// A Python string has as many bytes a character as its highest one needs: one look at the text's
/// bytes tells, and the converters that know the text to be valid fill the string in place.
pub fn string<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    let by_interpreter = || {
        // SAFETY: a new reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_err(py, new_str(text)) }
    };
    let bytes = text.as_bytes();
    // The highest byte is a lead byte if there is one: it tells the range of the highest character.
    let highest = bytes.iter().fold(0, |highest: u8, &byte| highest.max(byte));
    if highest < 0x80 || bytes.len() < WORTH_CONVERTING {
        return by_interpreter();
    }
    let (most, unit) = match highest {
        ..=0xC3 => (0xFF, Unit::Latin1),
        0xC4..=0xEF => (0xFFFF, Unit::Ucs2),
        _ => (0x10_FFFF, Unit::Ucs4),
    };
    let len = simdutf::count_utf8(bytes);
    // SAFETY: the new string has `len` characters of this unit; if not all were written, nobody
    // sees it. The text is valid, so each converter writes as many units as it has characters:
    // below U+0100 one byte, below U+10000 (there are no surrogates in a `str`) one unit of UTF-16.
    let made = unsafe {
        let object = Bound::from_owned_ptr_or_err(py, ffi::PyUnicode_New(len as ffi::Py_ssize_t, most))?;
        let data = ffi::PyUnicode_DATA(object.as_ptr());
        let (bytes, size) = (bytes.as_ptr(), bytes.len());
        let written = match unit {
            Unit::Latin1 => simdutf::convert_valid_utf8_to_latin1(bytes, size, data.cast()),
            Unit::Ucs2 => simdutf::convert_valid_utf8_to_utf16(bytes, size, data.cast()),
            Unit::Ucs4 => simdutf::convert_valid_utf8_to_utf32(bytes, size, data.cast()),
        };
        (written == len).then_some(object)
    };
    // Made to use a level that this processor does not have (by an environment variable), the
    // converters do nothing, and count no characters.
    match made {
        Some(object) if len > 0 => Ok(object),
        _ => by_interpreter(),
    }
}

/// How a string's characters are stored.
enum Unit {
    Latin1,
    Ucs2,
    Ucs4,
}

/// Shorter texts are made by the interpreter in the same time.
const WORTH_CONVERTING: usize = 64;

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

#[cfg(test)]
mod tests {
    use super::*;

    /// The converters may not write behind the last character: a string has no space there.
    #[test]
    fn converters_write_no_more_than_they_say() {
        const GUARD: usize = 128;
        let mut seed = 7u32;
        let mut random = move |below: u32| {
            seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (seed >> 8) % below
        };
        for round in 0..20_000 {
            let most = [0xFF, 0xFFFF, 0x10_FFFF][round % 3];
            let low = random(100);
            let text: String = (0..random(300))
                .filter_map(|_| {
                    char::from_u32(if random(100) < low { random(0x80) } else { random(most + 1) })
                })
                .collect();
            let (bytes, len) = (text.as_bytes(), text.chars().count());
            assert_eq!(simdutf::count_utf8(bytes), len);
            let mut latin1 = vec![0xAA_u8; len + GUARD];
            let mut ucs2 = vec![0xAAAA_u16; len + GUARD];
            let mut ucs4 = vec![0xAAAA_AAAA_u32; len + GUARD];
            // SAFETY: the buffers have space for one unit a character and more, and the text is of
            // characters of that unit.
            let written = unsafe {
                match round % 3 {
                    0 => simdutf::convert_valid_utf8_to_latin1(
                        bytes.as_ptr(),
                        bytes.len(),
                        latin1.as_mut_ptr(),
                    ),
                    1 => simdutf::convert_valid_utf8_to_utf16(bytes.as_ptr(), bytes.len(), ucs2.as_mut_ptr()),
                    _ => simdutf::convert_valid_utf8_to_utf32(bytes.as_ptr(), bytes.len(), ucs4.as_mut_ptr()),
                }
            };
            assert_eq!(written, len, "{text:?}");
            assert!(latin1[len..].iter().all(|&unit| unit == 0xAA), "{text:?}");
            assert!(ucs2[len..].iter().all(|&unit| unit == 0xAAAA), "{text:?}");
            assert!(ucs4[len..].iter().all(|&unit| unit == 0xAAAA_AAAA), "{text:?}");
        }
    }

    #[test]
    fn strings_are_what_the_interpreter_makes() {
        Python::initialize();
        Python::attach(|py| {
            for sample in ["a", "é", "ÿ", "\u{100}", "日", "\u{FFFD}", "\u{FFFF}", "😀", "\u{10FFFF}", "\0"]
            {
                for len in 0..200 {
                    let text = format!("{}{}z", "xé".repeat(len % 7), sample.repeat(len));
                    let (ours, theirs) = (string(py, &text).unwrap(), pyo3::types::PyString::new(py, &text));
                    assert!(ours.eq(&theirs).unwrap(), "{text}");
                    let kind = |object: *mut ffi::PyObject| {
                        // SAFETY: a str that is alive.
                        unsafe { ffi::PyUnicode_KIND(object) }
                    };
                    assert_eq!(kind(ours.as_ptr()), kind(theirs.as_ptr()), "{text}");
                }
            }
        });
    }
}
