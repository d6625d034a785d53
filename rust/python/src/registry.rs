//! Engines known in this process, by the content they were made from, held weakly.
//!
//! The key of a source is its length and 128-bit hash. A model is also known by itself, by the
//! digest of its content, so that a file and a pickle of the same tokenizer, or two tokenizers
//! with the same vocabulary, share one.
//!
//! The lock is only ever tried: a forked child may find it held by a thread it does not have, and
//! then shares nothing, which costs memory and no more.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, Weak};

use budtiktok::config::Scores;
use twox_hash::XxHash3_128;

use crate::compile::{Compiled, Job, Version};

/// The content of a source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Key {
    hash: u128,
    length: usize,
    /// Whether scores were read as written, not as stock reads them.
    exact: bool,
    version: Version,
}

impl Key {
    pub fn of(bytes: &[u8], scores: Scores, version: Version) -> Self {
        Self {
            hash: XxHash3_128::oneshot(bytes),
            length: bytes.len(),
            exact: scores == Scores::Exact,
            version,
        }
    }
}

/// The content of a model (see `digest`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ModelKey {
    pub digest: u128,
    pub version: Version,
}

#[derive(Default)]
struct Known {
    wholes: HashMap<Key, Weak<Compiled>>,
    models: HashMap<ModelKey, Weak<Compiled>>,
}

static KNOWN: Mutex<Option<Known>> = Mutex::new(None);

fn known() -> Option<MutexGuard<'static, Option<Known>>> {
    for _ in 0..64 {
        if let Ok(known) = KNOWN.try_lock() {
            return Some(known);
        }
        std::thread::yield_now();
    }
    None
}

/// The engine of the last tokenizer that went away before its first call, kept for the one that is
/// being made in its place: transformers loads a file, drops the tokenizer and builds another from
/// the same vocabulary.
static ORPHAN: Mutex<Option<Arc<Job>>> = Mutex::new(None);

/// Keeps the engine of a tokenizer that was never called.
pub fn keep_orphan(job: Arc<Job>) {
    replace_orphan(Some(job));
}

/// Lets go of what was kept.
pub fn drop_orphan() {
    replace_orphan(None);
}

fn replace_orphan(job: Option<Arc<Job>>) {
    let old = match ORPHAN.try_lock() {
        Ok(mut orphan) => std::mem::replace(&mut *orphan, job),
        Err(_) => job,
    };
    drop(old);
}

/// The engine made from this whole source.
pub fn whole(key: &Key) -> Option<Arc<Compiled>> {
    known()?.as_ref()?.wholes.get(key)?.upgrade()
}

/// Whether any model is known, which may be the one that is looked for.
pub fn has_models() -> bool {
    known().is_some_and(|known| {
        known.as_ref().is_some_and(|known| known.models.values().any(|model| model.strong_count() > 0))
    })
}

/// An engine with this model.
pub fn model(key: &ModelKey) -> Option<Arc<Compiled>> {
    known()?.as_ref()?.models.get(key)?.upgrade()
}

/// Makes an engine known by its source, and forgets those that are gone.
pub fn remember_whole(key: Key, made: &Arc<Compiled>) {
    if let Some(mut known) = known() {
        let wholes = &mut known.get_or_insert_with(Known::default).wholes;
        wholes.retain(|_, compiled| compiled.strong_count() > 0);
        wholes.insert(key, Arc::downgrade(made));
    }
}

/// Makes an engine known by its model, and forgets those that are gone.
pub fn remember_model(key: ModelKey, made: &Arc<Compiled>) {
    if let Some(mut known) = known() {
        let models = &mut known.get_or_insert_with(Known::default).models;
        models.retain(|_, compiled| compiled.strong_count() > 0);
        models.entry(key).or_insert_with(|| Arc::downgrade(made));
    }
}
