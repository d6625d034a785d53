//! SIMD kernels, one file a level; the level is chosen once, when an engine is built.
