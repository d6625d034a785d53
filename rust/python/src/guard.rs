//! What a call compares before it trusts a compiled engine: counters that move when something
//! outside the call's tokenizer may have changed.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use pyo3::prelude::*;

use crate::{decode, registry};

/// Moves with each change of a component, whoever holds it.
static EPOCH: AtomicU64 = AtomicU64::new(1);
/// Moves when the hooks go in: what happened while they were out was not observed.
static GENERATION: AtomicU64 = AtomicU64::new(0);
/// Moves when any model may have got another vocabulary.
static TRAINED: AtomicU64 = AtomicU64::new(1);
/// Whether hooks serve. A bound method taken while they did may outlive them.
static ACTIVE: AtomicBool = AtomicBool::new(false);

/// The state of the world an engine was proven in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    pub generation: u64,
    pub epoch: u64,
    pub trained: u64,
    /// The tokenizer's own counter.
    pub edition: u64,
}

impl Moment {
    /// The present one of a tokenizer whose own counter is `edition`.
    pub fn now(edition: u64) -> Self {
        Self {
            generation: GENERATION.load(Ordering::Acquire),
            epoch: EPOCH.load(Ordering::Acquire),
            trained: TRAINED.load(Ordering::Acquire),
            edition,
        }
    }
}

pub fn is_active() -> bool {
    ACTIVE.load(Ordering::Acquire)
}

/// A component changed (called after the change).
pub fn component_changed() {
    EPOCH.fetch_add(1, Ordering::AcqRel);
}

/// A model was trained, and with it perhaps every tokenizer that shares it.
pub fn model_trained() {
    TRAINED.fetch_add(1, Ordering::AcqRel);
    EPOCH.fetch_add(1, Ordering::AcqRel);
}

/// The hooks are in: opens a new generation.
#[pyfunction]
pub fn activate() -> u64 {
    let generation = GENERATION.fetch_add(1, Ordering::AcqRel) + 1;
    ACTIVE.store(true, Ordering::Release);
    generation
}

/// The hooks are about to be taken out.
#[pyfunction]
pub fn deactivate(py: Python<'_>) {
    decode::hand_back_all(py);
    ACTIVE.store(false, Ordering::Release);
    registry::drop_orphan();
}
