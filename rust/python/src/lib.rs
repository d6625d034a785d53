//! `budtiktok_hf._native`: the engine and its hooks, as Python sees them.

use pyo3::prelude::*;

pub mod calls;
pub mod canary;
pub mod compile;
pub mod construct;
pub mod consumers;
pub mod decode;
pub mod demand;
pub mod descriptor;
pub mod digest;
pub mod encode;
pub mod encoding;
pub mod engine;
pub mod enter;
pub mod error;
pub mod guard;
pub mod handle;
pub mod init;
pub mod input;
pub mod ints;
pub mod json_objects;
pub mod load;
pub mod marks;
pub mod memory;
pub mod model_parts;
pub mod objects;
pub mod output;
pub mod pool;
pub mod quiet;
pub mod registry;
pub mod roles;
pub mod serve;
pub mod state;
pub mod text;
pub mod worth;

#[pymodule(gil_used = false)]
mod _native {
    use pyo3::types::PyAny;

    use super::*;

    #[pymodule_export]
    use super::encoding::PyEncoding;
    #[pymodule_export]
    use super::engine::Engine;
    #[pymodule_export]
    use crate::calls::{await_transformers, fast_calls, set_calls};
    #[pymodule_export]
    use crate::canary::{pause_verify, set_verify};
    #[pymodule_export]
    use crate::compile::set_twin;
    #[pymodule_export]
    use crate::construct::{unwatch_construction, watch_construction};
    #[pymodule_export]
    use crate::descriptor::replacement;
    #[pymodule_export]
    use crate::guard::{activate, deactivate};
    #[pymodule_export]
    use crate::handle::{CompiledRef, Handle, compile_written, ensure_handle, handle_of};
    #[pymodule_export]
    use crate::init::watching_init;
    #[pymodule_export]
    use crate::json_objects::json_objects;
    #[pymodule_export]
    use crate::marks::{accelerated, loading, mark_of, serve_every, set_mark, suspend};
    #[pymodule_export]
    use crate::model_parts::{ModelJob, begin_model};
    #[pymodule_export]
    use crate::roles::set_backend;
    #[pymodule_export]
    use crate::serve::stock_calls;

    /// A stock `tokenizers.Encoding` with the content of one of ours; any other object as it is.
    #[pyfunction]
    fn to_stock<'py>(py: Python<'py>, encoding: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        match encoding.cast::<PyEncoding>() {
            Ok(ours) => encoding::stock::to_stock(py, ours.get()),
            Err(_) => Ok(encoding.clone()),
        }
    }

    /// One of our encodings with the content of a stock one.
    #[pyfunction]
    fn from_stock(encoding: &Bound<'_, PyAny>) -> PyResult<PyEncoding> {
        Ok(PyEncoding::full(encoding::stock::from_stock(encoding)?, None))
    }

    /// Whether an object is an encoding of ours.
    #[pyfunction]
    fn is_ours(object: &Bound<'_, PyAny>) -> bool {
        object.cast::<PyEncoding>().is_ok()
    }

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        error::silence_panics();
        pool::install_fork_handler();
        calls::add_to(module)?;
        module.add("Unsupported", module.py().get_type::<error::Unsupported>())?;
        module.add("__version__", env!("CARGO_PKG_VERSION"))
    }
}
