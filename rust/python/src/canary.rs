//! Every so often a call that the engine served is answered by stock as well (`patch(verify=…)`).
//! What to do with the two answers is said in Python's `canary`; here it is decided which calls.

use std::cell::Cell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::compile::Compiled;
use crate::descriptor::Call;
use crate::handle::{Handle, Stamp};
use crate::roles::{Role, backend};

/// The share of calls, in units of 2^-64; 0: none, the greatest number: each.
static SHARE: AtomicU64 = AtomicU64::new(0);
/// Makes the threads' sequences of draws different.
static THREADS: AtomicU64 = AtomicU64::new(0);

thread_local! {
    static DRAWS: Cell<u64> = const { Cell::new(0) };
    /// Above zero: this thread is comparing.
    static PAUSED: Cell<u32> = const { Cell::new(0) };
}

/// Sets the share of calls (0 to 1) that stock answers too.
#[pyfunction]
pub fn set_verify(share: f64) {
    let units = if share >= 1.0 { u64::MAX } else { (share.max(0.0) * 2f64.powi(64)) as u64 };
    SHARE.store(units, Ordering::Release);
}

/// On this thread no call is drawn until the pause ends.
#[pyfunction]
pub fn pause_verify(begins: bool) {
    PAUSED.set(if begins { PAUSED.get() + 1 } else { PAUSED.get().saturating_sub(1) });
}

fn is_on() -> bool {
    SHARE.load(Ordering::Relaxed) != 0 && PAUSED.get() == 0
}

/// Whether stock will answer the call of now too.
pub fn draws() -> bool {
    let share = SHARE.load(Ordering::Relaxed);
    share != 0 && PAUSED.get() == 0 && (share == u64::MAX || draw() < share)
}

/// The answer to a call of transformers, given ours: stock's where the two differ. `original` is
/// stock's own method, to be called with the same arguments.
pub fn checked_call<'py>(
    original: &Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
    ours: Bound<'py, PyAny>,
) -> PyResult<Bound<'py, PyAny>> {
    let seam = backend()?.seam.clone_ref(original.py()).into_bound(original.py());
    seam.call_method1("checked_call", (original, args, kwargs, ours))
}

/// A call that stock will answer too.
pub struct Drawn<'a, 'py> {
    call: &'a Call<'a>,
    object: Bound<'py, PyAny>,
    name: &'static str,
    /// What the engine's answer depends on, before it was given.
    stamp: Stamp,
}

/// Whether stock will answer this call too.
pub fn drawn<'a, 'py>(py: Python<'py>, call: &'a Call<'a>) -> Option<Drawn<'a, 'py>> {
    if !draws() {
        return None;
    }
    let (name, object) = (compared(call.slot.role)?, call.object(py)?);
    let stamp = Handle::ensure(&object).ok()?.get().stamp();
    Some(Drawn { call, object, name, stamp })
}

/// The next number of this thread's sequence (splitmix64).
fn draw() -> u64 {
    let mut state = DRAWS.get();
    if state == 0 {
        let thread = THREADS.fetch_add(1, Ordering::Relaxed) + 1;
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
        state = thread << 32 ^ now.map_or(0, |now| now.as_nanos() as u64);
    }
    state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    DRAWS.set(state);
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

/// The method whose calls are compared; of a future only what it waits for is.
fn compared(role: Role) -> Option<&'static str> {
    Some(match role {
        Role::Encode => "encode",
        Role::EncodeBatch { fast: false } => "encode_batch",
        Role::EncodeBatch { fast: true } => "encode_batch_fast",
        Role::Decode => "decode",
        Role::DecodeBatch => "decode_batch",
        _ => return None,
    })
}

impl Drawn<'_, '_> {
    /// The answer to the call, given the engine's: stock's where the two differ.
    pub fn checked(self, py: Python<'_>, ours: PyResult<Py<PyAny>>) -> PyResult<Py<PyAny>> {
        let (args, kwargs) = self.call.packed(py)?;
        let (value, error) = match ours {
            Ok(value) => (value, py.None()),
            Err(error) => (py.None(), error.into_value(py).into_any()),
        };
        let arguments = (self.object, self.name, args, kwargs, value, error, self.stamp);
        backend()?.seam.call_method1(py, "checked", arguments)
    }
}

/// With the canary on, an engine is compared on a few strings before its first call.
pub fn probed(object: &Bound<'_, PyAny>, handle: &Handle, compiled: &Arc<Compiled>) -> PyResult<bool> {
    if !is_on() || !handle.probe_is_due(compiled) {
        return Ok(false);
    }
    backend()?.seam.call_method1(object.py(), "probe", (object,))?;
    Ok(true)
}
