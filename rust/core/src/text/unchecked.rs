//! Strings from bytes that have been checked.

#![allow(unsafe_code)]

/// Bytes as a string, checked with SIMD; given back if they are not UTF-8.
pub fn into_string(bytes: Vec<u8>) -> Result<String, Vec<u8>> {
    if simdutf8::basic::from_utf8(&bytes).is_err() {
        return Err(bytes);
    }
    // SAFETY: the line above has seen that they are UTF-8.
    Ok(unsafe { String::from_utf8_unchecked(bytes) })
}
