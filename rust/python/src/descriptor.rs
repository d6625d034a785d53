//! Replacements for attributes of stock's native classes.
//!
//! A replacement is of the very kind it stands in for (method descriptor, getset descriptor, slot
//! wrapper, static builtin) and carries the original's name and documentation, so that `repr`,
//! `inspect.signature`, pickles and fingerprints do not change. Each keeps the object it replaced
//! in a [`Slot`]; falling back calls the original's C function with the same arguments, so error
//! texts are stock's. A slot is never freed: a bound method taken while patched stays callable.
//!
//! `PyDescr_NewMethod` has no closure, so every hooked method needs a C function of its own: they
//! are the instances of `method::<N>`, one a slot number.
#![allow(unsafe_code)]

use std::ffi::{CString, c_char, c_int, c_void};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicPtr, Ordering};

use pyo3::exceptions::{PyRuntimeError, PyTypeError, PyValueError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple, PyType};

use crate::objects::{Name, holds};
use crate::roles::{self, Role};
use crate::{guard, handle, marks};

/// How many methods and static methods can be hooked at once in a process.
const METHOD_SLOTS: usize = 64;

/// One replaced attribute, and what it replaced.
pub struct Slot {
    pub role: Role,
    pub original: Original,
    /// The object found in the class's `__dict__`, kept alive by this slot.
    pub object: *mut ffi::PyObject,
}

/// How the original is called.
pub enum Original {
    /// `METH_FASTCALL | METH_KEYWORDS` function of a method or static method, with its `self`
    /// when it is static.
    Fast {
        function: ffi::PyCFunctionFastWithKeywords,
        fixed_self: Option<*mut ffi::PyObject>,
    },
    /// Anything callable with `self` as its first argument.
    Callable {
        with_self: bool,
        callable: *mut ffi::PyObject,
    },
    GetSet {
        definition: *mut ffi::PyGetSetDef,
    },
    /// Somebody's own data descriptor.
    Property,
    Wrapper {
        base: *mut ffi::wrapperbase,
        wrapped: *mut c_void,
    },
}

// SAFETY: a slot is immutable after it is published; its pointers are to static definitions or to
// objects it owns a reference to, which are used only while attached to the interpreter.
unsafe impl Sync for Slot {}
// SAFETY: as above.
unsafe impl Send for Slot {}

static SLOTS: [AtomicPtr<Slot>; METHOD_SLOTS] = [const { AtomicPtr::new(ptr::null_mut()) }; METHOD_SLOTS];
static NEXT: Mutex<usize> = Mutex::new(0);

unsafe extern "C" {
    /// Exported by every CPython since 2.2; not declared by pyo3.
    pub fn PyDescr_NewWrapper(
        owner: *mut ffi::PyTypeObject,
        base: *mut ffi::wrapperbase,
        wrapped: *mut c_void,
    ) -> *mut ffi::PyObject;
}

unsafe extern "C" fn method<const N: usize>(
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargs: ffi::Py_ssize_t,
    kwnames: *mut ffi::PyObject,
) -> *mut ffi::PyObject {
    // SAFETY: this function is handed out only after its slot was published, and slots are leaked.
    let slot = unsafe { &*SLOTS[N].load(Ordering::Acquire) };
    // SAFETY: called by the interpreter: attached, with the arguments of this very call.
    if let Some(result) = unsafe { passed(slot, slf, args, nargs, kwnames) } {
        return result;
    }
    entered(ptr::null_mut(), |py| {
        // SAFETY: the interpreter passes `nargs` positional arguments followed by one value for
        // each name in `kwnames`, all alive during the call.
        let call = unsafe { Call::new(py, slot, slf, args, nargs as usize, kwnames) };
        roles::called(py, &call).map_or(ptr::null_mut(), |object| object.into_ptr())
    })
}

