//! The text of a Python string as UTF-8, without leaving a cached copy in the string.
//!
//! ASCII strings are borrowed: their buffer is UTF-8 already and a `str` never changes, so it may
//! be read without the GIL for as long as a reference is held. Others are converted into a buffer
//! of ours.

#![allow(unsafe_code)]

use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::memory::about_to_write;

/// Where the UTF-8 of a string lies.
#[derive(Debug, Clone, Copy)]
pub enum Utf8 {
    /// In the string itself.
    Borrowed { data: *const u8, len: usize },
    /// In the [`Arena`] it was converted into.
    Converted { start: usize, len: usize },
}

impl Utf8 {
    /// Length in bytes.
    pub fn bytes(&self) -> usize {
        match *self {
            Self::Borrowed { len, .. } | Self::Converted { len, .. } => len,
        }
    }

    /// The text.
    ///
    /// # Safety
    /// The string that was read must be alive for `'a`, and `arena` must be the one it was read
    /// into.
    #[inline]
    pub unsafe fn as_str<'a>(&self, arena: &'a Arena) -> &'a str {
        match *self {
            Self::Borrowed { data, len } => {
                // SAFETY: `data` is the buffer of an ASCII string of `len` bytes (see `read`),
                // immutable and, by this function's contract, alive.
                unsafe { std::str::from_utf8_unchecked(std::slice::from_raw_parts(data, len)) }
            }
            Self::Converted { start, len } => {
                // SAFETY: `read` wrote valid UTF-8 of whole characters to this range.
                unsafe { std::str::from_utf8_unchecked(&arena.bytes[start..start + len]) }
            }
        }
    }
}

/// Converted texts, one after another.
#[derive(Debug, Default)]
pub struct Arena {
    bytes: Vec<u8>,
}

impl Arena {
    /// Reads `string`, converting it if it is not ASCII. `None` if it holds a lone surrogate,
    /// which has no UTF-8.
    pub fn read(&mut self, string: &Bound<'_, PyString>) -> Option<Utf8> {
        let object = string.as_ptr();
        // SAFETY: `object` is a `str` (or of a subclass) and the GIL, or on free-threaded builds
        // an attached thread state, is held; a string's kind, data and length do not change once
        // it is ready.
        let (kind, data, len, ascii) = unsafe {
            if ffi::PyUnicode_READY(object) != 0 {
                ffi::PyErr_Clear();
                return None;
            }
            (
                ffi::PyUnicode_KIND(object),
                ffi::PyUnicode_DATA(object),
                ffi::PyUnicode_GET_LENGTH(object) as usize,
                ffi::PyUnicode_IS_ASCII(object) != 0,
            )
        };
        if ascii {
            return Some(Utf8::Borrowed { data: data.cast(), len });
        }
        if kind == ffi::PyUnicode_1BYTE_KIND {
            // SAFETY: a string of this kind has `len` characters of one byte at `data`.
            Some(self.push_latin1(unsafe { std::slice::from_raw_parts(data.cast(), len) }))
        } else if kind == ffi::PyUnicode_2BYTE_KIND {
            // SAFETY: a string of this kind has `len` aligned characters of two bytes at `data`.
            self.push_ucs2(unsafe { std::slice::from_raw_parts(data.cast(), len) })
        } else {
            // SAFETY: the remaining kind has `len` aligned characters of four bytes at `data`.
            self.push_ucs4(unsafe { std::slice::from_raw_parts(data.cast(), len) })
        }
    }

    fn push_latin1(&mut self, text: &[u8]) -> Utf8 {
        let len = simdutf::utf8_length_from_latin1(text);
        let start = self.grow(len);
        // SAFETY: `grow` made room for `len` bytes, which is what this text takes; the conversion
        // writes just these.
        unsafe {
            let written = simdutf::convert_latin1_to_utf8(
                text.as_ptr(),
                text.len(),
                self.bytes.as_mut_ptr().add(start),
            );
            self.bytes.set_len(start + written);
        }
        Utf8::Converted { start, len }
    }

