//! Pooled buffers of a thread: what one encode call works in, with the model's word cache.
//!
//! A scratch is taken from its engine's pool and goes back when dropped, so caches stay warm
//! between calls. The pool's lock is only ever tried: a child forked while another thread held it
//! makes a new scratch instead of waiting for ever.

use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use crate::added::Part;
use crate::models::{Model, ModelScratch, ModelToken};
use crate::pieces::Pieces;

/// The buffers themselves.
#[derive(Debug)]
pub struct Buffers {
    pub raw_parts: Vec<Part>,
    pub normalized_parts: Vec<Part>,
    pub pieces: Pieces,
    pub tokens: Vec<ModelToken>,
    pub model: ModelScratch,
}

/// The buffers of one engine's idle threads.
#[derive(Debug, Default)]
pub struct ScratchPool {
    idle: Mutex<Vec<Buffers>>,
    /// Bytes of the word caches in `idle`.
    cache_bytes: AtomicUsize,
}

/// At most this many idle scratches are kept: more threads than that are not worth their caches.
const KEPT: usize = 64;

impl ScratchPool {
    /// Takes idle buffers, or makes new ones with `model`.
    pub fn take(self: &Arc<Self>, model: impl FnOnce() -> ModelScratch) -> Scratch {
        let idle = self.idle.try_lock().ok().and_then(|mut idle| idle.pop());
        let buffers = match idle {
            Some(buffers) => {
                self.cache_bytes.fetch_sub(Model::cache_bytes(&buffers.model), Ordering::Relaxed);
                buffers
            }
            None => Buffers {
                raw_parts: Vec::new(),
                normalized_parts: Vec::new(),
                pieces: Pieces::default(),
                tokens: Vec::new(),
                model: model(),
            },
        };
        Scratch { buffers: Some(buffers), pool: Arc::clone(self) }
    }

    /// Bytes held by idle word caches.
    pub fn cache_bytes(&self) -> usize {
        self.cache_bytes.load(Ordering::Relaxed)
    }
}

/// Buffers on loan from an engine.
#[derive(Debug)]
pub struct Scratch {
    buffers: Option<Buffers>,
    pool: Arc<ScratchPool>,
}

impl Deref for Scratch {
    type Target = Buffers;

    fn deref(&self) -> &Buffers {
        self.buffers.as_ref().expect("held until dropped")
    }
}

impl DerefMut for Scratch {
    fn deref_mut(&mut self) -> &mut Buffers {
        self.buffers.as_mut().expect("held until dropped")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let (Some(buffers), Ok(mut idle)) = (self.buffers.take(), self.pool.idle.try_lock()) else { return };
        if idle.len() < KEPT {
            self.pool.cache_bytes.fetch_add(Model::cache_bytes(&buffers.model), Ordering::Relaxed);
            idle.push(buffers);
        }
    }
}
