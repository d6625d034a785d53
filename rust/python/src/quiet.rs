//! Forks wait for a quiet moment.
//!
//! A child keeps only the thread that forked: a lock or a half-made static that another thread
//! held stays so for ever. Python's own threads hold such things only with the GIL, which the
//! forking thread has then; threads of ours that work without it count here, and a fork waits for
//! them, as long as it takes to compile a large tokenizer. None of them needs the GIL to finish.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// Longer work is not waited for: then the child is on its own.
const PATIENCE: Duration = Duration::from_secs(5);

static BUSY: AtomicUsize = AtomicUsize::new(0);

/// Work without the GIL, as long as it lives.
#[derive(Debug)]
pub struct Busy(());

impl Busy {
    pub fn begin() -> Self {
        BUSY.fetch_add(1, Ordering::AcqRel);
        Self(())
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        BUSY.fetch_sub(1, Ordering::AcqRel);
    }
}

/// Called in the parent, before it forks.
pub fn wait() {
    let start = Instant::now();
    while BUSY.load(Ordering::Acquire) > 0 && start.elapsed() < PATIENCE {
        std::thread::sleep(Duration::from_micros(100));
    }
}

/// Called in the child.
pub fn forget() {
    BUSY.store(0, Ordering::Release);
}