    /// Characters of two bytes are code points, not UTF-16: two surrogates that happen to form a
    /// pair are still two lone surrogates to Python, so they are looked for before converting.
    fn push_ucs2(&mut self, text: &[u16]) -> Option<Utf8> {
        if text.iter().fold(false, |found, &unit| found | (unit & 0xF800 == 0xD800)) {
            return None;
        }
        let len = simdutf::utf8_length_from_utf16(text);
        let start = self.grow(len);
        // SAFETY: as in `push_latin1`; without surrogates the code points are valid UTF-16.
        unsafe {
            let written =
                simdutf::convert_utf16_to_utf8(text.as_ptr(), text.len(), self.bytes.as_mut_ptr().add(start));
            if written != len {
                return None;
            }
            self.bytes.set_len(start + len);
        }
        Some(Utf8::Converted { start, len })
    }

    fn push_ucs4(&mut self, text: &[u32]) -> Option<Utf8> {
        if !simdutf::validate_utf32(text) {
            return None;
        }
        let len = simdutf::utf8_length_from_utf32(text);
        let start = self.grow(len);
        // SAFETY: as in `push_latin1`; the text was validated.
        unsafe {
            let written =
                simdutf::convert_utf32_to_utf8(text.as_ptr(), text.len(), self.bytes.as_mut_ptr().add(start));
            if written != len {
                return None;
            }
            self.bytes.set_len(start + len);
        }
        Some(Utf8::Converted { start, len })
    }

    /// Makes room for `len` bytes; where they start. Some vectorised conversions store whole
    /// registers, so there is slack behind.
    fn grow(&mut self, len: usize) -> usize {
        self.bytes.reserve(len + 64);
        about_to_write(&mut self.bytes.spare_capacity_mut()[..len]);
        self.bytes.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(string: &Bound<'_, PyString>) -> Option<String> {
        let mut arena = Arena::default();
        // Texts before it in the arena must not disturb it.
        arena.read(&PyString::new(string.py(), "é")).unwrap();
        let utf8 = arena.read(string)?;
        // SAFETY: `string` is alive and was read into `arena`.
        let text = unsafe { utf8.as_str(&arena) };
        assert_eq!(text.len(), utf8.bytes());
        Some(text.to_owned())
    }

    #[test]
    fn every_character_at_every_length() {
        Python::initialize();
        Python::attach(|py| {
            let all: Vec<char> = (0..=0x10FFFF).filter_map(char::from_u32).collect();
            for chunk in all.chunks(997) {
                let text: String = chunk.iter().collect();
                assert_eq!(read(&PyString::new(py, &text)).unwrap(), text);
            }
            for sample in ["a", "\0", "é", "ÿa", "日", "\u{FFFF}", "😀", "a\u{10FFFF}"] {
                for len in 0..150 {
                    let text = format!("{}{}z", "x".repeat(len % 7), sample.repeat(len));
                    assert_eq!(read(&PyString::new(py, &text)).unwrap(), text);
                }
            }
        });
    }

    #[test]
    fn surrogates_are_refused_and_subclasses_read() {
        Python::initialize();
        Python::attach(|py| {
            let eval =
                |code: &std::ffi::CStr| py.eval(code, None, None).unwrap().cast_into::<PyString>().unwrap();
            for lone in [
                c"'\\ud800'",
                c"'a' * 70 + '\\udfff'",
                c"'\\ud83d\\ude00'",
                c"'\\U0001F600\\ud800'",
                c"'é' * 33 + '\\udc00' + 'a' * 90",
            ] {
                assert_eq!(read(&eval(lone)), None);
            }
            assert_eq!(read(&eval(c"type('S', (str,), {})('plain')")).unwrap(), "plain");
            assert_eq!(read(&eval(c"type('S', (str,), {})('日本é')")).unwrap(), "日本é");
        });
    }
}