/// The original's result where the call concerns neither the engine nor a handle: what a tokenizer
/// without a mark pays while only marked ones are served. `None`: the call has to be looked at.
///
/// # Safety
/// Attached; the arguments are those of a call of the slot's method.
unsafe fn passed(
    slot: &Slot,
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargs: ffi::Py_ssize_t,
    kwnames: *mut ffi::PyObject,
) -> Option<*mut ffi::PyObject> {
    if slf.is_null() {
        return None;
    }
    // SAFETY: attached, and `slf` is the object of the call.
    let handled = || unsafe { holds(slf, &handle::KEY) };
    if guard::is_active() && (marks::every() || !slot.role.is_of_one() || handled()) {
        return None;
    }
    // SAFETY: as in `Call::original_with`.
    let result = unsafe {
        match slot.original {
            Original::Fast { function, fixed_self: None } => function(slf, args, nargs, kwnames),
            Original::Callable { with_self: true, callable } => {
                let named = if kwnames.is_null() { 0 } else { ffi::PyTuple_GET_SIZE(kwnames) };
                let total = (nargs + named) as usize;
                let mut all = [ptr::null_mut(); 8];
                if total >= all.len() {
                    return None;
                }
                all[0] = slf;
                for (at, place) in all[1..=total].iter_mut().enumerate() {
                    *place = *args.add(at);
                }
                ffi::PyObject_Vectorcall(callable, all.as_ptr(), nargs as usize + 1, kwnames)
            }
            _ => return None,
        }
    };
    if slot.role.is_change() && handled() {
        // Somebody has begun to look while the original ran.
        entered((), |py| {
            // SAFETY: as in `method`.
            let call = unsafe { Call::new(py, slot, slf, args, nargs as usize, kwnames) };
            roles::noted(py, &call);
        });
    }
    Some(result)
}

macro_rules! method_table {
    ($($n:literal)*) => { [$(method::<$n>),*] };
}

static METHODS: [ffi::PyCFunctionFastWithKeywords; METHOD_SLOTS] = method_table!(
    0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 21 22 23 24 25 26 27 28 29 30 31
    32 33 34 35 36 37 38 39 40 41 42 43 44 45 46 47 48 49 50 51 52 53 54 55 56 57 58 59 60 61 62 63
);

unsafe extern "C" fn get(slf: *mut ffi::PyObject, closure: *mut c_void) -> *mut ffi::PyObject {
    // SAFETY: the closure of every getset made here is its leaked slot.
    let slot = unsafe { &*closure.cast::<Slot>() };
    if let Original::GetSet { definition } = slot.original {
        // SAFETY: attached; the original's own function with its own closure. Nothing is noted of
        // an object that has no handle, before the call and after it.
        unsafe {
            if let Some(get) = (*definition).get.filter(|_| !holds(slf, &handle::KEY)) {
                let value = get(slf, (*definition).closure);
                if !value.is_null() && !holds(slf, &handle::KEY) {
                    return value;
                }
                ffi::Py_XDECREF(value);
                ffi::PyErr_Clear();
            }
        }
    }
    entered(ptr::null_mut(), |py| {
        // SAFETY: `slf` is alive during the call.
        let object = unsafe { Bound::from_borrowed_ptr(py, slf) };
        roles::read(py, slot, &object).map_or(ptr::null_mut(), |object| object.into_ptr())
    })
}

unsafe extern "C" fn set(slf: *mut ffi::PyObject, value: *mut ffi::PyObject, closure: *mut c_void) -> c_int {
    // SAFETY: the closure of every getset made here is its leaked slot.
    let slot = unsafe { &*closure.cast::<Slot>() };
    entered(-1, |py| {
        // SAFETY: `slf` is alive during the call.
        let object = unsafe { Bound::from_borrowed_ptr(py, slf) };
        match roles::written(py, slot, &object, |py| slot.set(py, slf, value)) {
            Some(()) => 0,
            None => -1,
        }
    })
}

unsafe extern "C" fn wrapper(
    slf: *mut ffi::PyObject,
    args: *mut ffi::PyObject,
    wrapped: *mut c_void,
) -> *mut ffi::PyObject {
    // SAFETY: the `wrapped` pointer of every wrapper made here is its leaked slot.
    let slot = unsafe { &*wrapped.cast::<Slot>() };
    entered(ptr::null_mut(), |py| {
        // SAFETY: `slf` is alive during the call.
        let object = unsafe { Bound::from_borrowed_ptr(py, slf) };
        roles::written(py, slot, &object, |py| {
            let Original::Wrapper { base, wrapped } = slot.original else { return None };
            // SAFETY: base and wrapped come from the original slot wrapper, and belong together.
            let result = unsafe { (*base).wrapper.map(|call| call(slf, args, wrapped)) };
            // SAFETY: the wrapper returned a new reference or null with an exception set.
            unsafe { Bound::from_owned_ptr_or_opt(py, result.unwrap_or(ptr::null_mut())) }.map(Bound::unbind)
        })
        .map_or(ptr::null_mut(), |object: Py<PyAny>| object.into_ptr())
    })
}

