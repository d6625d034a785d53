//! `DecodeStream.step`: the engine's stream in the place of stock's.
//!
//! A stock stream shows nothing of what is in it, has no `__dict__` and takes no weak reference.
//! So each one is watched from its `__init__` on, and the engine's stream is kept in a table, with
//! a reference that keeps the stock object's address its own; entries that nobody else refers to
//! are let go of when the table has doubled. While the engine serves, the stock object stays as it
//! was made. Before stock serves a stream (a tokenizer without an engine, `unpatch()`) the object
//! is brought to the state it would have: `backend.streams` does that through stock's own `step`.

#![allow(unsafe_code)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard};

use budtiktok::ErrorKind;
use budtiktok::decoders::DecodeStream;
use foldhash::fast::FixedState;
use pyo3::exceptions::PyException;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyString, PyTuple};

use super::decoder_or_stock;
use crate::descriptor::Call;
use crate::ints;
use crate::objects::{name, names};
use crate::roles::{backend, is_tokenizer, original};
use crate::serve::{Served, count_for, served};
use crate::worth::{Ready, WORTH_PROVING, ready_to_decode};

/// A table smaller than this is never swept.
const SMALL: usize = 64;

struct Entry {
    object: Py<PyAny>,
    /// The ids that the stock object was made with.
    made_with: Arc<[u32]>,
    stream: DecodeStream,
}

#[derive(Default)]
struct Table {
    entries: HashMap<usize, Entry, FixedState>,
    /// How many entries there may be before the next sweep.
    sweep_at: usize,
}

/// Locked only with the GIL held, and never while Python runs.
static TABLE: Mutex<Option<Table>> = Mutex::new(None);

fn table() -> MutexGuard<'static, Option<Table>> {
    TABLE.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}

impl Table {
    /// Adds an entry, and takes out what only the table refers to.
    fn insert(&mut self, py: Python<'_>, entry: Entry) -> Vec<Entry> {
        let mut dead = Vec::new();
        if self.entries.len() >= self.sweep_at.max(SMALL) {
            let alone = |_: &usize, entry: &mut Entry| !is_shared(py, &entry.object);
            dead.extend(self.entries.extract_if(alone).map(|(_, entry)| entry));
            self.sweep_at = 2 * self.entries.len();
        }
        self.entries.insert(entry.object.as_ptr() as usize, entry);
        dead
    }
}

/// Whether somebody else refers to the object too.
fn is_shared(_py: Python<'_>, object: &Py<PyAny>) -> bool {
    // SAFETY: the object is alive, and the GIL guards its count.
    unsafe { ffi::Py_REFCNT(object.as_ptr()) > 1 }
}

fn is_known(object: &Bound<'_, PyAny>) -> bool {
    table().as_ref().is_some_and(|table| table.entries.contains_key(&(object.as_ptr() as usize)))
}

fn remember(py: Python<'_>, entry: Entry) {
    let dead = table().get_or_insert_default().insert(py, entry);
    // Freed when the table is no longer locked.
    drop(dead);
}

/// A `DecodeStream` was made from these arguments.
pub fn made(
    object: &Bound<'_, PyAny>,
    args: &Bound<'_, PyTuple>,
    kwds: Option<&Bound<'_, PyDict>>,
) -> PyResult<()> {
    let py = object.py();
    // Counts of references say nothing certain on free-threaded builds. A second `__init__`
    // changes nothing.
    if cfg!(Py_GIL_DISABLED) || is_known(object) {
        return Ok(());
    }
    let argument = |place: usize, name: &'static crate::objects::Name| {
        if place < args.len() {
            return args.get_item(place).map(Some);
        }
        kwds.map_or(Ok(None), |kwds| kwds.get_item(name.get(py)))
    };
    let given = argument(0, name!(c"ids"))?.filter(|given| !given.is_none());
    let skip = argument(1, name!(c"skip_special_tokens"))?.filter(|skip| !skip.is_none());
    let skip = match skip {
        None => false,
        Some(skip) => match skip.cast_exact::<PyBool>() {
            Ok(skip) => skip.is_true(),
            Err(_) => return Ok(()),
        },
    };
    let mut made_with = Vec::new();
    if let Some(given) = given
        && ints::read(&given, &mut made_with).is_none()
    {
        return Ok(());
    }
    let stream = DecodeStream::new(made_with.clone(), skip);
    remember(py, Entry { object: object.clone().unbind(), made_with: made_with.into(), stream });
    Ok(())
}

