//! Giving back what compiling needed for a moment.
#![allow(unsafe_code)]

/// Returns free memory to the system. The allocator would keep what a large tokenizer's tables
/// were made from: up to several times the engine's own size, in an arena of a thread that ends.
pub fn give_back() {
    #[cfg(all(target_os = "linux", target_env = "gnu"))]
    // SAFETY: no arguments that matter, callable from any thread; it touches free memory only.
    unsafe {
        libc::malloc_trim(0);
    }
}