/// Runs `body` attached to the interpreter; a panic becomes an exception, `failed` is returned.
pub fn entered<T>(failed: T, body: impl FnOnce(Python<'_>) -> T) -> T {
    match catch_unwind(AssertUnwindSafe(|| Python::attach(body))) {
        Ok(value) => value,
        Err(_) => {
            Python::attach(|py| {
                PyRuntimeError::new_err("budtiktok_hf failed inside a hook").restore(py);
            });
            failed
        }
    }
}

/// One call of a hooked method: borrowed arguments, exactly as the interpreter passed them.
pub struct Call<'a> {
    pub slot: &'a Slot,
    slf: *mut ffi::PyObject,
    args: *const *mut ffi::PyObject,
    nargs: usize,
    kwnames: *mut ffi::PyObject,
}

impl<'a> Call<'a> {
    /// # Safety
    /// `args` must hold `nargs` objects and one more for each name in `kwnames` (null or a tuple
    /// of str), alive as long as the call.
    unsafe fn new(
        _py: Python<'_>,
        slot: &'a Slot,
        slf: *mut ffi::PyObject,
        args: *const *mut ffi::PyObject,
        nargs: usize,
        kwnames: *mut ffi::PyObject,
    ) -> Self {
        Self { slot, slf, args, nargs, kwnames }
    }

    /// The object the method was called on; `None` for a static method.
    pub fn object<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyAny>> {
        // SAFETY: `slf` is null or an object alive during the call.
        unsafe { Bound::from_borrowed_ptr_or_opt(py, self.slf) }
    }

    fn keywords_len(&self) -> usize {
        if self.kwnames.is_null() {
            return 0;
        }
        // SAFETY: non-null `kwnames` is a tuple.
        unsafe { ffi::PyTuple_GET_SIZE(self.kwnames) as usize }
    }

