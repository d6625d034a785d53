//! Matrices of int64 that numpy or torch allocates and Rust fills: each owns its memory and can be
//! resized, as those made of lists are.
#![allow(unsafe_code)]

use std::ptr::null_mut;
use std::sync::atomic::{AtomicPtr, Ordering};

use numpy::{PyArray, PyArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyTuple;

use super::request::Tensors;
use super::setup::Setup;
use crate::objects::name;

/// What is used of torch.
struct Torch {
    /// `torch.LongTensor`: uninitialised, on the processor whatever the default device, and half
    /// the cost of `torch.empty`.
    long_tensor: Py<PyAny>,
    /// Functions that give 0, or False, as long as nothing stands between Python and torch.
    interceptors: Vec<Py<PyAny>>,
}

/// Found once, never freed.
static TORCH: AtomicPtr<Torch> = AtomicPtr::new(null_mut());

fn torch(setup: &Setup, py: Python<'_>) -> PyResult<Option<&'static Torch>> {
    let mut torch = TORCH.load(Ordering::Acquire);
    if torch.is_null() {
        // None as long as nobody has imported it: stock does, at its first tensor.
        let found = setup.torch.bind(py).call0()?;
        if found.is_none() {
            return Ok(None);
        }
        let (long_tensor, interceptors): (Py<PyAny>, Vec<Py<PyAny>>) = found.extract()?;
        torch = Box::into_raw(Box::new(Torch { long_tensor, interceptors }));
        TORCH.store(torch, Ordering::Release);
    }
    // SAFETY: made from a box just now or earlier, and never freed.
    Ok(unsafe { torch.as_ref() })
}

/// Whether torch is there and gives plain tensors in memory: no mode, trace or default device in
/// the way.
pub fn torch_is_plain(setup: &Setup, py: Python<'_>) -> PyResult<bool> {
    let Some(torch) = torch(setup, py)? else { return Ok(false) };
    for interceptor in &torch.interceptors {
        if interceptor.bind(py).call0()?.is_truthy()? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// A matrix under construction.
pub struct Matrix<'py> {
    object: Bound<'py, PyAny>,
    data: *mut i64,
    len: usize,
}

impl<'py> Matrix<'py> {
    /// Memory with undefined values; `None` if stock has to make it.
    pub fn new(setup: &Setup, py: Python<'py>, kind: Tensors, shape: &[usize]) -> PyResult<Option<Self>> {
        let len = shape.iter().try_fold(1usize, |len, &size| len.checked_mul(size));
        let Some(len) = len.filter(|&len| len <= isize::MAX as usize / 8) else { return Ok(None) };
        let made = match kind {
            Tensors::No => None,
            Tensors::Numpy => Some(Self::numpy(py, shape, len)?),
            Tensors::Torch => Self::torch(setup, py, shape, len)?,
        };
        Ok(made)
    }

    fn numpy(py: Python<'py>, shape: &[usize], len: usize) -> PyResult<Self> {
        // SAFETY: the values are written before anybody sees the array.
        let array = unsafe { PyArray::<i64, _>::new(py, numpy::ndarray::IxDyn(shape), false) };
        let data = array.data();
        Ok(Self { object: array.into_any(), data, len })
    }

    fn torch(setup: &Setup, py: Python<'py>, shape: &[usize], len: usize) -> PyResult<Option<Self>> {
        let Some(torch) = torch(setup, py)? else { return Ok(None) };
        let object = torch.long_tensor.bind(py).call1(PyTuple::new(py, shape)?)?;
        let data = object.call_method0(name!(c"data_ptr").get(py))?.extract::<usize>()? as *mut i64;
        if data.is_null() && len > 0 {
            return Ok(None);
        }
        Ok(Some(Self { object, data, len }))
    }

    /// The memory, row after row.
    pub fn values(&mut self) -> &mut [i64] {
        if self.len == 0 {
            return &mut [];
        }
        // SAFETY: numpy or torch allocated at least `len` int64 for this contiguous object, which
        // nobody else knows yet and which lives as long as `self`. Any bit pattern is an i64.
        unsafe { std::slice::from_raw_parts_mut(self.data, self.len) }
    }

    pub fn into_object(self) -> Bound<'py, PyAny> {
        self.object
    }
}
