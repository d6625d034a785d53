//! The one error type of the crate.

use std::fmt;

pub type Result<T> = std::result::Result<T, Error>;

/// What went wrong. The Python binding maps each kind to an exception, or to "stock serves".
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The engine does not run this part exactly. Never reaches a user: stock serves instead.
    Unsupported {
        /// Where it stands: `"model"`, `"normalizer"`, `"pre_tokenizer"`, `"input"`...
        part: &'static str,
        /// Which kind it is, e.g. `"Unigram"`.
        kind: String,
    },
    /// The configuration is not a tokenizer.json that stock would load.
    Config,
    /// Stock raises a plain `Exception` with this text while encoding.
    Stock,
    /// Stock panics here; ours raises `ValueError`.
    WouldPanic,
}

/// An error with its kind and a text for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

impl Error {
    pub fn unsupported(part: &'static str, kind: impl Into<String>) -> Self {
        let kind = kind.into();
        Self {
            message: format!("{part} {kind} is not run by the engine"),
            kind: ErrorKind::Unsupported { part, kind },
        }
    }

    pub fn config(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Config, message: message.into() }
    }

    /// An error that stock raises too, with stock's text.
    pub fn stock(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::Stock, message: message.into() }
    }

    /// A call in which stock panics.
    pub fn would_panic(message: impl Into<String>) -> Self {
        Self { kind: ErrorKind::WouldPanic, message: message.into() }
    }

    pub fn kind(&self) -> &ErrorKind {
        &self.kind
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
