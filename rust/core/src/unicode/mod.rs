//! Generated Unicode tables.
