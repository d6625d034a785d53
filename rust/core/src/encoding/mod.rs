//! What encoding gives: stock's `Encoding`, with the heavy columns optional.
//!
//! Every operation (truncate, merge, pad, post-processing) works at both levels and gives the
//! same ids, masks and ranges; at [`Level::Ids`](crate::options::Level) `detail` is absent and a
//! caller that wants it encodes the same input again at `Level::Full`.

use std::ops::Range;
use std::sync::Arc;

use crate::vocabulary::Vocabulary;

mod columns;
mod merge;
mod offsets;
mod overflow;
mod queries;
mod runs;
mod specials;
mod state;

pub use offsets::CharOffsets;
pub use runs::Runs;
pub use specials::Specials;

/// A token's string.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TokenText {
    /// The vocabulary's string of this id (`Detail::vocabulary`).
    Vocabulary(u32),
    /// Any other string: an added token's surface, a special token of a template, padding.
    Text(Arc<str>),
}

/// The heavy columns, each as long as `ids`.
#[derive(Debug, Clone, Default)]
pub struct Detail {
    pub tokens: Vec<TokenText>,
    pub words: Vec<Option<u32>>,
    /// In characters of the input sequence, once `Tokenizer` has converted them.
    pub offsets: Vec<(usize, usize)>,
    /// What `TokenText::Vocabulary` refers to. On merging encodings of different vocabularies the
    /// other's tokens become `TokenText::Text`.
    pub vocabulary: Option<Arc<Vocabulary>>,
}

/// The result of encoding one input.
#[derive(Debug, Clone, Default)]
pub struct Encoding {
    pub ids: Vec<u32>,
    pub type_ids: Runs,
    pub special_tokens_mask: Runs,
    pub attention_mask: Runs,
    pub detail: Option<Detail>,
    pub overflowing: Vec<Encoding>,
    /// Token range of each sequence id (stock's map; at most a few entries).
    pub sequence_ranges: Vec<(usize, Range<usize>)>,
}
