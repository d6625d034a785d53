//! The threads that encode batches: a pool of our own, since rayon's global one deadlocks in a
//! forked child.
//!
//! `TOKENIZERS_PARALLELISM` and `RAYON_NUM_THREADS` mean what they mean for stock, and so does
//! fork: a child whose parent had used parallelism is serial unless the variable was set when it
//! was forked. The pool hangs on one atomic pointer that a forked child clears; the parent's
//! threads do not exist there, so the old pool is left alone, never dropped.

#![allow(unsafe_code)]

use std::num::NonZero;
use std::ptr::null_mut;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU64, Ordering};

use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::quiet;

const VARIABLE: &str = "TOKENIZERS_PARALLELISM";

static POOL: AtomicPtr<ThreadPool> = AtomicPtr::new(null_mut());
/// Whether this process or its parents have used parallelism.
static USED: AtomicBool = AtomicBool::new(false);
/// How many forks lie between this process and the one that loaded the extension.
static FORKS: AtomicU64 = AtomicU64::new(0);
/// Whether this process has to stay serial: a forked child, or one without more threads.
static SERIAL: AtomicBool = AtomicBool::new(false);

/// Whether the user allows several threads.
fn parallelism() -> bool {
    match std::env::var(VARIABLE) {
        Ok(value) => {
            !matches!(value.to_ascii_lowercase().as_str(), "" | "off" | "false" | "f" | "no" | "n" | "0")
        }
        // Not set, or not UTF-8: stock takes its default.
        Err(_) => true,
    }
}

/// Differs between a forked child and its parent.
pub fn forks() -> u64 {
    FORKS.load(Ordering::Acquire)
}

/// Notes that stock uses its threads for such a call if it may, however small the work: what a
/// forked child may do depends on it.
pub fn note_use() {
    if !USED.load(Ordering::Relaxed) && parallelism() {
        USED.store(true, Ordering::Relaxed);
    }
}

/// How many threads may work on a batch, the calling one among them: rayon's rules.
fn threads() -> usize {
    let from = |variable| std::env::var(variable).ok()?.parse::<usize>().ok();
    match from("RAYON_NUM_THREADS").or_else(|| from("RAYON_RS_NUM_CPUS")) {
        Some(threads) if threads > 0 => threads,
        _ => std::thread::available_parallelism().map_or(1, NonZero::get),
    }
}

/// The threads that work besides the calling one, made when first needed; `None` where there are
/// none or none may be used.
pub fn pool() -> Option<&'static ThreadPool> {
    if SERIAL.load(Ordering::Relaxed) || !parallelism() {
        return None;
    }
    let mut pool = POOL.load(Ordering::Acquire);
    if pool.is_null() {
        let others = threads() - 1;
        let built = match others {
            0 => None,
            _ => ThreadPoolBuilder::new()
                .num_threads(others)
                .thread_name(|index| format!("budtiktok-{index}"))
                .build()
                .ok(),
        };
        let Some(built) = built else {
            // One processor, or no more threads to be had: not asked again.
            SERIAL.store(true, Ordering::Relaxed);
            return None;
        };
        let built = Box::into_raw(Box::new(built));
        pool = match POOL.compare_exchange(null_mut(), built, Ordering::AcqRel, Ordering::Acquire) {
            Ok(_) => built,
            Err(other) => {
                // SAFETY: `built` came from `Box::into_raw` just now and was not published.
                drop(unsafe { Box::from_raw(built) });
                other
            }
        };
    }
    // SAFETY: a published pool is never freed (a forked child only forgets it).
    Some(unsafe { &*pool })
}

/// Arranges for forked children; once a process.
pub fn install_fork_handler() {
    static ONCE: Once = Once::new();
    #[cfg(unix)]
    ONCE.call_once(|| {
        // SAFETY: the handlers only use atomics, sleep and `getenv`; the extension is never unloaded.
        unsafe {
            libc::pthread_atfork(Some(parent_before_fork), None, Some(child_after_fork));
        }
    });
    #[cfg(not(unix))]
    ONCE.call_once(|| {});
}

#[cfg(unix)]
extern "C" fn parent_before_fork() {
    quiet::wait();
}

#[cfg(unix)]
extern "C" fn child_after_fork() {
    quiet::forget();
    FORKS.fetch_add(1, Ordering::AcqRel);
    POOL.store(null_mut(), Ordering::Release);
    // `std::env` takes a lock that another thread may have held at the fork.
    // SAFETY: the name is a C string; the child has one thread.
    let configured = unsafe { !libc::getenv(c"TOKENIZERS_PARALLELISM".as_ptr()).is_null() };
    if USED.load(Ordering::Relaxed) && !configured {
        SERIAL.store(true, Ordering::Relaxed);
    }
}
