//! Whether a class is as transformers made it, for what a fast path replaces.
//!
//! Python's `calls.guards` surveys a class: a bit for each name that is stock's own there. The
//! interpreter gives a class another version tag whenever it or a base changes, so the survey is
//! repeated only then. A tag of 0 means "unknown": never remembered, never a match.
#![allow(unsafe_code)]

use std::sync::Mutex;

#[cfg(not(Py_3_11))]
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::setup::Setup;
use crate::objects::name;

/// What a class is looked at for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A tokenizer of transformers.
    Tokenizer,
    BatchEncoding,
    /// `tokenizers.Tokenizer`.
    Backend,
}

/// What was found of a class: its address and tag then, and bits of what is stock's.
type Survey = (usize, u32, u64);

/// The last surveys of classes that share a place, the newest first. Only tried: a forked child may
/// find it held, and then surveys each time.
static SURVEYED: Mutex<[[Survey; WAYS]; PLACES]> = Mutex::new([[(0, 0, 0); WAYS]; PLACES]);
const PLACES: usize = 32;
/// A call looks at three classes, which must not drive each other out.
const WAYS: usize = 4;

fn place(class: &Bound<'_, PyType>) -> usize {
    // Class objects are about 1 KB long.
    let address = class.as_ptr() as usize;
    ((address >> 10) ^ (address >> 5)) % PLACES
}

fn tag(class: &Bound<'_, PyType>) -> u32 {
    // SAFETY: a living class; the field is a plain number that the interpreter changes under the
    // GIL (on free-threaded builds atomically).
    unsafe { std::ptr::addr_of!((*class.as_type_ptr()).tp_version_tag).read_volatile() }
}

/// The tag of a class that has one: before Python 3.11 a flag says whether it is valid.
fn valid_tag(class: &Bound<'_, PyType>) -> u32 {
    #[cfg(not(Py_3_11))]
    {
        const VALID_VERSION_TAG: std::ffi::c_ulong = 1 << 19;
        // SAFETY: a living class.
        if unsafe { ffi::PyType_GetFlags(class.as_type_ptr()) } & VALID_VERSION_TAG == 0 {
            return 0;
        }
    }
    tag(class)
}

/// Bits of the names that `class` has as stock made them.
pub fn as_stock(setup: &Setup, kind: Kind, class: &Bound<'_, PyType>) -> PyResult<u64> {
    let now = valid_tag(class);
    let (at, address) = (place(class), class.as_ptr() as usize);
    if now != 0
        && let Ok(surveyed) = SURVEYED.try_lock()
        && let Some(known) = surveyed[at].iter().find(|known| (known.0, known.1) == (address, now))
    {
        return Ok(known.2);
    }
    // Looking an attribute up gives the class a tag.
    class.as_any().getattr(name!(c"__doc__").get(class.py()))?;
    let before = valid_tag(class);
    let bits: u64 = setup.survey.bind(class.py()).call1((kind as u8, class))?.extract()?;
    if before != 0
        && before == valid_tag(class)
        && let Ok(mut surveyed) = SURVEYED.try_lock()
    {
        let known = &mut surveyed[at];
        let old = known.iter().position(|known| known.0 == address).unwrap_or(WAYS - 1);
        known[..=old].rotate_right(1);
        known[0] = (address, before, bits);
    }
    Ok(bits)
}

/// Forgets every survey: what counts as stock's own is new.
pub fn forget() {
    if let Ok(mut surveyed) = SURVEYED.try_lock() {
        *surveyed = [[(0, 0, 0); WAYS]; PLACES];
    }
}
