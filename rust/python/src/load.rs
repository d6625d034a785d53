//! Watching the bytes of a tokenizer.json pass by, and compiling from them while stock parses.

use std::fs::File;
use std::io::Read;

use pyo3::prelude::*;
use pyo3::pybacked::{PyBackedBytes, PyBackedStr};
use pyo3::types::{PyBytes, PyString};

use crate::compile::{Job, Source};
use crate::descriptor::Call;
use crate::handle::{Handle, parts};
use crate::marks::{self, Mark};
use crate::objects::names;
use crate::roles::{Role, aside, backend, original};

/// `from_str`, `from_buffer`, `from_file`: compiles from the bytes while stock parses them.
pub fn loaded(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    let watched = (|| {
        let version = backend()?.version;
        let names = match call.slot.role {
            Role::FromStr => names!(c"json"),
            Role::FromBuffer => names!(c"buffer"),
            _ => names!(c"path"),
        };
        let Some([Some(argument)]) = call.bind(py, &names) else { return Ok(None) };
        PyResult::Ok(
            match call.slot.role {
                Role::FromStr => argument
                    .cast_exact::<PyString>()
                    .ok()
                    .and_then(|text| PyBackedStr::try_from(text.clone()).ok())
                    .map(|text| (Source::Text(text), None)),
                Role::FromBuffer => argument
                    .cast_exact::<PyBytes>()
                    .ok()
                    .map(|bytes| (Source::Bytes(PyBackedBytes::from(bytes.clone())), None)),
                // The file is read once, so that both see the same one.
                _ if call.slot.is_native() => {
                    argument.cast_exact::<PyString>().ok().and_then(|path| file_bytes(py, path)).map(
                        |bytes| (Source::Bytes(PyBackedBytes::from(bytes.clone())), Some(bytes.unbind())),
                    )
                }
                _ => None,
            }
            .map(|(source, file)| (Job::start(source, version), file)),
        )
    })();
    let (job, file) = match watched {
        Ok(Some((job, file))) => (Some(job), file),
        _ => (None, None),
    };
    let from_bytes = file.and_then(|bytes| {
        let from_buffer = &backend().ok()?.from_buffer;
        from_buffer.call1(py, (bytes,)).ok()
    });
    // Whatever went wrong, stock says it in its own words.
    let result = match from_bytes {
        Some(result) => result,
        None => original(py, call)?,
    };
    if let Some(job) = job {
        job.loaded();
        aside(py, || Handle::attach(result.bind(py), 0, Some(job)).map(drop));
    }
    Some(result)
}

/// A file's bytes, read without the GIL; `None` if stock would not take them.
fn file_bytes<'py>(py: Python<'py>, path: &Bound<'py, PyString>) -> Option<Bound<'py, PyBytes>> {
    let path: String = path.extract().ok()?;
    let (mut file, len) = py.detach(|| {
        let file = File::open(path).ok()?;
        let about = file.metadata().ok()?;
        Some((file, usize::try_from(about.len()).ok().filter(|_| about.is_file())?))
    })?;
    // Read in place: a copy of a large file costs more time than reading it.
    let bytes = PyBytes::new_with(py, len, |buffer| Ok(py.detach(|| file.read_exact(buffer))?)).ok()?;
    let text = bytes.as_bytes();
    // A file that is being written to, or is no UTF-8, is stock's.
    let whole = py.detach(|| matches!(file.read(&mut [0]), Ok(0)) && str::from_utf8(text).is_ok());
    whole.then_some(bytes)
}

pub fn from_pretrained(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    let names = names!(c"identifier", c"revision", c"token");
    let explicit_none = |value: &Option<Bound<'_, PyAny>>| value.as_ref().is_some_and(|v| v.is_none());
    let bound = call.bind(py, &names).filter(|[_, revision, _]| !explicit_none(revision));
    if let (Some([Some(identifier), revision, token]), true) = (bound, call.slot.is_native()) {
        let result = backend().and_then(|backend| {
            backend.seam.call_method1(py, "from_pretrained", (identifier, revision, token))
        });
        match result {
            Ok(result) if !result.is_none(py) => return Some(result),
            Ok(_) => {}
            Err(error) => {
                error.restore(py);
                return None;
            }
        }
    }
    original(py, call)
}

/// `Tokenizer.__setstate__`: copies, deep copies and unpickling end here.
pub fn set_state(py: Python<'_>, call: &Call<'_>) -> Option<Py<PyAny>> {
    let values = call.values(py);
    let state = match values.as_slice() {
        [state] => state.cast_exact::<PyBytes>().ok(),
        _ => None,
    };
    let mark = state.map_or(Mark::None, |state| marks::of_state(state.as_bytes()));
    let served = call.object(py).and_then(|object| Handle::of(&object).ok().flatten());
    let served = served.map_or(Mark::None, |handle| handle.get().mark()) == Mark::Accelerated;
    let job = match (backend(), state) {
        (Ok(backend), Some(state)) if marks::watches() || served || mark == Mark::Accelerated => {
            let source = Source::Bytes(PyBackedBytes::from(state.clone()));
            Some(Job::start(source, backend.version))
        }
        _ => None,
    };
    let result = original(py, call);
    if let Some(job) = &job {
        job.loaded();
    }
    aside(py, || {
        let Some(object) = call.object(py) else { return Ok(()) };
        match (Handle::of(&object)?, job, &result) {
            (Some(handle), Some(job), Some(_)) => handle.get().reloaded(py, job),
            (Some(handle), _, _) => {
                handle.get().own_change(parts::ALL);
                handle.get().state_changed();
            }
            (None, Some(job), Some(_)) => drop(Handle::attach(&object, 0, Some(job))?),
            _ => {}
        }
        if mark != Mark::None && result.is_some() {
            let handle = Handle::ensure(&object)?;
            if handle.get().mark() == Mark::None {
                handle.get().set_mark(mark);
            }
        }
        Ok(())
    });
    result
}