/// `__copy__`, `__deepcopy__`: the copy goes on where the stream is.
pub fn copied(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    let copy = original(py, call)?;
    if let Some(object) = call.object(py) {
        let entry = table().as_ref().and_then(|table| {
            let known = table.entries.get(&(object.as_ptr() as usize))?;
            Some(Entry {
                object: copy.clone_ref(py),
                made_with: known.made_with.clone(),
                stream: known.stream.clone(),
            })
        });
        if let Some(entry) = entry {
            remember(py, entry);
        }
    }
    Some(copy)
}

/// `DecodeStream.step`.
pub fn step(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    served(py, call, |py, call| {
        let Some(object) = call.object(py).filter(is_known) else { return Ok(Served::Aside) };
        let by_engine = stepped(py, call, &object);
        if matches!(by_engine, Ok(Served::Aside)) {
            hand_back(&object)?;
        }
        by_engine
    })
}

fn stepped(py: Python<'_>, call: &Call<'_>, object: &Bound<'_, PyAny>) -> PyResult<Served> {
    let Some([Some(tokenizer), Some(given)]) = call.bind(py, &names!(c"tokenizer", c"id")) else {
        return Ok(Served::Aside);
    };
    let mut ids = ints::Ids::new();
    if !is_tokenizer(&tokenizer)? || read_step(&given, &mut ids).is_none() {
        return Ok(Served::Aside);
    }
    let compiled = match ready_to_decode(&tokenizer, WORTH_PROVING)? {
        Ready::Engine(compiled) => compiled,
        Ready::Stock(reason) => {
            count_for(&tokenizer, &reason)?;
            return Ok(Served::Aside);
        }
        Ready::NotYet => return Ok(Served::Aside),
    };
    let decoder = match decoder_or_stock(&compiled) {
        Ok(decoder) => decoder,
        Err(served) => {
            if let Served::Declined(reason) = served {
                count_for(&tokenizer, &reason)?;
            }
            return Ok(Served::Aside);
        }
    };
    let result = {
        let mut table = table();
        let entry = table.as_mut().and_then(|table| table.entries.get_mut(&(object.as_ptr() as usize)));
        let Some(Entry { stream, .. }) = entry else { return Ok(Served::Aside) };
        let before = decoder.may_fail().then(|| stream.clone());
        let result = stream.step(decoder, &ids);
        if let (Err(error), Some(before)) = (&result, before)
            && *error.kind() != ErrorKind::Stock
        {
            *stream = before;
        }
        result
    };
    match result {
        Ok(Some(text)) => Ok(Served::Done(PyString::new(py, &text).into_any().unbind())),
        Ok(None) => Ok(Served::Done(py.None())),
        Err(error) if *error.kind() == ErrorKind::Stock => Err(PyException::new_err(error.to_string())),
        // Stock panics, and says so in its own words.
        Err(_) => Ok(Served::Aside),
    }
}

/// One id, or a sequence of them.
fn read_step(given: &Bound<'_, PyAny>, ids: &mut ints::Ids) -> Option<()> {
    if let Some(id) = ints::exact_int(given.as_borrowed()) {
        ids.push(id);
        return Some(());
    }
    match given.extract::<u32>() {
        Ok(id) => {
            ids.push(id);
            Some(())
        }
        Err(_) => ints::read(given, ids),
    }
}

/// Stock serves this stream from now on.
fn hand_back(object: &Bound<'_, PyAny>) -> PyResult<()> {
    let key = object.as_ptr() as usize;
    let entry = table().as_mut().and_then(|table| table.entries.remove(&key));
    entry.map_or(Ok(()), |entry| restore(object.py(), &entry))
}

/// Brings the stock object to the state of ours.
fn restore(py: Python<'_>, entry: &Entry) -> PyResult<()> {
    let Entry { object, made_with, stream } = entry;
    let (ids, prefix, prefix_index) = stream.state();
    if prefix.is_empty() && prefix_index == 0 && *ids == **made_with {
        return Ok(());
    }
    let arguments = (object, PyList::new(py, made_with.iter())?, PyList::new(py, ids)?, prefix, prefix_index);
    backend()?.seam.call_method1(py, "hand_back", arguments)?;
    Ok(())
}

/// Stock serves every stream from now on: the hooks are about to come out.
pub fn hand_back_all(py: Python<'_>) {
    loop {
        let entry = {
            let mut table = table();
            let Some(table) = table.as_mut() else { return };
            let Some(&key) = table.entries.keys().next() else { return };
            table.entries.remove(&key)
        };
        if let Some(entry) = entry
            && is_shared(py, &entry.object)
        {
            // Fails for want of memory only; there is nobody to tell.
            let _ = restore(py, &entry);
        }
    }
}