    /// Positional arguments, then the values of the keywords.
    pub fn values<'py>(&self, py: Python<'py>) -> Vec<Bound<'py, PyAny>> {
        (0..self.nargs + self.keywords_len()).map(|at| self.value(py, at)).collect()
    }

    fn value<'py>(&self, py: Python<'py>, at: usize) -> Bound<'py, PyAny> {
        debug_assert!(at < self.nargs + self.keywords_len());
        // SAFETY: `at` is below the number of values, see `new`.
        unsafe { Bound::from_borrowed_ptr(py, *self.args.add(at)) }
    }

    /// The arguments by the parameters of a known signature; `None` when the call does not fit
    /// it (the original then says so). Parameters not given are `None`.
    pub fn bind<'py, const P: usize>(
        &self,
        py: Python<'py>,
        names: &[&'static Name; P],
    ) -> Option<[Option<Bound<'py, PyAny>>; P]> {
        if self.nargs > P {
            return None;
        }
        let mut bound = [const { None }; P];
        for (at, place) in bound.iter_mut().enumerate().take(self.nargs) {
            *place = Some(self.value(py, at));
        }
        for at in 0..self.keywords_len() {
            // SAFETY: `kwnames` is a tuple of `keywords_len()` strings.
            let name = unsafe { ffi::PyTuple_GET_ITEM(self.kwnames, at as ffi::Py_ssize_t) };
            let place = names.iter().position(|known| known.get(py).as_ptr() == name).or_else(|| {
                // SAFETY: a borrowed reference to a string of the tuple.
                let name = unsafe { Bound::from_borrowed_ptr(py, name) };
                names.iter().position(|known| known.get(py).as_any().eq(&name).unwrap_or(false))
            })?;
            if bound[place].is_some() {
                return None;
            }
            bound[place] = Some(self.value(py, self.nargs + at));
        }
        Some(bound)
    }

    /// The arguments as a tuple and a dict.
    pub fn packed<'py>(&self, py: Python<'py>) -> PyResult<(Bound<'py, PyTuple>, Bound<'py, PyDict>)> {
        let values = self.values(py);
        let (positional, named) = values.split_at(self.nargs);
        let kwargs = PyDict::new(py);
        for (at, value) in named.iter().enumerate() {
            // SAFETY: `kwnames` is a tuple with one string for each value after the positional.
            let name = unsafe {
                Bound::from_borrowed_ptr(py, ffi::PyTuple_GET_ITEM(self.kwnames, at as ffi::Py_ssize_t))
            };
            kwargs.set_item(name, value)?;
        }
        Ok((PyTuple::new(py, positional)?, kwargs))
    }

    /// Calls the original with the same arguments. `None`: an exception is set.
    pub fn original(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.original_with(py, self.args)
    }

    /// Calls the original with other values in place of the same arguments.
    pub fn original_replaced(&self, py: Python<'_>, values: &[Bound<'_, PyAny>]) -> Option<Py<PyAny>> {
        debug_assert_eq!(values.len(), self.nargs + self.keywords_len());
        let pointers: Vec<_> = values.iter().map(|value| value.as_ptr()).collect();
        self.original_with(py, pointers.as_ptr())
    }

    fn original_with(&self, py: Python<'_>, args: *const *mut ffi::PyObject) -> Option<Py<PyAny>> {
        let result = match self.slot.original {
            Original::Fast { function, fixed_self } => {
                let slf = fixed_self.unwrap_or(self.slf);
                // SAFETY: the function was read from a definition with exactly these flags, and
                // gets the object and arguments its own descriptor would pass on.
                unsafe { function(slf, args, self.nargs as ffi::Py_ssize_t, self.kwnames) }
            }
            Original::Callable { with_self, callable } => {
                let total = self.nargs + self.keywords_len();
                let mut all = Vec::with_capacity(total + 1);
                if with_self {
                    all.push(self.slf);
                }
                // SAFETY: `args` holds `total` objects, see `new`.
                all.extend_from_slice(unsafe { std::slice::from_raw_parts(args, total) });
                let positional = self.nargs + usize::from(with_self);
                // SAFETY: `all` holds the positional arguments, then one value a keyword.
                unsafe { ffi::PyObject_Vectorcall(callable, all.as_ptr(), positional, self.kwnames) }
            }
            _ => ptr::null_mut(),
        };
        // SAFETY: a new reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_opt(py, result) }.map(Bound::unbind)
    }
}

impl Slot {
    /// Reads the original property. `None`: an exception is set.
    pub fn get(&self, py: Python<'_>, object: &Bound<'_, PyAny>) -> Option<Py<PyAny>> {
        let slf = object.as_ptr();
        let result = match self.original {
            // SAFETY: definition and object belong together: the descriptor's owner is unchanged.
            Original::GetSet { definition } => unsafe {
                match (*definition).get {
                    Some(get) => get(slf, (*definition).closure),
                    None => ptr::null_mut(),
                }
            },
            // SAFETY: `object` is owned by the slot; its type has the function (see `property`).
            Original::Property => unsafe {
                match (*ffi::Py_TYPE(self.object)).tp_descr_get {
                    Some(get) => get(self.object, slf, ffi::Py_TYPE(slf).cast()),
                    None => ptr::null_mut(),
                }
            },
            _ => ptr::null_mut(),
        };
        // SAFETY: a new reference, or null with an exception set.
        unsafe { Bound::from_owned_ptr_or_opt(py, result) }.map(Bound::unbind)
    }

    /// Writes the original property. `None`: an exception is set.
    fn set(&self, _py: Python<'_>, slf: *mut ffi::PyObject, value: *mut ffi::PyObject) -> Option<()> {
        let status = match self.original {
            // SAFETY: as in `get`; a null value means deletion, which the function handles.
            Original::GetSet { definition } => unsafe {
                (*definition).set.map_or(-1, |set| set(slf, value, (*definition).closure))
            },
            // SAFETY: as in `get`.
            Original::Property => unsafe {
                match (*ffi::Py_TYPE(self.object)).tp_descr_set {
                    Some(set) => set(self.object, slf, value),
                    None => -1,
                }
            },
            _ => -1,
        };
        (status == 0).then_some(())
    }

