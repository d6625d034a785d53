//! Pooled buffers of a thread.

/// The buffers one encode call works in; kept by the engine between calls.
#[derive(Debug, Default)]
pub struct Scratch {}
