//! `budtiktok`: exact and fast tokenization for `tokenizer.json` files.
//!
//! Read [`tokenizer`] first: it is the pipeline, top to bottom. [`config`] is what is written in
//! a file, [`plan`] turns it into compiled parts, every other module is one stage.

pub mod added;
pub mod batch;
mod columns;
pub mod config;
pub mod decoders;
mod decoding;
pub mod encoding;
pub mod error;
mod long_text;
pub mod map;
pub mod models;
pub mod normalizers;
pub mod options;
pub mod padding;
pub mod pieces;
pub mod plan;
pub mod post_processors;
pub mod pre_tokenizers;
pub mod scratch;
pub mod simd;
pub mod text;
pub mod threads;
pub mod tokenizer;
pub mod truncation;
pub mod unchecked;
pub mod unicode;
pub mod vocabulary;

pub use encoding::Encoding;
pub use error::{Error, ErrorKind, Result};
pub use tokenizer::Tokenizer;