    /// Whether the original is stock's own native function.
    pub fn is_native(&self) -> bool {
        !matches!(self.original, Original::Callable { .. } | Original::Property) || self.is_native_callable()
    }

    fn is_native_callable(&self) -> bool {
        let Original::Callable { callable, .. } = self.original else { return false };
        // SAFETY: the slot owns its objects; only their types are compared.
        unsafe {
            ffi::Py_IS_TYPE(callable, &raw mut ffi::PyMethodDescr_Type) != 0
                || ffi::PyCFunction_Check(callable) != 0
        }
    }
}

/// A replacement for `owner.name`, which holds `original` at present, doing what `role` says. The
/// caller puts it into the class. Raises `TypeError` when the attribute is of no known kind.
#[pyfunction]
pub fn replacement(
    py: Python<'_>,
    owner: &Bound<'_, PyType>,
    name: &str,
    original: &Bound<'_, PyAny>,
    role: &str,
) -> PyResult<Py<PyAny>> {
    let role = Role::from_name(role).ok_or_else(|| PyValueError::new_err(format!("no role named {role}")))?;
    let object = original.clone().into_ptr();
    let owner_type = owner.as_type_ptr();
    // SAFETY: the type of each object is checked before its struct is read; definitions are
    // copied and leaked, slots are leaked, so every pointer handed to the interpreter stays valid.
    unsafe {
        let made = if ffi::Py_IS_TYPE(object, &raw mut ffi::PyMethodDescr_Type) != 0 {
            let definition = (*object.cast::<ffi::PyMethodDescrObject>()).d_method;
            let original = match fast_function(definition) {
                Some(function) => Original::Fast { function, fixed_self: None },
                None => Original::Callable { with_self: true, callable: object },
            };
            let ours = method_definition(definition, Slot { role, original, object })?;
            ffi::PyDescr_NewMethod(owner_type, ours)
        } else if ffi::Py_IS_TYPE(object, &raw mut ffi::PyGetSetDescr_Type) != 0 {
            let definition = (*object.cast::<ffi::PyGetSetDescrObject>()).d_getset;
            let slot = leaked(Slot { role, original: Original::GetSet { definition }, object });
            let ours = leaked(ffi::PyGetSetDef {
                name: (*definition).name,
                get: (*definition).get.map(|_| get as ffi::getter),
                set: (*definition).set.map(|_| set as ffi::setter),
                doc: (*definition).doc,
                closure: slot.cast(),
            });
            ffi::PyDescr_NewGetSet(owner_type, ours)
        } else if ffi::Py_IS_TYPE(object, &raw mut ffi::PyWrapperDescr_Type) != 0 {
            let descriptor = object.cast::<ffi::PyWrapperDescrObject>();
            let (base, wrapped) = ((*descriptor).d_base, (*descriptor).d_wrapped);
            if (*base).flags & ffi::PyWrapperFlag_KEYWORDS != 0 {
                return Err(PyTypeError::new_err(format!("{name} takes keywords")));
            }
            let original = Original::Wrapper { base, wrapped };
            let slot = leaked(Slot { role, original, object });
            let mut ours = ptr::read(base);
            ours.wrapper = Some(wrapper);
            PyDescr_NewWrapper(owner_type, leaked(ours), slot.cast())
        } else if ffi::Py_IS_TYPE(object, &raw mut ffi::PyStaticMethod_Type) != 0 {
            return static_method(py, original, role);
        } else if ffi::PyCallable_Check(object) != 0 {
            // Somebody's wrapper: called whenever stock serves.
            let definition = foreign_definition(original, name)?;
            let original = Original::Callable { with_self: true, callable: object };
            let ours = method_definition(definition, Slot { role, original, object })?;
            ffi::PyDescr_NewMethod(owner_type, ours)
        } else if (*ffi::Py_TYPE(object)).tp_descr_get.is_some()
            && (*ffi::Py_TYPE(object)).tp_descr_set.is_some()
        {
            let slot = leaked(Slot { role, original: Original::Property, object });
            let text = foreign_definition(original, name)?;
            let ours = leaked(ffi::PyGetSetDef {
                name: (*text).ml_name,
                get: Some(get),
                set: Some(set),
                doc: (*text).ml_doc,
                closure: slot.cast(),
            });
            ffi::PyDescr_NewGetSet(owner_type, ours)
        } else {
            return Err(PyTypeError::new_err(format!("{name} is not of a known kind")));
        };
        Ok(Bound::from_owned_ptr_or_err(py, made)?.unbind())
    }
}

