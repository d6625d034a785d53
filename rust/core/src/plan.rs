//! Turns a configuration into compiled parts; the only place that says `Unsupported`.