/// # Safety
/// `original` must be a `staticmethod`.
unsafe fn static_method(py: Python<'_>, original: &Bound<'_, PyAny>, role: Role) -> PyResult<Py<PyAny>> {
    let function = original.getattr("__func__")?;
    let callable = function.clone().into_ptr();
    let object = original.clone().into_ptr();
    // SAFETY: the builtin's struct is read only after its type was checked; definitions and slots
    // are leaked.
    unsafe {
        let (definition, slf, module, original) = if ffi::PyCFunction_CheckExact(callable) != 0 {
            let builtin = callable.cast::<ffi::PyCFunctionObject>();
            let definition = (*builtin).m_ml;
            let original = match fast_function(definition) {
                Some(function) => Original::Fast { function, fixed_self: Some((*builtin).m_self) },
                None => Original::Callable { with_self: false, callable },
            };
            (definition, (*builtin).m_self, (*builtin).m_module, original)
        } else {
            let name: String =
                function.getattr("__name__").and_then(|name| name.extract()).unwrap_or_default();
            let definition = foreign_definition(&function, &name)?;
            let original = Original::Callable { with_self: false, callable };
            (definition, ptr::null_mut(), ptr::null_mut(), original)
        };
        let ours = method_definition(definition, Slot { role, original, object })?;
        (*ours).ml_flags |= ffi::METH_STATIC;
        let builtin = ffi::PyCFunction_NewEx(ours, slf, module);
        let builtin = Bound::from_owned_ptr_or_err(py, builtin)?;
        let made = ffi::PyStaticMethod_New(builtin.as_ptr());
        Ok(Bound::from_owned_ptr_or_err(py, made)?.unbind())
    }
}

/// The C function of a definition, if it takes its arguments as ours do.
///
/// # Safety
/// `definition` must be valid.
unsafe fn fast_function(definition: *mut ffi::PyMethodDef) -> Option<ffi::PyCFunctionFastWithKeywords> {
    // SAFETY: the union's field is chosen by the flags, as the interpreter does.
    unsafe {
        let flags = (*definition).ml_flags & !ffi::METH_STATIC;
        (flags == ffi::METH_FASTCALL | ffi::METH_KEYWORDS)
            .then(|| (*definition).ml_meth.PyCFunctionFastWithKeywords)
    }
}

/// Publishes the slot and makes a definition whose function is the slot's.
///
/// # Safety
/// `like` must be valid; its name and documentation must live as long as the process.
unsafe fn method_definition(like: *const ffi::PyMethodDef, slot: Slot) -> PyResult<*mut ffi::PyMethodDef> {
    let mut next = NEXT.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
    let at = *next;
    if at == METHOD_SLOTS {
        return Err(PyRuntimeError::new_err("all hook slots of this process are in use"));
    }
    *next += 1;
    SLOTS[at].store(leaked(slot), Ordering::Release);
    // SAFETY: `like` is valid.
    let (name, doc) = unsafe { ((*like).ml_name, (*like).ml_doc) };
    Ok(leaked(ffi::PyMethodDef {
        ml_name: name,
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: METHODS[at] },
        ml_flags: ffi::METH_FASTCALL | ffi::METH_KEYWORDS,
        ml_doc: doc,
    }))
}

/// Name and documentation of an object that has no native definition.
fn foreign_definition(object: &Bound<'_, PyAny>, name: &str) -> PyResult<*mut ffi::PyMethodDef> {
    let doc = object.getattr("__doc__").ok().and_then(|doc| doc.extract::<String>().ok());
    let doc = doc.and_then(|doc| CString::new(doc).ok());
    Ok(leaked(ffi::PyMethodDef {
        ml_name: CString::new(name)?.into_raw(),
        ml_meth: ffi::PyMethodDefPointer { PyCFunctionFastWithKeywords: METHODS[0] },
        ml_flags: 0,
        ml_doc: doc.map_or(ptr::null(), |doc| doc.into_raw() as *const c_char),
    }))
}

pub fn leaked<T>(value: T) -> *mut T {
    Box::into_raw(Box::new(value))
}
